"""External-led organisations: each signal with its evidence, in order of strength, and triage as for at-risk rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.actions.run import run
from bursar.attention.models import Triage
from bursar.attention.rules import rests
from bursar.core import clock
from bursar.partners.queries.leading import find_signals, list_led
from bursar.partners.rules.leading import STRENGTH, Reason, is_worse, leads
from bursar.tenants.models import Organisation, Workspace
from tests.cast import NOW, Cast, bring_all, organisation, person, refusal_of, seat, shown_by, sign_in
from tests.partners.helpers import bureau, refer

DAY = timedelta(days=1)


def reasons(organisation: Organisation) -> list[str]:
    return [one.reason.value for one in find_signals(NOW).get(organisation.pk, [])]


@pytest.fixture
def samen(cast: Cast) -> Organisation:
    """The client of Bureau's workspace “Raad”, whose data Sam answers for; Pim is the partner's own."""
    bureau()
    Workspace.objects.filter(external_id="raad").update(data_owner_email="sam@samen.example")
    since = NOW - 60 * DAY
    bring_all(
        {"kind": "person", "external_id": "sam", "name": "Sam", "email": "sam@samen.example"},
        *person("pim", "Pim"),
        seat("raad", "sam", "observer", since),
        seat("raad", "pim", "owner", since),
        {"kind": "organisation_member", "organisation": "bureau", "person": "pim", "role": "owner", "from": since},
    )
    found: Organisation = cast.samen.organisation
    return found


def log_in(who: str, days: int, count: int = 1) -> None:
    for back in range(days):
        bring_all({"kind": "login", "person": who, "day": (NOW - back * DAY).date().isoformat(), "count": count})


def test_most_logins_of_the_clients_people(cast: Cast, samen: Organisation) -> None:
    log_in("sam", 4)
    assert reasons(samen) == []  # four say nothing
    log_in("pim", 5)
    assert reasons(samen) == []
    log_in("sam", 6)
    (signal,) = find_signals(NOW)[samen.pk]
    assert signal.evidence == "6 of 11 logins of people in Raad in 30 days are of people at samen.example."
    bring_all({"kind": "person", "external_id": "pim", "name": "Pim", "email": "pim@samen.example"})
    assert reasons(samen) == []  # the partner's own people cannot be told apart


def test_they_invited_people(cast: Cast, samen: Organisation) -> None:
    for place, by in enumerate(("sam", "sam", "pim")):
        bring_all(
            {
                "kind": "invitation", "external_id": f"i{place}", "workspace": "raad", "role": "external",
                "email": "new@else.example", "invited_by": by, "invited_at": NOW - (place + 1) * DAY,
            }
        )  # fmt: skip
    (signal,) = find_signals(NOW)[samen.pk]
    assert signal.evidence == "Sam or a colleague invited 2 people to Raad, last on 23 November 2026."


def test_whoever_was_a_guest_before_made_an_organisation(cast: Cast, samen: Organisation) -> None:
    made = [{**organisation("eigen", "Eigen", NOW - 10 * DAY)[0], "creator": "sam"}]
    early = [{**organisation("eerder", "Eerder", NOW - 90 * DAY)[0], "creator": "sam"}]
    bring_all(*made, *early)
    found = find_signals(NOW)
    (signal,) = found[Organisation.objects.get(external_id="eigen").pk]
    assert signal.evidence == "Sam made it on 14 November 2026, and had been a guest in Raad of Bureau before."
    assert Organisation.objects.get(external_id="eerder").pk not in found


def test_the_strongest_stands_first_and_its_entry_beside_it(cast: Cast, samen: Organisation) -> None:
    log_in("sam", 6)
    bring_all({**organisation("eigen", "Eigen", NOW - 10 * DAY)[0], "creator": "sam"})
    refer(cast, cast.samen, (NOW - 50 * DAY).date(), cap="0.00", expires_on="2026-12-24")
    assert [row.organisation.name for row in list_led(NOW)] == ["Eigen", "Stichting Samen"]
    page = shown_by(sign_in("ties@agora.example").get("/panel/partners/external-led"))
    for words in (
        "most logins are theirs",
        "made an organisation of its own",
        "near its cap",
        "ends on 24 December 2026",
    ):
        assert words in page, words


def test_it_is_taken_rested_and_noted_like_an_at_risk_row(cast: Cast, samen: Organisation) -> None:
    refused = refusal_of("attention.organisation.take", cast.ties, samen.public_id, {"owner": cast.ties.id})
    assert refused.sentence == "Nothing asks for attention here now." and not Triage.objects.exists()
    log_in("sam", 6)
    run("attention.organisation.take", cast.ties, samen.public_id, {"owner": cast.ties.id})
    run(
        "attention.organisation.note_outcome",
        cast.ties,
        samen.public_id,
        {"outcome": "started", "text": "They call back"},
    )
    run("attention.organisation.snooze", cast.ties, samen.public_id, {"until": ""})
    (row,) = list_led(NOW)
    assert row.triage is not None
    assert (row.triage.owner_id, row.triage.outcome, row.rests(NOW)) == (cast.ties.staff_id, "started", True)
    staff = sign_in("ties@agora.example")
    assert "Stichting Samen" not in shown_by(staff.get("/panel/partners/external-led"))
    page = shown_by(staff.get("/panel/partners/external-led?tab=snoozed"))
    assert "conversation started" in page and "Ties" in page
    with clock.frozen(NOW + DAY):  # something stronger
        bring_all({"kind": "organisation", "external_id": "samen", "name": "Stichting Samen", "created_at": NOW - DAY,
                   "creator": "sam"})  # fmt: skip
    Organisation.objects.filter(pk=samen.pk).update(created_at=NOW - DAY)
    (row,) = list_led(NOW + DAY)
    assert row.signals[0].reason is Reason.FOUNDED and not row.rests(NOW + DAY)
    run("attention.organisation.wake", cast.ties, samen.public_id, {})
    assert not list_led(NOW)[0].rests(NOW)


def test_the_list_takes_as_many_statements_however_long(
    cast: Cast, samen: Organisation, django_assert_num_queries: Any
) -> None:
    log_in("sam", 6)
    with django_assert_num_queries(6):
        list_led(NOW)
    bring_all({**organisation("eigen", "Eigen", NOW - 10 * DAY)[0], "creator": "sam"})
    with django_assert_num_queries(6):
        assert len(list_led(NOW)) == 2


@given(own=st.integers(0, 100), other=st.integers(0, 100))
def test_a_majority_is_more_than_half_of_enough(own: int, other: int) -> None:
    assert leads(own, own + other) == (own > other and own + other >= 5)


def test_only_a_stronger_one_wakes() -> None:
    for place, reason in enumerate(STRENGTH):
        assert [is_worse(other.value, reason.value) for other in STRENGTH] == [n < place for n in range(len(STRENGTH))]
    assert is_worse("leads", "gone")
    assert rests(NOW, None, None, NOW, is_worse=False)
    assert not rests(NOW, NOW, None, NOW, is_worse=False)
    assert not rests(NOW, None, NOW + DAY, NOW, is_worse=False)
