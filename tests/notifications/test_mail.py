from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core import mail

from bursar.actions.run import run
from bursar.config.minute import run_ticks
from bursar.core import clock
from bursar.notifications import rules
from bursar.notifications.models import Inbox, Notification
from bursar.outbox import store
from bursar.outbox.models import OutboxRow
from bursar.plans import trials
from bursar.tenants.models import Person
from tests.cast import NOW, Cast, bring_all, seat
from tests.requests.helpers import ask, decide


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


def _approve(cast: Cast, **more: str) -> None:
    asked = ask("lotte", cast.panel)
    store.deliver_due(clock.now())
    mail.outbox.clear()
    decide("approve", cast.noor, asked, {"cadence": "monthly", **more}, message="Welcome.")


def test_a_decision_is_one_mail_a_person_with_all_that_it_did(cast: Cast) -> None:
    """The requester is the workspace's owner too: what was decided, the account, the tier and the discount are one mail."""
    bring_all(seat("panel", "jan", "billing", NOW - timedelta(days=9)))
    _approve(cast, discount_kind="partner", discount_percent="20")
    sent = {m.to[0]: m for m in carry_out()}
    assert sorted(sent) == ["Jan <jan@client.example>", "Lotte <lotte@client.example>"] and len(mail.outbox) == 2
    hers = sent["Lotte <lotte@client.example>"]
    assert hers.subject.startswith("Request approved") and hers.body.count("Welcome.") == 1
    assert all(word in hers.body for word in ("Tier changed", "Set to managed billing", "Discount set", "20 %"))
    assert "Request approved" not in sent["Jan <jan@client.example>"].body
    lotte = Notification.objects.filter(recipient_id=Person.objects.get(external_id="lotte").public_id)
    of_decision = lotte.filter(mail__isnull=False, line__key="requests.request.approve").get()
    assert lotte.filter(mail=of_decision.mail).count() == 4, "the bell has a line for each"
    rows = OutboxRow.objects.filter(kind="notice").count()
    OutboxRow.objects.filter(kind="notice").update(state="waiting")
    carry_out()
    assert len(mail.outbox) == 2 and OutboxRow.objects.filter(kind="notice").count() == rows


def test_a_decision_goes_at_once_with_what_would_have_waited(cast: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(rules, "AT_ONCE", 0)
    _approve(cast)
    assert [m.to[0] for m in carry_out()] == ["Lotte <lotte@client.example>"]
    assert not Notification.objects.filter(waits=True, recipient_id__startswith="per_").exists()


def test_what_is_muted_is_not_in_the_mail(cast: Cast) -> None:
    lotte = Person.objects.get(external_id="lotte").public_id
    Inbox.objects.update_or_create(recipient_id=lotte, defaults={"muted": ["plan"]})
    _approve(cast)
    (only,) = carry_out()
    assert "Request approved" in only.body and "Tier changed" not in only.body
    assert Notification.objects.filter(recipient_id=lotte, mail=None, topic="plan").exists()


def test_two_people_at_one_address_get_one_mail_of_a_decision(cast: Cast) -> None:
    bring_all(seat("panel", "jan", "billing", NOW - timedelta(days=9)))
    Person.objects.filter(external_id__in=["lotte", "jan"]).update(email="office@client.example")
    _approve(cast)
    (only,) = carry_out()
    assert "Request approved" in only.body and only.body.count("Tier changed") == 1
