"""Every verb of trainings. Importing this registers them."""

from bursar.training.actions import catalogue, completing, exports, licences, targets

__all__ = ["catalogue", "completing", "exports", "licences", "targets"]
