"""Measures both versions side by side, through a line as slow as the one between two machines."""
