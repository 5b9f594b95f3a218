"""Small things used all over the place."""
