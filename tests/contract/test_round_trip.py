"""Every action that declares a way back: done and taken back, all that the house holds is as it was before.

Compared is every table of every room but what only tells of it (the book, what waits to be sent, what was told).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.db.models import Model

from bursar.actions.models import UndoOffer
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.actions.spec import Outcome, Reason
from bursar.attention.models import Triage
from bursar.audit.models import AuditLine
from bursar.audit.queries import list_notes
from bursar.core import clock
from bursar.core.dated import Dated
from bursar.plans.models import PaymentTerms
from bursar.rollup.refresh import refresh
from bursar.tenants.models import Person
from tests.cast import NOW, Cast, prove, refusal_of

TELLING = {"actions", "audit", "outbox", "notifications", "files", "procrastinate", "sessions", "support"}
MARKS = {"ClockTold", "GrantStop", "BankDecision"}
"""Of the other rooms, what only notes that something was told or ended; what holds now stands elsewhere."""
NOISE = {
    "id",
    "public_id",
    "valid_from",
    "stopped_at",
    "changed_at",
    "is_commanded",
    "computed_at",
    "next_change_at",
    "clock_at",
    "ends_grants",
    "visibility_set_at",
    "partner_set_at",
    "is_by_hand",
    "looked_at",
}
"""When, by whom last, and under which key: an undo is a later change, and known as one."""


SETTLED = ("owner_id", "snoozed_at", "outcome", "outreach_at")
OPEN_TERMS = ("cadence", "paid_until", "past_due_since", "lapses_at", "ends_paid")


class Sample(NamedTuple):
    """`first`: what is done before, as (key, data); `target`: where it is not the cast's own of that kind."""

    data: dict[str, Any] = {}
    first: tuple[tuple[str, dict[str, Any]], ...] = ()
    target: Callable[[Cast], str] | None = None


def _person(name: str) -> str:
    return Person.objects.get(external_id=name).public_id


