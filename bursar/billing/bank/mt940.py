"""MT940, as Dutch and German banks write it: text, from which `mt940` reads bookings and balances.

What goes to the library is made ready here: only fields that are read, statement by statement; `:86:` stays with us,
since each bank has a dialect of its own in it.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import mt940
from mt940.models import Transaction, Transactions
from mt940.tags import StatementGLS

from bursar.billing.bank import statement as bank
from bursar.billing.bank.details import Details, read_details
from bursar.billing.bank.statement import BadStatement, Balance, Entry, Statement
from bursar.core.calendar import add_months

_FIELD = re.compile(r":(\d\d[A-Z]?|NS):", re.ASCII)
_NUMBER = re.compile(r"0*(\d{1,9})(?:/\d{1,9})?", re.ASCII)
_UMLAUTS_OF_DOS = frozenset(b"\x81\x84\x8e\x94\x99\x9a")
_READ = frozenset(["60F", "60M", "61", "62F", "62M"])
_NO_CODE = "NMSC"
LONGEST_FIELD = 20_000
MOST_DETAILS = 500
MOST_BALANCES = 10

logging.getLogger("mt940").setLevel(logging.CRITICAL + 1)  # it would write customers' payments into the log


@dataclass
class _Block:
    """The fields of one `:20:`. `bookings`: the text for the library; `details`: one `:86:` for each `:61:`."""

    id: str
    account: str = ""
    number: str = ""
    bookings: list[str] = field(default_factory=list)
    details: list[list[str]] = field(default_factory=list)
    is_continued: bool = False
    is_over: bool = False


def looks_like_mt940(text: str) -> bool:
    return bool(re.search(r"(?m)^:20:", text) and re.search(r"(?m)^:(25|6[0-2])[A-Z]?:", text))


def decode(data: bytes) -> str:
    """UTF-8, or one of the two that banks write umlauts in otherwise; lines end as everywhere else."""
    return _decode(data).replace("\r\n", "\n").replace("\r", "\n")


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        above = {sign for sign in data if sign > 127}
        is_of_dos = above & _UMLAUTS_OF_DOS and above <= _UMLAUTS_OF_DOS | {0xE1}
        return data.decode("cp850" if is_of_dos else "cp1252", errors="replace")


def read_mt940(text: str) -> list[Statement]:
    """In their order; what was spread over several pages is one again. Raises BadStatement."""
    pages = [(_read_block(block), block) for block in _split(text)]
    found: list[Statement] = []
    is_open = False
    for page, block in pages:
        if is_open and block.is_continued and (page.account, page.number) == (found[-1].account, found[-1].number):
            found[-1] = _add_page(found[-1], page)
        else:
            found.append(page)
        is_open = any(line.startswith(":62M:") for line in block.bookings)
    return [replace(one, entries=bank.with_keys(one.account, one.entries)) for one in found]


def _split(text: str) -> list[_Block]:
    blocks: list[_Block] = []
    lines = text.split("\n")
    if sum(line.startswith(":61:") for line in lines) > bank.MOST_ENTRIES:
        raise BadStatement(f"The file holds more than {bank.MOST_ENTRIES:,} lines: upload shorter periods.")
    for tag, value in _list_fields(lines):
        if tag == "20":
            blocks.append(_Block(bank.tidy("".join(value), bank.CODE_LENGTH)))
        elif blocks:
            _take(blocks[-1], tag, value)
        if len(blocks) > bank.MOST_STATEMENTS:
            raise BadStatement(f"The file holds more than {bank.MOST_STATEMENTS:,} statements.")
    return blocks


def _list_fields(lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Tag and lines of each field, without what stands around and between messages."""
    tag, size = "", 0
    value: list[str] = []
    for line in lines:
        begun = _FIELD.match(line)
        if begun:
            if tag:
                yield tag, value
            tag, value, size = begun[1], [line[begun.end() :]], 0
        elif line.strip() == "-" or line.startswith("-}"):
            value.append("")  # the end of a message, or a line that a bank left over
        else:
            value.append(line)
            size += len(line)
        if size > LONGEST_FIELD:
            raise BadStatement(f"A field :{tag}: is longer than {LONGEST_FIELD:,} signs.")
    if tag:
        yield tag, value


def _take(block: _Block, tag: str, value: list[str]) -> None:
    if tag == "25":
        block.account = bank.read_account("".join(value).removeprefix("/"))
    elif tag in ("28", "28C"):
        block.number = value[0].strip()
    elif tag in _READ:
        block.is_continued |= tag == "60M"
        block.is_over |= tag.startswith("62")
        said = [line for line in value if line.strip()][: 2 if tag == "61" else 1]
        block.bookings.append(f":{tag}:" + "\n".join(said))
        if tag == "61":
            block.details.append([])
        elif len(block.bookings) - len(block.details) > MOST_BALANCES:
            raise BadStatement(f"The statement “{block.id}” has more than {MOST_BALANCES} balances.")
    elif tag == "86" and block.details and not block.is_over:  # after the closing balance it is of the statement
        block.details[-1] += value
        if len(block.details[-1]) > MOST_DETAILS:
            raise BadStatement(f"A booking of the statement “{block.id}” has more than {MOST_DETAILS} lines of text.")


