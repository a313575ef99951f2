"""What the command line needs of the door."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from typing import Any

from django import forms

from bursar.access.actor import Actor, operator
from bursar.actions.registry import ACTIONS
from bursar.actions.schema import describe_fields
from bursar.core.errors import Invalid


def shell_actor() -> Actor:
    """Whoever is at the shell, by the name of their account on this machine."""
    return operator(getpass.getuser())


def read_pairs(key: str, texts: Iterable[str]) -> dict[str, Any]:
    """FIELD=VALUE each. A field that takes several is given once for each of them; FIELD= alone is none of them.

    Raises Invalid for what is no pair, and for another field that is given twice.
    """
    fields = ACTIONS[key].form.base_fields if key in ACTIONS else {}  # type: ignore[attr-defined]  # set by a metaclass
    data: dict[str, Any] = {}
    for text in texts:
        name, found, value = text.partition("=")
        if not found:
            raise Invalid(f"“{text}” is not FIELD=VALUE.")
        if isinstance(fields.get(name), forms.MultipleChoiceField):
            data.setdefault(name, []).extend([value] if value else [])
        elif name in data:
            raise Invalid(f"“{name}” takes one value, and is given twice.")
        else:
            data[name] = value
    return data


def describe_actions() -> list[dict[str, Any]]:
    """Every action as data, in key order."""
    return [
        {
            "key": action.key,
            "target": action.target_slug,
            "label": action.label,
            "code": action.code,
            "formerly": list(action.formerly),
            "help": action.help,
            "permission": action.permission.value if action.permission else None,
            "reason": action.reason.value,
            "customer_visible": action.customer_visible,
            "tells": [notice.value for notice in action.tell],
            "inverse": list(action.inverse),
            "bulk": action.bulk,
            "danger": action.danger,
            "fields": describe_fields(action),
        }
        for _, action in sorted(ACTIONS.items())
    ]