HALF = {"kind": "scholarship", "percent": "50", "end_date": ""}
TAKEN = {"owner": "ties"}
RAISED = {"tier": "guardian", "end_date": "2026-12-24"}
SAMPLES: dict[str, list[Sample]] = {
    "attention.workspace.take": [Sample(TAKEN), Sample({"owner": "noor"}, (("take", TAKEN),))],
    "attention.workspace.release": [Sample(first=(("take", TAKEN),))],
    "attention.workspace.snooze": [
        Sample({"until": "2026-11-28"}),
        Sample({"until": ""}, (("snooze", {"until": "2026-11-30"}),)),
    ],
    "attention.workspace.wake": [Sample(first=(("snooze", {"until": "2026-11-28"}),))],
    "attention.workspace.note_outcome": [
        Sample({"outcome": "reached", "text": "Called"}),
        Sample({"outcome": "churned", "text": ""}, (("note_outcome", {"outcome": "no_answer", "text": ""}),)),
    ],
    "attention.template.edit": [Sample({"subject": "Your hours", "body": "Good day."})],
    "billing.bank_line.confirm": [],  # a match is turned round by bookings of its own: tests/billing/bank
    "billing.bank_line.split": [],
    "billing.bank_line.set_aside": [Sample({"note": "own transfer"})],
    "billing.invoice.hold": [Sample({"note": "promised", "last_day": "2026-12-01"})],
    "billing.invoice.release": [Sample(first=(("hold", {"note": "promised", "last_day": "2026-12-01"}),))],
    "plans.account.assign_manager": [Sample({"manager": "ties"})],
    "plans.account.clear_manager": [Sample(first=(("assign_manager", {"manager": "ties"}),))],
    "plans.account.set_discount": [Sample(HALF), Sample({**HALF, "percent": "30"}, (("set_discount", HALF),))],
    "plans.account.remove_discount": [Sample(first=(("set_discount", HALF),))],
    "plans.account.set_managed": [Sample({"cadence": "monthly"}, target=lambda cast: cast.samen.public_id)],
    "plans.account.set_self_serve": [Sample({"keep_until": "2027-01-31"}, target=lambda cast: cast.oost.public_id)],
    "plans.account.grant_trial": [Sample(target=lambda cast: cast.samen.public_id)],
    "plans.account.end_trial": [Sample(first=(("grant_trial", {}),), target=lambda cast: cast.samen.public_id)],
    "plans.workspace.change_tier": [Sample({"tier": "innovator"}, target=lambda cast: cast.lab.public_id)],
    "plans.workspace.grant_tier": [
        Sample(RAISED),
        Sample({**RAISED, "end_date": "2027-01-31"}, (("grant_tier", RAISED),)),
    ],
    "plans.workspace.end_grant": [Sample(first=(("grant_tier", RAISED),))],
    "plans.workspace.set_discount": [Sample(HALF)],
    "plans.workspace.remove_discount": [Sample(first=(("set_discount", HALF),))],
    "staff.staff.set_roles": [Sample({"roles": ["staff"]})],
    "staff.staff.deactivate": [Sample()],
    "staff.staff.reactivate": [Sample(first=(("deactivate", {}),))],
    "tenants.organisation.set_partner": [Sample({"partner": "yes"})],
    "tenants.workspace.add_note": [Sample({"text": "Calls back on Monday"})],
    "tenants.workspace.set_visibility": [Sample({"visibility": "private"})],
    "tenants.workspace.change_admin": [
        Sample({"new_admin": "ali", "old_admin": "maud"}, target=lambda cast: cast.klimaat.public_id)
    ],
    "training.attendee.mark_absent": [],  # needs a planned session: tests/training/test_rosters.py does it
    "training.attendee.mark_present": [],
    "training.licence.edit": [Sample({"valid_from": "2026-11-20", "last_day": "2027-06-30"})],
    "training.licence.revoke": [Sample()],
    "training.licence.reinstate": [Sample(first=(("revoke", {}),))],
    "training.session.correct_day": [],  # needs a completed one: tests/training/test_completing.py does it
    "training.training.update": [Sample({"title": "Another", "mode": "online", "grants_licence": True})],
    "training.training.set_price": [Sample({"price": "500.00", "included": 4, "extra": "50.00"})],
    "training.training.retire": [Sample()],
    "training.training.bring_back": [Sample(first=(("retire", {}),))],
    "webhooks.endpoint.edit": [Sample({"url": "https://new.example/hook", "description": "New", "events": []})],
    "webhooks.endpoint.pause": [Sample()],
    "webhooks.endpoint.resume": [Sample({"waiting": "send"}, (("pause", {}),))],
}


WAYS = {
    "withdraw_note", "withdraw_outcome", "restore_snooze", "restore_terms", "restore_roles", "restore_grant",
    "restore_trial",
}  # fmt: skip


def list_takeable() -> list[str]:
    """One of each verb: what is declared for several kinds of targets is tried at the first that has samples."""
    return sorted(key for key, action in ACTIONS.items() if action.inverse)


def test_every_way_back_is_tried() -> None:
    tried = {ACTIONS[key].verb for key in SAMPLES}
    untried = [key for key in list_takeable() if ACTIONS[key].verb not in tried]
    assert not untried, f"No sample does these and takes them back: {untried}"
    backs = {back for key in SAMPLES for back in ACTIONS[key].inverse}
    verbs = {ACTIONS[back].verb for back in backs}
    ways = {made.verb_name for made in ACTIONS.values() if made.way_back}
    assert not [key for key, made in ACTIONS.items() if made.way_back and made.verb not in verbs]
    assert ways == WAYS


def everything(cast: Cast) -> dict[str, list[str]]:
    """What every room holds now, by table: of dated rows those that hold."""
    refresh(clock.now())
    models = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.startswith(("bursar.", "django."))
    ]
    kept = [m for m in models if m._meta.app_label not in TELLING and m.__name__ not in MARKS]
    found = {model.__name__: sorted(map(str, _rows(model))) for model in kept}
    found["notes"] = [line.public_id for line in list_notes(cast.panel.public_id)]
    return found


def _rows(model: type[Model]) -> list[dict[str, Any]]:
    rows: Any = model._default_manager.all()
    if issubclass(model, Dated):
        rows = model.objects.at(clock.now())
    elif hasattr(model, "valid_until"):
        rows = rows.filter(valid_from__lte=clock.now(), valid_until__gt=clock.now())
    names = [field.attname for field in model._meta.concrete_fields if field.name not in NOISE]
    found = [{name: _lately(value) for name, value in row.items()} for row in rows.values(*names)]
    return [row for row in found if not _says_nothing(model, row)]


