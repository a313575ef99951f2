"""What a payment's text says of invoices and payers: numbers, names, settlements. No Django, no clock."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

LONGEST_NUMBER = 4  # words that an invoice's number may fall into
LEAST_SIGNS = 5  # a shorter number stands in every text
MOST_WORDS = 400
_CHECKED = re.compile(r"RF ?\d\d", re.ASCII)
_WORD = re.compile(r"\d+|[A-Z]+")
_MONTH, _DAY_OF_MONTH = "(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_DAY = re.compile(
    rf"\b(?:20\d\d(?P<a>[-/.]){_MONTH}(?P=a){_DAY_OF_MONTH}|{_DAY_OF_MONTH}(?P<b>[-/.]){_MONTH}(?P=b)(?:20)?\d\d)\b",
    re.ASCII,
)
_SETTLEMENT = re.compile(r"(?<![0-9A-Z])(?:T?(\d{5,9}\.\d{4}\.\d{1,3})|T(\d{6,9}))(?![\d.])", re.ASCII)
_LEGAL_FORMS = frozenset(
    ["ag", "bv", "bvba", "cv", "eg", "ev", "gbr", "gmbh", "inc", "kg", "llc", "ltd", "mbh", "nv", "ohg", "sa", "sarl",
     "sas", "se", "sl", "sprl", "srl", "stg", "stichting", "ua", "ug", "vof", "vzw"]
)  # fmt: skip
_MOLLIE = re.compile(r"\bmollie\b", re.IGNORECASE)


def without(text: str, reference: str) -> str:
    """The text without that reference, so that its digits are not read as a number of an invoice."""
    compact, places = _signs(text)
    at = compact.find(reference)
    if at < 0:
        return text
    end = places[at + len(reference) - 1] + 1
    return f"{text[: places[at]]} {without(text[end:], reference)}"


def _signs(text: str) -> tuple[str, list[int]]:
    """Its letters and digits alone, upper case, and where each of them stands."""
    places = [place for place, sign in enumerate(text) if sign.isascii() and sign.isalnum()]
    return "".join(text[place] for place in places).upper(), places


def forms_of(number: str) -> set[str]:
    """How an invoice's number is looked up: by words without leading zeros, as one word, and without its letters."""
    words = _WORD.findall(number.upper())
    figures = [word for word in words if word.isdigit()]
    forms = {form for some in (words, figures) for form in _forms(some)}
    return {form for form in forms if len(form.replace("|", "")) >= LEAST_SIGNS}


def list_mentions(text: str) -> Iterator[str]:
    """Every form of a number that the text may hold. Days are none; a mistyped reference still holds one."""
    words = _WORD.findall(_CHECKED.sub(" ", _DAY.sub(" ", text.upper())))[:MOST_WORDS]
    for start in range(len(words)):
        for width in range(1, LONGEST_NUMBER + 1):
            yield from _forms(words[start : start + width])


def _forms(words: list[str]) -> tuple[str, ...]:
    return ("|".join(word.lstrip("0") for word in words), "".join(words).lstrip("0")) if words else ()


def plain_name(name: str) -> str:
    """To compare by: no accents, no signs, no legal form; empty for what is too short to tell anybody."""
    folded = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss").replace(".", ""))
    words = re.findall(r"[a-z0-9]+", "".join(sign for sign in folded if not unicodedata.combining(sign)))
    kept = " ".join(word for word in words if word not in _LEGAL_FORMS)
    return kept if len(kept) >= 4 else ""


def find_settlement(name: str, text: str) -> str:
    """The reference of a payout by Mollie, such as 1234567.2611.03; empty for any other payment."""
    if not _MOLLIE.search(name):
        return ""
    found = _SETTLEMENT.search(text.upper()) or _SETTLEMENT.search("".join(text.upper().split()))
    return found[1] or found[2] if found else ""
