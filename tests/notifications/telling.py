"""Levers that tell whom a test needs: an everyday action, its notices set otherwise for the test's time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bursar.access.actor import Actor
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.actions.spec import Notice, Topic
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.outbox import store
from tests.cast import Cast

NOTE = "tenants.account.add_note"


def tell(monkeypatch: pytest.MonkeyPatch, *notices: Notice, topic: Topic = Topic.REQUESTS, key: str = NOTE) -> None:
    visible = ACTIONS[key].customer_visible or any(not notice.is_for_staff for notice in notices)
    told = replace(ACTIONS[key], tell=notices, topic=topic, customer_visible=visible)
    monkeypatch.setitem(ACTIONS.things, key, told)


def leave_note(cast: Cast, text: str, by: Actor | None = None, **more: Any) -> AuditLine:
    outcome = run(NOTE, by or cast.noor, cast.haarlem.public_id, {"text": text}, **more)
    return AuditLine.objects.get(public_id=outcome.line_id)


def carry_out() -> None:
    store.deliver_due(clock.now())
