"""What the command line needs of the door."""

from __future__ import annotations

import getpass
from typing import Any

from bursar.access.actor import Actor, operator
from bursar.actions.registry import ACTIONS
from bursar.actions.schema import describe_fields


def shell_actor() -> Actor:
    """Whoever is at the shell, by the name of their account on this machine."""
    return operator(getpass.getuser())


def describe_actions() -> list[dict[str, Any]]:
    """Every action as data, in key order."""
    return [
        {
            "key": action.key,
            "target": action.target_slug,
            "label": action.label,
            "help": action.help,
            "permission": action.permission.value if action.permission else None,
            "reason": action.reason.value,
            "customer_visible": action.customer_visible,
            "tells": [notice.value for notice in action.tell],
            "inverse": list(action.inverse),
            "fields": describe_fields(action),
        }
        for _, action in sorted(ACTIONS.items())
    ]