def _says_nothing(model: type[Model], row: dict[str, Any]) -> bool:
    """Whether it says what no row says."""
    if model is PaymentTerms:
        return row["mode"] == "self_serve" and row["status"] == "none" and not any(row[name] for name in OPEN_TERMS)
    return model is Triage and not any(row[name] for name in SETTLED)


def _lately(value: Any) -> Any:
    """An instant of this test is one as the other; a day that was agreed is not."""
    is_lately = isinstance(value, datetime) and NOW <= value <= NOW + timedelta(hours=2)
    return "lately" if is_lately else value


def differences(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    gone = [f"{name} had {row}" for name, rows in before.items() for row in rows if row not in after[name]]
    return gone + [f"{name} has {row}" for name, rows in after.items() for row in rows if row not in before[name]]


def do(cast: Cast, key: str, target: str, data: dict[str, Any], **more: Any) -> Outcome:
    reason = "Tried" if ACTIONS[key].reason is not Reason.NONE else ""
    return run(key, cast.iris, target, data, reason=reason, **more)


def _filled(cast: Cast, data: dict[str, Any]) -> dict[str, Any]:
    """Names of the cast become ids."""
    ids = {"ties": cast.ties.id, "noor": cast.noor.id, "ali": "", "maud": ""}
    ids |= {name: _person(name) for name in ("ali", "maud")}
    return {name: ids.get(value, value) if isinstance(value, str) else value for name, value in data.items()}


@pytest.mark.parametrize(("key", "place"), [(key, n) for key, some in SAMPLES.items() for n in range(len(some))])
def test_done_and_taken_back_all_is_as_it_was(cast: Cast, key: str, place: int) -> None:
    sample, room = SAMPLES[key][place], key.rpartition(".")[0]
    target = sample.target(cast) if sample.target else cast.target_id(ACTIONS[key].target_slug)
    for verb, data in sample.first:
        do(cast, f"{room}.{verb}", target, _filled(cast, data))
    with clock.frozen(NOW + timedelta(hours=1)):
        before = everything(cast)
        done = do(cast, key, target, _filled(cast, sample.data))
        assert done.undo is not None, f"{key} declares a way back and offers none here"
        assert everything(cast) != before, f"{key} changed nothing"
    with clock.frozen(NOW + timedelta(hours=2)):
        do(cast, done.undo.key, target, done.undo.data, undoes=done.line_id)
        after = everything(cast)
        differing = differences(before, after)
        assert not differing, "\n".join(differing)
        line = AuditLine.objects.order_by("-id")[:5]
        assert any(done.line_id in one.touches for one in line), "the book says what was taken back"
        again = refusal_of(done.undo.key, cast.iris, target, done.undo.data, reason="x", undoes=done.line_id)
        assert again.status in (409, 422) and everything(cast) == after
        prove()


def test_a_way_back_needs_its_offer(cast: Cast) -> None:
    """Nobody writes a state of their own making by it: what was before is in the offer."""
    noted = do(cast, "tenants.workspace.add_note", cast.panel.public_id, {"text": "One"})
    before = AuditLine.objects.count()
    back = "tenants.workspace.withdraw_note"
    for data in ({}, {"line": "aud_0000000000000000"}, {"line": noted.line_id, "text": "Two"}):
        assert refusal_of(back, cast.iris, cast.panel.public_id, data).status in (409, 422)
    assert refusal_of(back, cast.iris, cast.lab.public_id, {"line": noted.line_id}).status == 409
    assert refusal_of(back, cast.ada, cast.panel.public_id, {"line": noted.line_id}).status == 403
    late = NOW + timedelta(hours=24, seconds=1)
    with clock.frozen(late):
        assert "24 hours" in refusal_of(back, cast.iris, cast.panel.public_id, {"line": noted.line_id}).sentence
    assert AuditLine.objects.count() == before and UndoOffer.objects.count() == 1
    assert [line.public_id for line in list_notes(cast.panel.public_id)] == [noted.line_id]
