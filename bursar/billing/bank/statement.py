"""What a bank says of an account: statements, their lines, and the payments within a line. No Django, no clock.

Amounts are Decimal, signed: money that came is positive. Days are the bank's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from hashlib import sha256

from stdnum import iban as ibans

from bursar.core.days import say_day
from bursar.core.money import ZERO, cents
from bursar.core.text import fit

EUR = "EUR"
MOST_STATEMENTS = 5_000
MOST_ENTRIES = 50_000
TEXT_LENGTH = 2_000
NAME_LENGTH = 200
CODE_LENGTH = 100
_AMOUNT = re.compile(r"\d{1,13}(\.\d{0,5})?|\.\d{1,5}", re.ASCII)
_IBAN_AND_EUR = re.compile(r"[A-Z]{2}\d\d[A-Z0-9]{8,30}EUR", re.ASCII)
_SAYS_NOTHING = frozenset(["NOTPROVIDED", "NOTAVAILABLE", "NONREF", "NOREF"])


class BadStatement(ValueError):
    """A file that is not read, and nothing of it. `sentence`: why, for whoever uploaded it."""

    def __init__(self, sentence: str) -> None:
        self.sentence = fit(sentence)  # it may name what the file says
        super().__init__(self.sentence)


@dataclass(frozen=True, kw_only=True)
class Payment:
    """What is said of one payment. `name`, `iban`, `bic`: of the other side; some banks write another number as `iban`.

    `references`: structured ones (of a creditor). `on_behalf_of`: whose payment it is, where that is somebody else.
    """

    amount: Decimal
    name: str = ""
    on_behalf_of: str = ""
    iban: str = ""
    bic: str = ""
    text: str = ""
    references: tuple[str, ...] = ()
    end_to_end_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry(Payment):
    """One line of a statement. `parts`: the payments of a batch, where the bank names them.

    `is_reversal`: the bank took back what it had booked, or gave back what did not arrive.
    `key`: tells the line from every other of this account, in whichever file it comes.
    """

    booked_on: date
    value_on: date
    currency: str = EUR
    bank_reference: str = ""
    is_reversal: bool = False
    parts: tuple[Payment, ...] = ()
    key: str = ""

    @property
    def payments(self) -> tuple[Payment, ...]:
        """Its parts where they are amounts as it is one, and add up to it; else the line is the one payment."""
        are_alike = all(part.amount * self.amount > 0 and part.amount == cents(part.amount) for part in self.parts)
        adds_up = sum((part.amount for part in self.parts), ZERO) == self.amount
        return self.parts if self.parts and are_alike and adds_up else (self,)


@dataclass(frozen=True)
class Balance:
    amount: Decimal
    on: date


@dataclass(frozen=True, kw_only=True)
class Statement:
    """`account`: the IBAN, or what the bank calls it. `id`, `number`: the bank's, where it gives one.

    `opening`, `closing`: None where the bank gives none. `remarks`: sentences for whoever imports it.
    """

    account: str
    id: str
    from_on: date
    until_on: date
    currency: str = EUR
    number: int | None = None
    opening: Balance | None = None
    closing: Balance | None = None
    entries: tuple[Entry, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The same statement uploaded again has the same: account, id, days and balances."""
        said = (self.account, self.currency, self.id, self.number, self.from_on, self.until_on)
        return _digest(*said, *(f"{one.amount:f}" if one else "" for one in (self.opening, self.closing)))

    @property
    def difference(self) -> Decimal | None:
        """Closing balance less opening balance less lines; None where that cannot be known."""
        if not (self.opening and self.closing) or any(entry.currency != self.currency for entry in self.entries):
            return None
        return self.closing.amount - self.opening.amount - sum((entry.amount for entry in self.entries), ZERO)

    @property
    def is_proved(self) -> bool:
        """Its balances prove its lines: none is missing, none was added."""
        return self.difference == ZERO


def say(statement: Statement) -> str:
    """In a sentence: "number 12 of 3 Nov to 4 November 2026"; of one day "number 12 of 4 November 2026"."""
    number = f"number {statement.number}" if statement.number else f"“{statement.id}”"
    begin = "" if statement.from_on == statement.until_on else f"{say_day(statement.from_on, is_short=True)} to "
    return f"{number} of {begin}{say_day(statement.until_on)}"


def read_amount(text: str) -> Decimal:
    """A point, no sign. Whole cents in two decimals; up to five where a bank writes them. Raises BadStatement."""
    if not _AMOUNT.fullmatch(text):
        raise BadStatement(f"“{tidy(text, 30)}” is no amount.")
    amount = Decimal(text)
    return cents(amount) if amount == cents(amount) else amount


def read_account(text: str) -> str:
    """Nothing between the signs, upper case; an IBAN without the currency that some banks write after it."""
    compact = "".join(tidy(text, CODE_LENGTH).split()).upper()
    return compact.removesuffix(EUR) if _IBAN_AND_EUR.fullmatch(compact) else compact


def is_iban(text: str) -> bool:
    return text.isascii() and bool(ibans.is_valid(text, check_country=False))


def read_code(text: str) -> str:
    """A reference as it stands; empty for what banks write instead of none."""
    code = tidy(text, CODE_LENGTH)
    return "" if code.replace(" ", "").upper() in _SAYS_NOTHING else code


def tidy(text: str, most: int) -> str:
    """What can be kept of it, single spaces, at most `most` signs."""
    return " ".join(fit(text).split())[:most]


def with_keys(account: str, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Each with its key: of the bank's reference, else of all it says; the second of two equal ones is another line.

    Day and amount belong to it as well: some banks write one reference on several lines.
    """
    seen: Counter[str] = Counter()
    keyed = []
    for entry in entries:
        said: tuple[object, ...] = (entry.bank_reference,)
        if not entry.bank_reference:
            said = (entry.value_on, entry.name, entry.iban, entry.text, *entry.references, entry.end_to_end_id)
        identity = _digest(account, entry.booked_on, f"{entry.amount:f}", entry.currency, *said)
        seen[identity] += 1
        keyed.append(replace(entry, key=f"{identity}.{seen[identity]}"))
    return tuple(keyed)


def _digest(*said: object) -> str:
    return sha256("\x1f".join(map(str, said)).encode()).hexdigest()
