"""What the parts of the gateway share."""

from __future__ import annotations

from bursar.payments.objects import Raw

PAGE = 250
"""The most that Mollie gives at once."""


def given(**values: object) -> Raw:
    """What has a value, in Mollie's spelling: what is absent keeps Mollie's own default."""
    return {name: value for name, value in values.items() if value is not None}
