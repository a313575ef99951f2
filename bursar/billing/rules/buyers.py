"""By what a buyer is known to registers and networks, beside the VAT id."""

from __future__ import annotations

import re

from bursar.billing.rules.schemes import KVK, OIN, why_not_id, why_not_scheme

_SCHEME_OF_LENGTH = {8: KVK, 20: OIN}
_PEPPOL_ID = re.compile(r"(\d{4}):([A-Za-z0-9.\-_~]{1,50})", re.ASCII)


def read_legal_id(text: str) -> str:
    """Its digits, without what people put between them."""
    return re.sub(r"[\s.\-]", "", text)


def why_not_legal_id(legal_id: str) -> str | None:
    """As `read_legal_id` gives it."""
    if legal_id.isascii() and legal_id.isdigit() and len(legal_id) in _SCHEME_OF_LENGTH:
        return None
    return "A KvK number has 8 digits, an OIN has 20."


def scheme_of(legal_id: str) -> str:
    """Of one that `why_not_legal_id` lets pass."""
    return _SCHEME_OF_LENGTH[len(legal_id)]


def read_peppol_id(text: str) -> str:
    """ "0190: 0000 0001…" → "0190:00000001…" """
    return re.sub(r"\s", "", text)


def why_not_peppol_id(peppol_id: str) -> str | None:
    """As `read_peppol_id` gives it."""
    found = _PEPPOL_ID.fullmatch(peppol_id)
    if found is None:
        return "A Peppol id is a scheme of four digits, a colon, and the value: 0190:00000001234567890000."
    scheme, value = found.groups()
    return why_not_scheme(scheme) or why_not_id(scheme, value)


def split_peppol_id(peppol_id: str) -> tuple[str, str]:
    """Scheme and value of one that `why_not_peppol_id` lets pass."""
    scheme, _, value = peppol_id.partition(":")
    return scheme, value
