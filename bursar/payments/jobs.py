"""Timed work of payments, registered by being imported."""

from bursar.payments import timed

__all__ = ["timed"]
