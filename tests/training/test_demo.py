"""The demo's trainings: every state is there, and loading them again changes nothing."""

from __future__ import annotations

import json

from bursar.access.actor import system
from bursar.core import clock
from bursar.demo import trainings
from bursar.product.importing import Report, import_lines
from bursar.tenants.models import Person
from bursar.training.licence_rules import Shown
from bursar.training.models import Attendee, Licence, SessionState, TrainingNeed, TrainingSession
from bursar.training.queries.licences import is_shown
from bursar.training.queries.needs import list_untrained
from tests.cast import NOW, Cast, bring_all, person, prove, seat
from tests.training.test_import import stored


def load() -> Report:
    told = [json.dumps(line, default=str).encode() for line in trainings.lines(NOW)]
    report = import_lines(told, system("demo"))
    trainings.follow_up(NOW)
    return report


def test_every_state_is_there_and_once(cast: Cast) -> None:
    for ref in ("klimaat", "panel", "lab"):
        for n in range(5):
            bring_all(*person(f"{ref}-{n}", f"Person {ref} {n}"), seat(ref, f"{ref}-{n}", "member", NOW))
    Person.objects.filter(external_id="maud").update(email=trainings.FIRST)
    with clock.frozen(NOW):
        assert not load().bad
        once = stored()
        load()
        assert stored() == once
    states = {*TrainingSession.objects.values_list("state", flat=True)}
    assert states == set(SessionState.values)
    today = NOW.date()
    for shown in Shown:
        assert Licence.objects.filter(is_shown(shown, today)).exists(), shown
    assert TrainingSession.objects.filter(state="scheduled", starts_at__date=today).exists()
    assert Attendee.objects.filter(person=None).exists() and TrainingSession.objects.exclude(requested_by=None).exists()
    needs = TrainingNeed.objects.values_list("workspace_id", flat=True)
    assert len(needs) == 2 and len(list_untrained(list(needs), NOW)) == 1
    prove()
