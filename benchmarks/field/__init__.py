"""An application that nobody here wrote, installed from PyPI and audited: `python -m benchmarks.field`."""
