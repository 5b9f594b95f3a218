"""Fixtures of the example's tests; their code lies in modules with names of their own, which a test can import."""

from booking_ground import bookings
from contract_platform import ROOT, Platform, platform, python

__all__ = ["ROOT", "Platform", "bookings", "platform", "python"]
