"""Mollie's ids by their form. Pure.

An id may come from outside (anybody can post to a webhook) and becomes part of an address: `../customers` must not.
"""

from __future__ import annotations

import re
from enum import StrEnum

from bursar.payments.errors import NotAnId

_REST = re.compile(r"[A-Za-z0-9]{1,64}\Z")


class IdKind(StrEnum):
    PAYMENT = "tr"
    CUSTOMER = "cst"
    SUBSCRIPTION = "sub"
    MANDATE = "mdt"
    REFUND = "re"
    CHARGEBACK = "chb"
    LINK = "pl"
    SETTLEMENT = "stl"
    EVENT = "event"


def is_id(text: str, kind: IdKind) -> bool:
    prefix, _, rest = text.partition("_")
    return prefix == kind and _REST.match(rest) is not None


def checked(text: str, kind: IdKind) -> str:
    """The id. Raises NotAnId when it has not the form of its kind."""
    if not is_id(text, kind):
        raise NotAnId(f"This is not an id of Mollie's ({kind}_…).")
    return text
