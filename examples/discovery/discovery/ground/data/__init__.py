"""The platform's data: the same seed and scale always give the same bytes."""
