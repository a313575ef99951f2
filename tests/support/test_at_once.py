"""Two at once, really at once: one visit, one answer, and a switch that is turned off wins over whoever was coming in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from bursar.audit.models import AuditLine
from bursar.core.errors import Refusal
from bursar.support import store
from bursar.support.models import SupportRequest, SupportSession, SupportSwitch
from tests.cast import Cast, prove
from tests.support.helpers import WHY, ask, customer, is_in, pull

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    start, said = threading.Barrier(len(deeds)), []

    def do(deed: Callable[[], Any]) -> None:
        try:
            start.wait()
            said.append(deed().sentence)
        except Refusal as refusal:
            said.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def test_two_clicks_and_two_colleagues(committed: Cast) -> None:
    lotte, ties, iris, panel = customer("lotte"), committed.ties, committed.iris, committed.panel
    said = at_once(*[lambda: pull("turn_on", lotte, panel)] * 2)
    assert SupportSwitch.objects.count() == 1 and sum(isinstance(one, Refusal) for one in said) == 1
    said = at_once(*[lambda: pull("join", ties, panel, note=WHY)] * 2, lambda: pull("join", iris, panel, note=WHY))
    assert SupportSession.objects.count() == 2 and sum(isinstance(one, Refusal) for one in said) == 1, said
    at_once(lambda: pull("turn_off", lotte, panel), lambda: pull("extend", ties, panel, note=WHY))
    assert not is_in("ties@agora.example", panel) and not is_in("iris@agora.example", panel), "whichever came first"
    prove()


def test_one_answer_and_one_use_of_it(committed: Cast) -> None:
    lotte, ties, panel = customer("lotte"), committed.ties, committed.panel
    said = at_once(*[lambda: pull("ask", ties, panel, note=WHY)] * 2)
    asked = SupportRequest.objects.get()
    assert sum(isinstance(one, Refusal) for one in said) == 1
    said = at_once(
        lambda: pull("approve", lotte, panel, request=asked.public_id),
        lambda: pull("deny", lotte, panel, request=asked.public_id),
        lambda: pull("withdraw", ties, panel),
    )
    assert sum(isinstance(one, Refusal) for one in said) == 2, said
    answers = ["support.workspace.approve", "support.workspace.deny", "support.workspace.withdraw"]
    assert AuditLine.objects.filter(key__in=answers).count() == 1
    asked.refresh_from_db()
    if asked.state != "approved":
        asked = ask(ties, panel)
        pull("approve", lotte, panel, request=asked.public_id)
    said = at_once(*[lambda: pull("join", ties, panel)] * 2)
    assert SupportSession.objects.count() == 1 and sum(isinstance(one, Refusal) for one in said) == 1
    asked.refresh_from_db()
    assert asked.state == "used"
    prove()


def test_what_is_killed_half_way_never_happened(committed: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies after the approval was used up and before anybody is in: both, or neither."""
    asked = ask(committed.ties, committed.panel)
    pull("approve", customer("lotte"), committed.panel, request=asked.public_id)

    def die(*_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as broken:
        broken.setattr(store, "begin", die)
        with pytest.raises(SystemExit):
            pull("join", committed.ties, committed.panel)
    asked.refresh_from_db()
    assert asked.state == "approved" and not SupportSession.objects.exists()
    assert pull("join", committed.ties, committed.panel).sentence and is_in("ties@agora.example", committed.panel)
    prove()
