"""What is done with a licence: edited, revoked, reinstated, announced before its end, erased."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail

from bursar.actions.models import IdempotencyKey
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.audit.verify import list_faults
from bursar.core import clock
from bursar.notifications.models import Mail, Notification
from bursar.outbox import store as outbox
from bursar.tenants.models import Organisation
from bursar.training.jobs import announce_ends
from bursar.training.models import Attendee, Licence
from bursar.training.queries.licences import list_to_announce, tell
from bursar.training.store import licences as store
from bursar.training.store.rosters import attach
from tests.cast import NOW, Cast, prove, refusal_of
from tests.training.held import complete, licensed, one, planned

TODAY = NOW.date()
EDIT, REVOKE, REINSTATE = (f"training.licence.{verb}" for verb in ("edit", "revoke", "reinstate"))


@pytest.fixture
def licence(cast: Cast) -> Licence:
    return licensed(cast.haarlem.organisation, "ali", cast.ties)


def fresh(licence: Licence) -> Licence:
    return Licence.objects.select_related("training", "organisation", "person", "attendee").get(pk=licence.pk)


def test_dates_are_edited_and_taken_back(cast: Cast, licence: Licence) -> None:
    data = {"valid_from": "2026-11-01", "last_day": "2028-01-31"}
    outcome = run(EDIT, cast.ties, licence.public_id, data, reason="Agreed")
    assert (fresh(licence).valid_from, fresh(licence).last_day) == (date(2026, 11, 1), date(2028, 1, 31))
    assert outcome.undo is not None
    run(EDIT, cast.ties, licence.public_id, outcome.undo.data, reason="Back")
    assert fresh(licence).last_day == licence.last_day
    prove()


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-11-25", "2027-11-25", "25 November 2026 has not come yet. A licence begins today or before."),
        ("2026-11-24", "2026-11-23", "The last day lies before the first."),
        ("2026-11-24", "2027-11-24", "These are its dates already."),
    ],
)
def test_dates_that_cannot_be_are_refused(cast: Cast, licence: Licence, first: str, last: str, words: str) -> None:
    data = {"valid_from": first, "last_day": last}
    assert refusal_of(EDIT, cast.ties, licence.public_id, data, reason="x").sentence == words
    assert fresh(licence).last_day == licence.last_day and not AuditLine.objects.filter(key=EDIT).exists()


def test_one_is_revoked_and_holds_again(cast: Cast, licence: Licence) -> None:
    assert refusal_of(REINSTATE, cast.ties, licence.public_id, reason="x").sentence == "It is not revoked."
    outcome = run(REVOKE, cast.ties, licence.public_id, reason="Left the team")
    assert fresh(licence).revoked_at == clock.now() and outcome.undo is not None
    assert refusal_of(REVOKE, cast.ties, licence.public_id, reason="x").sentence == "It is revoked already."
    assert refusal_of(REVOKE, cast.ada, licence.public_id, reason="x").status == 403
    run(outcome.undo.key, cast.ties, licence.public_id, reason="By mistake")
    assert fresh(licence).revoked_at is None
    assert AuditLine.objects.filter(touches__contains=[one("ali").public_id]).count() == 3, "on the person's timeline"
    prove()


def test_of_a_revoked_one_the_dates_change_and_it_stays_revoked(cast: Cast, licence: Licence) -> None:
    run(REVOKE, cast.ties, licence.public_id, reason="x")
    outcome = run(
        EDIT, cast.ties, licence.public_id, {"valid_from": "2026-11-01", "last_day": "2028-01-31"}, reason="x"
    )
    assert fresh(licence).revoked_at is not None and outcome.event == "", "programs do not hear that it holds"


# Ends


def _due_in(cast: Cast, who: str, days: int, mode: str = "online") -> Licence:
    """A licence whose last day is so many days from today."""
    session = planned(cast.haarlem.organisation, who, mode=mode)
    complete(session, cast.ties)
    made = Licence.objects.get(attendee__session=session)
    store.set_dates(made, TODAY - timedelta(days=100), TODAY + timedelta(days=days))
    return made


def _announced() -> list[str]:
    keys = AuditLine.objects.filter(key="training.licence.announce_end").order_by("id")
    return [line.target_id for line in keys]


def test_ends_are_announced_once_thirty_days_before(cast: Cast) -> None:
    near, far = _due_in(cast, "ali", 30), _due_in(cast, "maud", 31)
    run("plans.account.assign_manager", cast.iris, cast.haarlem.public_id, {"manager": cast.noor.id}, reason="x")
    announce_ends(NOW)
    announce_ends(NOW)
    assert _announced() == [near.public_id]
    with clock.frozen(NOW + timedelta(days=1)):
        announce_ends(clock.now())
    assert _announced() == [near.public_id, far.public_id]
    outbox.deliver_due(clock.now() + timedelta(days=2))
    told = [row.recipient_id for row in Notification.objects.filter(line__key="training.organisation.announce_ends")]
    assert sorted(told) == sorted([one("maud").public_id, cast.noor.id] * 2), "its owner, and the account manager"
    sent = [letter for letter in mail.outbox if "Ali" in letter.body]
    assert any("24 December 2026" in letter.body for letter in sent)
    prove()


def test_nobody_is_warned_who_has_a_later_one_of_the_same_training(cast: Cast) -> None:
    old, other = _due_in(cast, "ali", 20), _due_in(cast, "maud", 20)
    later, unlike = _due_in(cast, "ali", 300), _due_in(cast, "maud", 300, mode="in_person")
    assert list(list_to_announce(NOW)) == [other], "one of another training is no later one"
    run(REVOKE, cast.ties, later.public_id, reason="x")
    assert list(list_to_announce(NOW)) == [old, other], "a revoked one is none either"
    run(REVOKE, cast.ties, old.public_id, reason="x")
    run(EDIT, cast.ties, other.public_id, {"valid_from": "2026-08-16", "last_day": "2027-06-30"}, reason="x")
    assert not list_to_announce(NOW).exists() and unlike.told_ending_at is None


def test_an_end_that_is_moved_is_announced_anew(cast: Cast) -> None:
    made = _due_in(cast, "ali", 10)
    announce_ends(NOW)
    run(EDIT, cast.ties, made.public_id, {"valid_from": "2026-08-16", "last_day": "2026-12-20"}, reason="x")
    announce_ends(NOW)
    assert _announced() == [made.public_id] * 2


def test_whose_address_alone_is_known_is_warned_of_too_and_of_the_erased_nobody(cast: Cast) -> None:
    waiting = _due_in(cast, "new@client.example", 5)
    gone = _due_in(cast, "ali", 5)
    run("product.person.erase", cast.iris, one("ali").public_id, {"typed": "Ali"}, reason="Asked")
    assert fresh(gone).whose == "" and list(list_to_announce(NOW)) == [waiting]
    Organisation.objects.filter(pk=cast.haarlem.organisation.pk).update(deleted_at=NOW)
    assert not list_to_announce(NOW).exists(), "their organisation is gone"


def test_the_setting_says_how_long_before(cast: Cast, settings: Any) -> None:
    _due_in(cast, "ali", 20)
    settings.BURSAR_LICENCE_WARNED = 19
    assert not list_to_announce(NOW).exists()


# Whose they are


def test_what_waited_at_an_address_is_theirs_once_they_are_named(cast: Cast) -> None:
    session = planned(cast.haarlem.organisation, "late@client.example")
    complete(session, cast.ties)
    waiting = Licence.objects.select_related("training", "organisation").get()
    assert tell(waiting)["person"] is None and waiting.whose == "late@client.example"
    person = one("lotte")
    person.email = "late@client.example"
    person.save()
    for _ in range(2):  # told again, it changes nothing
        attach([person.email], NOW)
    assert (fresh(waiting).person, fresh(waiting).name, fresh(waiting).email) == (person, "Lotte", "")


def test_a_person_is_erased_from_licences_rosters_and_the_book(cast: Cast) -> None:
    for who in (("ali", "maud"), ("ali@client.example",)):
        complete(planned(cast.haarlem.organisation, *who), cast.ties)
    for made in Licence.objects.exclude(name="Maud"):
        run(REVOKE, cast.ties, made.public_id, reason="x", idempotency_key=made.public_id)
    outbox.deliver_apart(NOW + timedelta(minutes=1), "notice", "", limit=9)
    run("product.person.erase", cast.iris, one("ali").public_id, {"typed": "Ali"}, reason="Asked")
    assert set(Licence.objects.values_list("name", "email", "sort_key")) == {("", "", ""), ("Maud", "", "maud")}
    assert Licence.objects.count() == 3, "that there is a licence stays"
    names = set(Attendee.objects.values_list("name", "email"))
    assert names == {("", ""), ("Maud", "maud@client.example")}
    told = [row.text for line in AuditLine.objects.all() for row in line.name_rows.all()]
    assert "Maud" in told and "Ali" not in told and "ali@client.example" not in told
    assert not [str(fault) for fault in list_faults()], "the chain explains what is blank"
    kept = [
        *IdempotencyKey.objects.values_list("outcome"),
        *Mail.objects.values_list("subject", "text", "html", "name"),
    ]
    assert kept and not any(word in json.dumps(kept) for word in ("Ali", "ali@client.example"))
