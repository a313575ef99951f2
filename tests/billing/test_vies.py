"""What is asked of the register, and what is made of whatever comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bursar.billing import vies
from bursar.billing.rules import Answer
from tests.billing.register import Register

GERMAN = "DE136695976"


def test_a_yes_and_a_no_are_taken(register: Register) -> None:
    register.valid, register.invalid = {GERMAN}, {"EL094259216"}
    assert vies.ask(GERMAN) == vies.Word(Answer.VALID)
    assert vies.ask("EL094259216") == vies.Word(Answer.INVALID)
    assert register.asked == [
        {"countryCode": "DE", "vatNumber": "136695976"},
        {"countryCode": "EL", "vatNumber": "094259216"},
    ]


def test_whoever_names_their_own_id_gets_a_number(register: Register, settings: Any) -> None:
    settings.BURSAR_SELLER_VAT_ID = "NL004495445B01"
    register.valid = {GERMAN}
    assert vies.ask(GERMAN) == vies.Word(Answer.VALID, "WAPI000000000001")
    assert (register.asked[0]["requesterMemberStateCode"], register.asked[0]["requesterNumber"]) == (
        "NL", "004495445B01",
    )  # fmt: skip


def test_a_member_state_that_is_away_says_nothing(register: Register) -> None:
    assert vies.ask(GERMAN) == vies.Word(Answer.SILENT, why="MS_UNAVAILABLE")


YES = {"countryCode": "DE", "vatNumber": "136695976", "valid": True}


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (500, "<html>broken</html>"),
        (503, ""),
        (200, ""),
        (200, "[]"),
        (200, "null"),
        (200, "{"),
        (200, json.dumps({**YES, "valid": "true"})),
        (200, json.dumps({**YES, "valid": 1})),
        (200, json.dumps({**YES, "vatNumber": "136695975"})),
        (200, json.dumps({"valid": True})),
        (200, json.dumps({"actionSucceed": False, "errorWrappers": "none"})),
        (400, json.dumps({"actionSucceed": False, "errorWrappers": [{"error": "INVALID_INPUT"}, 7]})),
        (302, ""),
        (200, json.dumps({**YES, "name": "x" * 100_000})),
    ],
)
def test_nonsense_is_silence(register: Register, status: int, text: str) -> None:
    register.says = status, text
    word = vies.ask(GERMAN)
    assert word.answer == Answer.SILENT and word.why


def test_a_number_that_cannot_be_kept_is_left_out(register: Register) -> None:
    register.says = 200, json.dumps({**YES, "requestIdentifier": "W" * 61})
    assert vies.ask(GERMAN) == vies.Word(Answer.VALID)


def test_nobody_waits_for_a_register_that_hangs(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vies, "SECONDS", 0.2)
    register.valid = {GERMAN}
    register.gate.clear()
    assert vies.ask(GERMAN) == vies.Word(Answer.SILENT, why="no answer within 0.2 s")
    register.gate.set()


def test_a_register_that_is_not_there_says_nothing(settings: Any) -> None:
    settings.BURSAR_VIES_URL = "http://127.0.0.1:9"
    word = vies.ask(GERMAN)
    assert word.answer == Answer.SILENT and "cannot be reached" in word.why
