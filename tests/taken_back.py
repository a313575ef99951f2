"""Done and taken back, all that the house holds is as it was before.

Compared is every table of every room but what only tells of it (the book, what waits to be sent, what was told).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db.models import Model

from bursar.access.actor import Actor
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
    is_lately = isinstance(value, datetime) and NOW <= value <= NOW + timedelta(hours=12)
    return "lately" if is_lately else value


def differences(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    gone = [f"{name} had {row}" for name, rows in before.items() for row in rows if row not in after[name]]
    return gone + [f"{name} has {row}" for name, rows in after.items() for row in rows if row not in before[name]]


def pull(actor: Actor, key: str, target: str, data: dict[str, Any], **more: Any) -> Outcome:
    reason = "Tried" if ACTIONS[key].reason is not Reason.NONE else ""
    return run(key, actor, target, data, reason=reason, **more)


def check_way_back(
    cast: Cast, key: str, target: str, data: dict[str, Any], but: Iterable[str] = (), actor: Actor | None = None
) -> None:
    """Does it, an hour from now, and takes it back an hour later. `but`: names of tables that only ever grow."""
    actor, hour = actor or cast.iris, timedelta(hours=1)
    start = max(clock.now(), AuditLine.objects.latest("at").at)
    with clock.frozen(start + hour):
        before = everything(cast)
        done = pull(actor, key, target, data)
        assert done.undo is not None, f"{key} declares a way back and offers none here"
        assert everything(cast) != before, f"{key} changed nothing"
    with clock.frozen(start + 2 * hour):
        pull(actor, done.undo.key, target, done.undo.data, undoes=done.line_id)
        after = everything(cast)
        differing = [one for one in differences(before, after) if not one.startswith(tuple(but) or "-")]
        assert not differing, "\n".join(differing)
        line = AuditLine.objects.order_by("-id")[:5]
        assert any(done.line_id in one.touches for one in line), "the book says what was taken back"
        again = refusal_of(done.undo.key, actor, target, done.undo.data, reason="x", undoes=done.line_id)
        assert again.status in (404, 409, 422) and everything(cast) == after
        prove()
