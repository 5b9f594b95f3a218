"""The first version of the application."""
