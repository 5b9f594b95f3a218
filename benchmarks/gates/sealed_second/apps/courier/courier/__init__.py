"""Parcel shipping for small shops."""
