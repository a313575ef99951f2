"""Every verb of trainings. Importing this registers them."""

from bursar.training.actions import catalogue, targets

__all__ = ["catalogue", "targets"]
