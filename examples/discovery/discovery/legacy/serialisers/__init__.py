"""Models to JSON."""
