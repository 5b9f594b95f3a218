"""Fixtures of the example's tests; their code lies in modules with names of their own, which a test can import."""

from booking_ground import bookings
from contract_platform import ROOT, Platform, platform, python
from parts_ground import mended, parts
from site_ground import ground, playground, visitor

__all__ = [
    "ROOT",
    "Platform",
    "bookings",
    "ground",
    "mended",
    "parts",
    "platform",
    "playground",
    "python",
    "visitor",
]
