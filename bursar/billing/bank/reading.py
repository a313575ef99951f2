"""Whatever is uploaded as a bank statement: CAMT.053, MT940, or a zip of either. Read whole, or refused in words."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from bursar.billing.bank import statement as bank
from bursar.billing.bank.camt import read_camt
from bursar.billing.bank.mt940 import decode, looks_like_mt940, read_mt940
from bursar.billing.bank.statement import BadStatement, Statement, tidy
from bursar.core.money import ZERO, cents, format_money

MOST_BYTES = 30_000_000  # of a file, and of all that a zip holds
MOST_MEMBERS = 400
MOST_RATIO = 250  # unpacked to packed: statements reach about 60
SMALL = 1_000_000  # so little does no harm, whatever its ratio
_NOTHING = "This is no bank statement that can be read here. Upload CAMT.053 (XML), MT940, or a zip of either."
_BROKEN_ZIP = "The zip cannot be opened: it is damaged, locked with a password, or packed in an unusual way."
_ZIP_FAULTS = (
    zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError,
    LookupError,
)  # fmt: skip
"""What the library raises at zips that somebody has spoilt; a LookupError for a name without a sign."""
_ZIP, _EMPTY_ZIP, _MEMBER = b"PK\x03\x04", b"PK\x05\x06", b"PK\x01\x02"


def read_statements(data: bytes) -> list[Statement]:
    """Every statement of a file, with remarks. Raises BadStatement, and nothing else, for what is no such file."""
    if len(data) > MOST_BYTES:
        raise BadStatement(f"The file is larger than {MOST_BYTES // 1_000_000} MB: upload shorter periods.")
    found: list[Statement] = []
    for name, content in _unpack(data) if data.startswith((_ZIP, _EMPTY_ZIP)) else [("", data)]:
        try:
            found += _read(content)
        except BadStatement as fault:
            raise (BadStatement(f"{name}: {fault.sentence}") if name else fault) from fault
    if sum(len(one.entries) for one in found) > bank.MOST_ENTRIES:
        raise BadStatement(f"The files hold more than {bank.MOST_ENTRIES:,} lines: upload shorter periods.")
    return [_with_remarks(one) for one in found]


def _read(data: bytes) -> list[Statement]:
    begin = data[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    if begin.startswith(b"<"):
        return read_camt(data)
    if begin.startswith((_ZIP, _EMPTY_ZIP)):
        raise BadStatement("A zip within a zip is not opened.")
    text = decode(data)
    if not looks_like_mt940(text):
        raise BadStatement(_NOTHING if data.strip() else "The file is empty.")
    return read_mt940(text)


def _unpack(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file in the zip, in bounds that hold whatever its directory says."""
    if data.count(_MEMBER) > 2 * MOST_MEMBERS:
        raise BadStatement(f"The zip holds more than {MOST_MEMBERS} files.")
    room = MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = [one for one in packed.infolist() if _is_wanted(one)]
            if len(members) > MOST_MEMBERS:
                raise BadStatement(f"The zip holds more than {MOST_MEMBERS} files.")
            if not members:
                raise BadStatement("The zip is empty.")
            for member in members:
                content = _unpack_one(packed, member, room)
                room -= len(content)
                yield tidy(member.filename, bank.CODE_LENGTH), content
    except _ZIP_FAULTS as fault:
        if isinstance(fault, BadStatement):
            raise
        raise BadStatement(_BROKEN_ZIP) from fault


def _is_wanted(member: zipfile.ZipInfo) -> bool:
    """Not the folders, and not what a Mac adds."""
    name = member.filename.rpartition("/")[2]
    return not member.is_dir() and not name.startswith(".") and not member.filename.startswith("__MACOSX/")


def _unpack_one(packed: zipfile.ZipFile, member: zipfile.ZipInfo, room: int) -> bytes:
    if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadStatement(_BROKEN_ZIP)
    with packed.open(member) as opened:
        content = opened.read(room + 1)
    if len(content) > max(SMALL, MOST_RATIO * member.compress_size):
        raise BadStatement("The zip unpacks to far more than it should.")
    if len(content) > room:
        raise BadStatement(f"The zip unpacks to more than {MOST_BYTES // 1_000_000} MB: upload shorter periods.")
    return content


def _with_remarks(statement: Statement) -> Statement:
    """What whoever imports it should read: other money, and balances that do not prove the lines."""
    said = [*statement.remarks]
    others = sorted({statement.currency, *(entry.currency for entry in statement.entries)} - {bank.EUR})
    if others:
        said.append(f"Lines in {' and '.join(others)} stand aside: only EUR pays invoices.")
    fractions = [entry.amount for entry in statement.entries if entry.amount != cents(entry.amount)]
    if fractions:
        said.append(f"{len(fractions):,} of its amounts have fractions of a cent.")
    if statement.difference is None:
        said.append("Opening or closing balance is missing, so nothing proves that these are all lines.")
    elif statement.difference != ZERO:
        said.append(_say_difference(statement, statement.difference))
    return replace(statement, remarks=tuple(said))


def _say_difference(statement: Statement, difference: Decimal) -> str:
    assert statement.opening and statement.closing, "a difference is of two balances"
    opening, closing = statement.opening.amount, statement.closing.amount
    lines = format_money(closing - opening - difference)
    return (
        f"The opening balance {format_money(opening)} and lines of {lines} do not make the closing balance"
        f" {format_money(closing)}: {format_money(difference)} is missing."
    )
