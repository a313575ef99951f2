"""Loaded at start-up with every room's jobs: it registers the carriers."""

from bursar.notifications import carry

__all__ = ["carry"]
