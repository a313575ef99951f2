"""Applies what the product pushes, item by item, newer over older. Called by the push action only.

Nothing is written with a past `valid_from`: what a push says holds from now on.
"""

from bursar.product.pushed import PUSHED
from bursar.product.upsert import members, organisations, people, workspaces
from bursar.product.upsert.applying import apply_item, lock_what_they_name
from bursar.product.upsert.organisations import end_organisations
from bursar.product.upsert.shared import WRITERS, NotPossible, Result

__all__ = [
    "WRITERS", "NotPossible", "Result", "apply_item", "end_organisations", "lock_what_they_name",
    "members", "organisations", "people", "workspaces",
]  # fmt: skip
WRITERS.close(PUSHED)
