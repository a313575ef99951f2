"""What an action is. One declaration; the menu, dialog, API, command line, book and docs follow from it."""

from bursar.actions.spec.action import (
    Action,
    Change,
    Company,
    Loss,
    Need,
    Outcome,
    Shown,
    Stale,
    Together,
    Touched,
    Undo,
    Weighed,
)
from bursar.actions.spec.case import Case
from bursar.actions.spec.choices import Group, Notice, Reason, Topic
from bursar.actions.spec.form import ActionForm, Cleaned, DayInput

__all__ = [
    "Action",
    "ActionForm",
    "Case",
    "Change",
    "Cleaned",
    "Company",
    "DayInput",
    "Group",
    "Loss",
    "Need",
    "Notice",
    "Outcome",
    "Reason",
    "Shown",
    "Stale",
    "Together",
    "Topic",
    "Touched",
    "Undo",
    "Weighed",
]
