"""What banks write into one field of text: MT940's `:86:`, and CAMT's additional information.

Three dialects: tags between slashes (ING, ABN AMRO, Rabobank), numbered parts (`?20…` in Germany, `>20…` at Triodos),
and words with a colon (ABN AMRO's older one). A payer can write a tag into the text: the first of each counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bursar.billing.bank.statement import CODE_LENGTH, NAME_LENGTH, TEXT_LENGTH, is_iban, read_account, read_code, tidy

LINE = 65
PART = 27
_TAGS = (
    "ACCW ADDR BAI BENM BIC BUSP CHGS CNTP CREF CSID EREF EXCH FEES IBAN ISDT KREF MARF NAME NRTX OCMT ORDP PREF PURP"
    " REMI RTRN SVCL TRCD TRTP UDTR ULTB ULTC ULTD"
)
_TAG = re.compile(rf"/({'|'.join(_TAGS.split())})/")
_NUMBERED = re.compile(r"(\d{3})([?>])(?=\d\d)", re.ASCII)
_WORDED = re.compile(r"\b(IBAN|BIC|NAAM|OMSCHRIJVING|KENMERK|BETALINGSKENM\.|MACHTIGING|INCASSANT)\s?: ", re.IGNORECASE)
_OF_A_BANK = re.compile(r"\b(NAAM|OMSCHRIJVING)\s?: ", re.IGNORECASE)
_KEYWORD = re.compile(r"\b(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP|MDAT|RREF)\+")
_CUR = re.compile(r"ISSUER:\s*\w+\s+REF:\s*([\w ]+)", re.ASCII)
_RETURNED = frozenset(["108", "109", "159"])  # German codes: a debit or a transfer that came back


@dataclass(frozen=True, kw_only=True)
class Details:
    """As `Payment` has them. `is_return`: the bank says that a payment came back."""

    name: str = ""
    on_behalf_of: str = ""
    iban: str = ""
    bic: str = ""
    text: str = ""
    references: tuple[str, ...] = ()
    end_to_end_id: str = ""
    is_return: bool = False


def read_details(field: str) -> Details:
    """`field`: as it stands, with its line breaks."""
    lines = [line for line in field.replace("\r", "").split("\n") if line.strip()]
    if not lines:
        return Details()
    numbered = _NUMBERED.match(lines[0])
    if numbered:
        return _read_numbered(numbered[1], numbered[2], "".join(_join(lines, glue="")))
    if _TAG.search("".join(lines)):
        return _read_tagged("".join(_join(lines, glue="" if _is_wrapped(lines) else " ")))
    joined = "".join(_join(lines, glue=" "))
    return _read_worded(joined) if _OF_A_BANK.search(joined) else Details(text=tidy(joined, TEXT_LENGTH))


def _join(lines: list[str], glue: str) -> Iterator[str]:
    """Full lines were cut wherever they were full, also within a word; shorter ones ended by themselves."""
    for line in lines[:-1]:
        yield line if len(line) >= LINE else line + glue
    yield lines[-1]


def _is_wrapped(lines: list[str]) -> bool:
    return len({len(line) for line in lines[:-1]}) == 1


def _read_tagged(joined: str) -> Details:
    pieces = _TAG.split(joined)
    said: dict[str, str] = {}
    for tag, value in zip(pieces[1::2], pieces[2::2], strict=True):
        if value.strip(" /") or tag in ("RTRN", "ORDP", "BENM"):
            said.setdefault(tag, value)
    other = said.get("CNTP", "").split("/")
    iban, bic, name = (part.strip() for part in (*other, "", "", "")[:3])
    text, references = _read_remittance(said.get("REMI", ""))
    if said.get("CREF"):
        references = (*references, read_code(said["CREF"].strip(" /")))
    return Details(
        name=_name(name or said.get("NAME", "")),
        on_behalf_of=_name(said.get("ULTD", "") or said.get("UDTR", "")),
        iban=read_account(iban or said.get("IBAN", "").strip(" /")),
        bic=tidy(bic or said.get("BIC", "").strip(" /"), CODE_LENGTH),
        text=text or tidy(pieces[0], TEXT_LENGTH),
        references=tuple(filter(None, references)),
        end_to_end_id=read_code(said.get("EREF", "").strip(" /")),
        is_return="RTRN" in said,
    )


def _read_remittance(value: str) -> tuple[str, tuple[str, ...]]:
    """Text and structured references of `/REMI/`: "USTD//text/", "STRD/CUR/reference/", or only text."""
    kind, _, rest = value.strip().partition("/")
    if kind == "USTD":
        return tidy(rest.strip("/ "), TEXT_LENGTH), ()
    if kind == "STRD":
        return "", (read_code(rest.partition("/")[2].strip("/ ")),)
    issued = _CUR.search(value)
    return tidy(value.strip("/ "), TEXT_LENGTH), (read_code(issued[1]),) if issued else ()


def _read_numbered(code: str, sign: str, joined: str) -> Details:
    said: dict[str, str] = {}
    for part in joined[3:].split(sign)[1:]:
        number, value = part[:2], part[2:]
        if number in said or not number.isdigit():
            continue  # of the payer's own writing, or damaged
        said[number] = value
    purpose = "".join(
        value if len(value) >= PART else f"{value} " for number, value in said.items() if "20" <= number <= "29"
    ) + "".join(value for number, value in said.items() if "60" <= number <= "63")
    parts = _KEYWORD.split(purpose)
    words = dict(zip(reversed(parts[1::2]), reversed(parts[2::2]), strict=True))
    text = f"{parts[0]} {words.get('SVWZ', '')}"
    return Details(
        name=_name(said.get("32", "") + said.get("33", "")),
        on_behalf_of=_name(words.get("ABWA", "")),
        iban=read_account(said.get("31", "") or words.get("IBAN", "").split(" ")[0]),
        bic=tidy(said.get("30", "") or words.get("BIC", "").split(" ")[0], CODE_LENGTH),
        text=tidy(text if text.strip() else said.get("00", ""), TEXT_LENGTH),
        end_to_end_id=read_code(words.get("EREF", "")),
        is_return=code in _RETURNED,
    )


def _read_worded(joined: str) -> Details:
    pieces = _WORDED.split(joined)
    said = dict(zip((word.upper() for word in reversed(pieces[1::2])), reversed(pieces[2::2]), strict=True))
    iban = read_account(said.get("IBAN", ""))
    return Details(
        name=_name(said.get("NAAM", "")),
        iban=iban if is_iban(iban) else "",
        bic=tidy(said.get("BIC", ""), CODE_LENGTH),
        text=tidy(said.get("OMSCHRIJVING", "") or pieces[0], TEXT_LENGTH),
        references=tuple(filter(None, [read_code(said.get("BETALINGSKENM.", ""))])),
        end_to_end_id=read_code(said.get("KENMERK", "")),
    )


def _name(text: str) -> str:
    return tidy(text.strip("/ "), NAME_LENGTH)
