"""What only the whole can say of itself, asked before every command does anything: server, worker, migration, check."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from bursar.access.rights import Right
from bursar.config import icons
from bursar.ui import navigation


@checks.register
def check_navigation(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    return [checks.Error(fault, id="bursar.navigation") for fault in navigation.list_faults(Right.values)]


@checks.register
def check_icons(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    return [checks.Error(fault, id="bursar.icons") for fault in icons.list_faults()]


def refuse_faults() -> None:
    """For a server that comes in by `wsgi` and runs no command. Raises ImproperlyConfigured with every fault."""
    faults = navigation.list_faults(Right.values) + icons.list_faults()
    if faults:
        raise ImproperlyConfigured("Bursar does not start: " + "; ".join(faults))
