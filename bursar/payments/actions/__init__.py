"""The verbs of payments, one file a subject; loaded here so that the registry finds them."""

from bursar.payments.actions import exports

__all__ = ["exports"]
