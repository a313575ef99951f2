"""Every verb of trainings. Importing this registers them."""

from bursar.training.actions import (
    asking,
    catalogue,
    completing,
    exports,
    handoff,
    invoicing,
    licences,
    planning,
    planning_back,
    roster,
    session_export,
    targets,
)

__all__ = [
    "asking",
    "catalogue",
    "completing",
    "exports",
    "handoff",
    "invoicing",
    "licences",
    "planning",
    "planning_back",
    "roster",
    "session_export",
    "targets",
]
