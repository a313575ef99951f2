"""What becomes known of a VAT id later: asked again by the clock and by people, or accepted by one of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bursar.access.actor import system
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.billing import asking, queries
from bursar.billing.jobs import ask_vies
from bursar.billing.rules import Treatment, VatIdStatus
from bursar.billing.seller import seller_day
from bursar.core import clock
from bursar.core.errors import Blocked, Forbidden, Invalid, Refused
from bursar.notifications.models import Mail
from tests.billing.payer import ACCEPT, ASK, GERMAN, details_of, shown, write_down
from tests.billing.register import Register
from tests.cast import NOW, Cast, prove, refusal_of
from tests.notifications.telling import carry_out

NOTE = "billing.account.note_vies_answer"
TOLD = "billing.account.tell_vat_change"
PROOF = {"consultation": "WAPI-BY-HAND"}


def treatment(cast: Cast) -> Treatment:
    return queries.decide(cast.haarlem.pk, seller_day(NOW)).treatment


def test_what_is_unknown_is_asked_by_the_clock_and_the_customer_told(cast: Cast, register: Register) -> None:
    write_down(cast.ties, cast.haarlem)
    carry_out()
    Mail.objects.all().delete()
    register.valid = {GERMAN}
    ask_vies(NOW + timedelta(minutes=1))
    assert treatment(cast) == Treatment.CHARGED, "it was tried just now"
    later = NOW + timedelta(hours=4)
    with clock.frozen(later):
        ask_vies(later)
        assert treatment(cast) == Treatment.REVERSE_CHARGE
        told = AuditLine.objects.get(key=TOLD)
        assert told.actor_id == "system:vies" and told.customer_visible and told.concerns_money
        assert [(c["label"], c["before"], c["after"]) for c in told.changes][1] == (
            "VAT", "21 % VAT (Netherlands)", "no VAT (reverse charge)",
        )  # fmt: skip
        carry_out()
        assert {"maud@client.example"} <= set(Mail.objects.values_list("email", flat=True))
        prove()
        asked = len(register.asked)
        ask_vies(later + timedelta(days=19))
        assert len(register.asked) == asked
    much_later = later + timedelta(days=21)
    with clock.frozen(much_later):
        ask_vies(much_later)
    assert details_of(cast.haarlem).known_at == much_later
    assert AuditLine.objects.filter(key=NOTE).count() == 2 and AuditLine.objects.filter(key=TOLD).count() == 1


def test_silence_leaves_the_last_word_standing_and_invalid_ends_it(cast: Cast, register: Register) -> None:
    register.valid = {GERMAN}
    write_down(cast.ties, cast.haarlem)
    register.valid = set()
    old = NOW + timedelta(days=25)
    lines = AuditLine.objects.count()
    ask_vies(old)
    row = details_of(cast.haarlem)
    assert (row.vat_status, row.known_at, row.asked_at) == (VatIdStatus.VALID, NOW, old)
    assert "valid, says VIES on 24 November 2026; asked on 19 December 2026, and no answer came" in queries.say_status(
        row
    )
    assert AuditLine.objects.count() == lines and treatment(cast) == Treatment.REVERSE_CHARGE
    register.invalid = {GERMAN}
    with clock.frozen(old + timedelta(hours=4)):
        assert asking.ask_again(clock.now(), [cast.oost.pk]) == 0
        assert asking.ask_again(clock.now(), [cast.haarlem.pk]) == 1
    assert treatment(cast) == Treatment.CHARGED
    assert AuditLine.objects.filter(key=TOLD).count() == 1


def test_a_register_that_is_away_is_not_asked_about_everybody(
    cast: Cast, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "SILENT_IN_A_ROW", 2)
    for account in (cast.haarlem, cast.samen, cast.oost):
        write_down(cast.ties, account)
    assert asking.ask_again(NOW + timedelta(hours=4)) == 2
    assert asking.ask_again(NOW + timedelta(hours=4)) == 1, "the next run goes on with who is left"


def test_an_answer_about_an_id_that_was_replaced_is_not_taken(cast: Cast) -> None:
    write_down(cast.ties, cast.haarlem)
    data = {"vat_id": "DE129273398", "answer": "valid", "consultation": ""}
    assert isinstance(refusal_of(NOTE, system("vies"), cast.haarlem.public_id, data), Refused)
    assert isinstance(refusal_of(NOTE, cast.iris, cast.haarlem.public_id, data), Forbidden)
    assert details_of(cast.haarlem).vat_status == VatIdStatus.UNKNOWN


def test_staff_ask_again(cast: Cast, register: Register) -> None:
    write_down(cast.ties, cast.haarlem)
    quiet = run(ASK, cast.ties, cast.haarlem.public_id)
    assert quiet.sentence == f"VIES does not answer about the VAT id {GERMAN}."
    assert not AuditLine.objects.filter(key=TOLD).exists()
    register.valid = {GERMAN}
    outcome = run(ASK, cast.ties, cast.haarlem.public_id)
    assert outcome.sentence == f"VIES confirms the VAT id {GERMAN}." and treatment(cast) == Treatment.REVERSE_CHARGE
    assert AuditLine.objects.get(key=TOLD).group == AuditLine.objects.get(public_id=outcome.line_id).group
    prove()


def test_when_there_is_nothing_to_ask(cast: Cast, register: Register, settings: Any) -> None:
    refusal = refusal_of(ASK, cast.ties, cast.haarlem.public_id)
    assert isinstance(refusal, Blocked) and refusal.sentence == "There are no billing details yet."
    write_down(cast.ties, cast.haarlem, vat_id="")
    assert "no VAT id" in refusal_of(ASK, cast.ties, cast.haarlem.public_id).sentence
    settings.BURSAR_VIES = False
    write_down(cast.ties, cast.haarlem)
    assert "VIES is off" in refusal_of(ASK, cast.ties, cast.haarlem.public_id).sentence
    assert asking.ask_again(NOW + timedelta(days=1)) == 0 and not register.asked


def test_a_person_with_the_right_takes_an_unknown_id_for_valid(cast: Cast) -> None:
    write_down(cast.ties, cast.haarlem)
    assert isinstance(refusal_of(ACCEPT, cast.ties, cast.haarlem.public_id, PROOF, reason="x"), Forbidden)
    assert isinstance(refusal_of(ACCEPT, cast.iris, cast.haarlem.public_id, {}, reason="x"), Invalid)
    assert isinstance(refusal_of(ACCEPT, cast.iris, cast.haarlem.public_id, PROOF), Invalid)
    assert treatment(cast) == Treatment.CHARGED
    outcome = run(ACCEPT, cast.iris, cast.haarlem.public_id, PROOF, reason="The Bundeszentralamt says so")
    assert shown(outcome)["VAT"] == ("21 % VAT (Netherlands)", "no VAT (reverse charge)")
    assert shown(outcome)["VAT id"][1] == f"{GERMAN}, accepted by hand on 24 November 2026, number WAPI-BY-HAND"
    assert treatment(cast) == Treatment.REVERSE_CHARGE
    again = refusal_of(ACCEPT, cast.iris, cast.haarlem.public_id, PROOF, reason="x")
    assert isinstance(again, Blocked) and "accepted by hand on 24 November 2026" in again.sentence
    prove()


def test_the_registers_word_takes_the_place_of_what_was_accepted(cast: Cast, register: Register) -> None:
    write_down(cast.ties, cast.haarlem)
    run(ACCEPT, cast.iris, cast.haarlem.public_id, PROOF, reason="x")
    register.invalid = {GERMAN}
    outcome = run(ASK, cast.ties, cast.haarlem.public_id)
    assert outcome.sentence == f"VIES says that this VAT id is not valid: {GERMAN}."
    assert treatment(cast) == Treatment.CHARGED and not details_of(cast.haarlem).is_accepted
    refusal = refusal_of(ACCEPT, cast.iris, cast.haarlem.public_id, PROOF, reason="x")
    assert isinstance(refusal, Blocked) and "not valid" in refusal.sentence


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"country": "NL", "postcode": "1012 JS", "vat_id": "NL004495445B01"}, "It would change nothing. 21 % VAT"),
        ({"country": "GB", "vat_id": "XI 123 4567 27"}, "It would change nothing. No VAT is charged"),
        ({"vat_id": ""}, "There is no VAT id"),
    ],
)
def test_what_would_change_nothing_is_not_accepted(cast: Cast, other: dict[str, str], words: str) -> None:
    write_down(cast.ties, cast.haarlem, **other)
    refusal = refusal_of(ACCEPT, cast.iris, cast.haarlem.public_id, PROOF, reason="x")
    assert isinstance(refusal, Blocked) and words in refusal.sentence


def test_the_change_is_told_by_itself_alone(cast: Cast, register: Register) -> None:
    register.valid = {GERMAN}
    write_down(cast.ties, cast.haarlem)
    data = {"vat_before": "x", "id_before": "x"}
    with clock.frozen(NOW + timedelta(seconds=1)):
        refusal = refusal_of(TOLD, cast.iris, cast.haarlem.public_id, data)
    assert isinstance(refusal, Blocked) and "by itself" in refusal.sentence
