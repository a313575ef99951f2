from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core import mail

from bursar.actions.run import run
from bursar.config.minute import run_ticks
from bursar.core import clock
from bursar.outbox import store
from bursar.outbox.models import OutboxRow
from bursar.plans import trials
from tests.cast import NOW, Cast, bring_all, seat


def carry_out() -> list[Any]:
    store.deliver_due(clock.now())
    return mail.outbox


def test_admins_and_billing_people_hear_of_it_once_each(cast: Cast) -> None:
    bring_all(seat("panel", "jan", "billing", NOW - timedelta(days=9)))
    cast.reset_panel(message="You can go on.")
    sent = carry_out()
    assert sorted(m.to[0] for m in sent) == ["Jan <jan@client.example>", "Lotte <lotte@client.example>"]
    body = sent[0].body
    assert "1 h 02" in body and "You can go on." in body
    assert "Council meeting" not in body and "Ties" not in body
    store.deliver_due(clock.now())
    assert len(mail.outbox) == 2 and not OutboxRow.objects.exclude(state="done").exists()
    assert sent[0].extra_headers["Message-ID"].startswith("<mal_")


def test_two_workspaces_of_one_account_one_mail(cast: Cast) -> None:
    data = {"kind": "partner", "percent": "10", "end_date": ""}
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, data, reason="x")
    assert sorted(m.to[0] for m in carry_out()) == ["Ali <ali@client.example>", "Maud <maud@client.example>"]


def test_before_a_trial_ends_its_granter_hears_too_else_manager_else_leads(cast: Cast) -> None:
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="x")
    carry_out()
    mail.outbox.clear()
    end = trials.trial_end(NOW)
    with clock.frozen(end - timedelta(days=1)):
        run_ticks(clock.now())
        assert sorted(m.to[0] for m in carry_out()) == ["Lotte <lotte@client.example>", "Ties <ties@agora.example>"]
        assert "ends on 24 December 2026" in mail.outbox[0].body
        from bursar.staff.models import StaffMember

        StaffMember.objects.filter(public_id=cast.ties.id).update(is_active=False)
        mail.outbox.clear()
    with clock.frozen(end):
        run_ticks(clock.now())
        assert sorted(m.to[0] for m in carry_out()) == ["Iris <iris@agora.example>", "Lotte <lotte@client.example>"]
        assert "ended on 24 December 2026" in mail.outbox[0].body