def _read_block(block: _Block) -> Statement:
    if not block.account:
        raise BadStatement(f"The statement “{block.id}” does not say of which account it is.")
    read = _parse(block)
    opening, closing = _balance(read, "opening", "60"), _balance(read, "closing", "62")
    currency = _currency(read, block)
    entries = tuple(_entry(*pair, currency) for pair in zip(read.transactions, block.details, strict=True))
    days = [one.on for one in (opening, closing) if one] + [entry.booked_on for entry in entries]
    if not days:
        raise BadStatement(f"The statement “{block.id}” has neither balances nor lines.")
    number = _NUMBER.fullmatch(block.number)
    return Statement(
        account=block.account,
        id=bank.tidy(f"{block.id} {block.number}", bank.CODE_LENGTH),
        from_on=opening.on if opening else min(days),
        until_on=closing.on if closing else max(days),
        currency=currency,
        number=int(number[1]) or None if number else None,
        opening=opening,
        closing=closing,
        entries=entries,
    )


def _parse(block: _Block) -> Transactions:
    text = "\n".join([":20:0", *block.bookings])
    try:
        [read] = mt940.parse_statements(
            io.StringIO(text),
            options=mt940.Options.all(),
            tags={StatementGLS.id: StatementGLS()},
            processors={"post_statement": [*Transactions.DEFAULT_PROCESSORS["post_statement"], _with_code]},
        )
    except Exception as fault:  # whatever a library of patterns raises at text that was made to break it
        raise BadStatement(f"The statement “{block.id}” holds a line or a balance that is no MT940.") from fault
    if len(read.transactions) != len(block.details):
        raise BadStatement(f"The statement “{block.id}” holds a line that is no MT940.")
    return read


def _with_code(_read: Transactions, _tag: object, _fields: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """A booking without a type would be written over by the next."""
    return {**result, "id": result.get("id") or _NO_CODE}


def _balance(read: Transactions, which: str, tag: str) -> Balance | None:
    """The final one, else that of a page."""
    for kind in ("final", "intermediate"):
        said = read.data.get(f"{kind}_{which}_balance")
        if said:
            return Balance(_exact(said.amount.amount), _plain_day(said.date))
    return None


def _currency(read: Transactions, block: _Block) -> str:
    said = {
        bank.tidy(balance.amount.currency, 3).upper() for balance in read.data.values() if hasattr(balance, "status")
    }
    if len(said) > 1:
        raise BadStatement(f"The balances of the statement “{block.id}” are in {' and '.join(sorted(said))}.")
    return said.pop() if said else bank.EUR


def _entry(booked: Transaction, details: list[str], currency: str) -> Entry:
    said = booked.data
    value_on = _plain_day(said["date"])
    told = read_details("\n".join(details))
    reference = bank.read_code(said.get("customer_reference") or "")
    extra = bank.tidy(said.get("extra_details") or "", bank.TEXT_LENGTH)
    iban, name = told.iban or _find_iban(reference, extra), told.name
    return Entry(
        amount=_exact(said["amount"].amount),
        booked_on=_booked_on(said.get("entry_date"), value_on),
        value_on=value_on,
        currency=currency,
        bank_reference=bank.read_code(said.get("bank_reference") or ""),
        name=name,
        on_behalf_of=told.on_behalf_of,
        iban=iban,
        bic=told.bic,
        text=_text(told, extra),
        references=told.references,
        end_to_end_id=told.end_to_end_id,
        is_reversal=told.is_return or said["status"].upper().startswith("R"),
    )


def _plain_day(day: date) -> date:
    return date(day.year, day.month, day.day)


def _booked_on(day: date | None, value_on: date) -> date:
    """The bank writes no year: the one that brings it nearest to the value day."""
    if day is None:
        return value_on
    years = (add_months(_plain_day(day), months) for months in (0, -12, 12))
    return min(years, key=lambda one: abs(one - value_on))


def _find_iban(*said: str) -> str:
    """Rabobank and ASN write the other side's account beside the booking."""
    for text in said:
        words = text.split(" ")
        for word in (words[0], words[0][:18]):
            if bank.is_iban(word):
                return word.upper()
    return ""


def _text(told: Details, extra: str) -> str:
    is_told = told.text or told.references or extra.startswith("/") or _find_iban(extra)
    return told.text if is_told else extra


def _exact(amount: Decimal) -> Decimal:
    return bank.read_amount(f"{abs(amount):f}") * (-1 if amount < 0 else 1)


def _add_page(whole: Statement, page: Statement) -> Statement:
    return replace(whole, until_on=page.until_on, closing=page.closing, entries=(*whole.entries, *page.entries))
