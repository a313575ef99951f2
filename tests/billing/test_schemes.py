"""Schemes and values of ids, as registers and the Peppol network have them."""

from __future__ import annotations

import re

import pytest

from bursar.billing.documents.rulebook import find_rules
from bursar.billing.rules import why_not_peppol_id
from bursar.billing.rules.schemes import SCHEMES, why_not_id, why_not_scheme


@pytest.mark.parametrize(
    "peppol_id",
    [
        "0106:12345678", "0190:00000001001234567000", "9944:NL004495445B01", "9930:DE136695976", "0208:0203201340",
        "0088:7300010000001", "0184:13585628", "0184:DK13585628", "0007:1234567897", "0192:988077917", "0151:83914571673",
    ],
)  # fmt: skip
def test_ids_of_the_network_are_taken(peppol_id: str) -> None:
    assert why_not_peppol_id(peppol_id) is None


@pytest.mark.parametrize(
    ("peppol_id", "words"),
    [
        ("0147:1", "knows no scheme 0147"), ("0106:1234567", "KvK number has 8 digits"), ("0190:123", "OIN has 20 digits"),
        ("9944:004495445B01", "NL123456789B01"), ("0208:0203201341", "check digits"), ("0088:7300010000002", "check digits"),
        ("0184:1234", "8 digits"), ("0007:1234567890", "check digits"), ("0192:988077918", "check digits"),
        ("0151:83914571674", "check digits"), ("EM:a", "four digits"),
    ],
)  # fmt: skip
def test_others_are_refused(peppol_id: str, words: str) -> None:
    assert words in (why_not_peppol_id(peppol_id) or "")


def test_digits_are_those_of_ascii() -> None:
    assert why_not_id("0106", "１２３４５６７８") == "Its form is wrong: a KvK number has 8 digits."
    assert why_not_id("9930", " ") == "Its form is wrong: it is empty."


def test_the_network_takes_a_part_of_what_en_16931_knows() -> None:
    rules = (find_rules() / "EN16931-UBL-validation.xslt").read_text()
    listed = re.search(r"contains\(' (0002 0007 [^']* EM) '", rules[rules.index("BR-CL-25") - 5000 :])
    assert listed and set(listed[1].split()) > SCHEMES
    assert why_not_scheme("EM") == "The network knows no scheme EM."
