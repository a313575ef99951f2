"""The creditor reference of ISO 11649: what a payer gives, and a bank checks."""

from __future__ import annotations

LONGEST = 21


def make_reference(number: str) -> str:
    """From a document's number, its letters and digits; "2026-000042" → "RF…2026000042". Raises ValueError."""
    core = "".join(one for one in number.upper() if one.isascii() and one.isalnum())
    if not 1 <= len(core) <= LONGEST:
        raise ValueError(f"“{number}” makes no reference")
    digits = "".join(str(int(one, 36)) for one in f"{core}RF00")
    return f"RF{98 - int(digits) % 97:02d}{core}"
