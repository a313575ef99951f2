"""Every verb of trainings. Importing this registers them."""

from bursar.training.actions import asking, catalogue, invoicing, planning, roster, targets

__all__ = ["asking", "catalogue", "invoicing", "planning", "roster", "targets"]
