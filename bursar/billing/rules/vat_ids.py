"""VAT ids: their form, whose they are, and what is known of them. DOMAIN 7.

Form and checksum alone prove nothing, so a well-formed id is *unknown* until the register or a person says more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from bursar.billing.rules.places import MEMBER_STATES

_PREFIX_OF = {"GR": "EL"}  # Greece signs its ids with another code than its addresses
_STATE_OF = {prefix: state for state, prefix in _PREFIX_OF.items()}


class VatIdStatus(StrEnum):
    NONE = "none"
    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"


class Answer(StrEnum):
    """What the register said, or that it said nothing."""

    VALID = "valid"
    INVALID = "invalid"
    SILENT = "silent"


def read_vat_id(text: str) -> str:
    """As it is stored: upper case, nothing between the signs, Greece as EL."""
    compact = "".join(filter(str.isalnum, text)).upper()
    prefix = compact[:2]
    return _PREFIX_OF.get(prefix, prefix) + compact[2:]


def say_state_of(vat_id: str) -> str:
    """The member state whose id it is (ISO 3166); empty for any other, Northern Ireland's (XI) among them."""
    prefix = vat_id[:2]
    state = _STATE_OF.get(prefix, prefix)
    return state if state in MEMBER_STATES else ""


def why_not_vat_id(vat_id: str) -> str | None:
    """None for an id whose form and checksum are right, of a member state or of Northern Ireland."""
    if not say_state_of(vat_id) and not vat_id.startswith("XI"):
        return "A VAT id begins with its country's two letters, such as NL or DE, and is of a member state of the EU."
    try:
        vat.validate(vat_id)
    except ValidationError:
        return f"“{vat_id}” is no VAT id of that country: its length or its check digits are wrong."
    return None


@dataclass(frozen=True)
class Standing:
    """What is known of one id. `asked_at`: last answer or try; `known_at`: since when the status is known so.

    `consultation`: the number under which the register, or a person, keeps the proof.
    """

    vat_id: str
    status: VatIdStatus
    known_at: datetime | None = None
    asked_at: datetime | None = None
    consultation: str = ""

    @classmethod
    def begin(cls, vat_id: str) -> Standing:
        """Of an id as it was written down, before anybody was asked."""
        if not vat_id:
            return cls("", VatIdStatus.NONE)
        return cls(vat_id, VatIdStatus.INVALID if why_not_vat_id(vat_id) else VatIdStatus.UNKNOWN)

    def after(self, answer: Answer, at: datetime, consultation: str = "") -> Standing:
        """No answer leaves what was known standing, with its day."""
        if self.status == VatIdStatus.NONE or answer == Answer.SILENT:
            return replace(self, asked_at=at)
        return replace(self, status=VatIdStatus(answer), known_at=at, asked_at=at, consultation=consultation)
