"""Codes of Mollie and of banks in words."""

from __future__ import annotations

import pytest

from bursar.mollie_sim.words import BANK_FAILURES, CARD_FAILURES, METHODS
from bursar.payments import words
from bursar.payments.states import PaymentKind, PaymentSource, PaymentState


@pytest.mark.parametrize("code", [*CARD_FAILURES, *BANK_FAILURES])
def test_every_cause_that_mollie_gives_has_words(code: str) -> None:
    said = words.say_reason("directdebit", code)
    assert said and code not in said


@pytest.mark.parametrize("code", METHODS)
def test_every_method_has_a_name_and_says_how_long_it_takes(code: str) -> None:
    assert code in words.METHODS
    assert words.say_pace(code) != words.say_pace("carrierpigeon")


@pytest.mark.parametrize(
    ("code", "said"),
    [("ideal", " by iDEAL"), ("creditcard", " by card"), ("banktransfer", " by bank transfer"),
     ("directdebit", " by SEPA direct debit"), ("", "")],
)  # fmt: skip
def test_a_method_within_a_sentence(code: str, said: str) -> None:
    assert words.say_by(code) == said


def test_every_state_kind_and_source_has_a_word() -> None:
    assert set(words.STATUSES) == set(PaymentState)
    assert set(words.KINDS) == set(PaymentKind)
    assert set(words.SOURCES) == set(PaymentSource)


@pytest.mark.parametrize("code", ["AM04", "MS03", "insufficient_funds", "refused_by_issuer", "unknown_reason", ""])
def test_what_may_pass_is_tried_again(code: str) -> None:
    assert words.may_pass("directdebit", code)


@pytest.mark.parametrize("code", ["AC04", "MD01", "MD06", "MS02", "SL01", "card_expired", "possible_fraud", "XY99"])
def test_closed_revoked_disputed_or_unheard_of_is_not(code: str) -> None:
    assert not words.may_pass("directdebit", code)


def test_what_nobody_knows_stands_as_it_came() -> None:
    assert words.say_method("carrierpigeon") == "carrierpigeon"
    assert words.say_method("") == ""
    assert words.say_reason("creditcard", "XY99") == "Card says “XY99”"
    assert words.say_reason("", "") == ""
