"""Systems outside the platform, each a process of its own: `python -m discovery.external NAME --port N`."""
