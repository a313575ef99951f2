"""What staff do with requests: approve as proposed or changed, deny, close; once, whole, and never behind a rule."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from bursar.access.models import User
from bursar.actions import menu
from bursar.actions.run import preview, run
from bursar.audit.models import AuditLine
from bursar.config.actors import actor_for
from bursar.core import clock, naming
from bursar.core.days import say_day
from bursar.core.errors import Blocked, Forbidden, Invalid, NotFound, Refusal, Refused
from bursar.notifications.models import Mail
from bursar.outbox import store as outbox
from bursar.outbox.models import OutboxRow
from bursar.plans.models import Discount, PaymentTerms, TierGrant
from bursar.requests.models import UpgradeRequest
from bursar.tenants.models import BillingAccount, Organisation, Person, Workspace
from bursar.tenants.queries import customer_of
from tests.cast import NOW, Cast, bring_all, fact, prove, refusal_of, sign_in
from tests.requests.helpers import ask, ask_workspace, customer, decide, events, tier_of


def test_approved_as_proposed_in_one_group(cast: Cast, webhooks: None) -> None:
    made = ask("lotte", cast.panel, cadence="monthly")
    outcome = decide("approve", cast.noor, made, message="Welcome to Changemaker.")
    made.refresh_from_db()
    assert (made.state, made.granted_tier, made.granted_cadence, made.note) == (
        "approved", "changemaker", "monthly", "Welcome to Changemaker.")  # fmt: skip
    assert made.decided_by and str(made.decided_by) == "Noor" and made.decided_at == NOW
    assert tier_of(cast.panel) == "changemaker"
    terms = PaymentTerms.objects.get(account=cast.samen, valid_until=None)
    assert (terms.mode, terms.cadence) == ("managed", "monthly")
    assert fact(cast.samen).potential == 86
    assert [effect.label for effect in outcome.effects] == ["Potential"]
    keys = set(AuditLine.objects.filter(group=outcome.group).values_list("key", flat=True))
    assert keys == {"requests.request.approve", "plans.workspace.change_tier", "plans.account.set_managed"}
    assert outcome.data["requester"] == Person.objects.get(external_id="lotte").public_id
    assert OutboxRow.objects.filter(kind="notice", payload__notices=["requester"]).count() == 1
    decided = [data for event, data in events() if event == "request.decided"]
    assert [(data["state"], data["workspace"], data["grant"]["tier"]) for data in decided] == [
        ("approved", "panel", "changemaker")
    ]
    prove()


def test_the_decision_says_since_when_and_what_it_costs_in_one_mail(cast: Cast) -> None:
    made = ask("lotte", cast.panel)
    outcome = decide("approve", cast.noor, made)
    said = {change.label: change.after for change in outcome.changes}
    assert said["Holds from"] == say_day(NOW)
    assert said["What it costs"].endswith("with VAT a year for Stichting Samen")
    outbox.deliver_due(NOW + timedelta(minutes=10))
    (mail,) = Mail.objects.filter(email="lotte@client.example")
    assert naming.read(mail.text).count(said["What it costs"]) == 1 and say_day(NOW) in mail.text


def test_changed_with_an_end_and_a_discount(cast: Cast) -> None:
    made = ask("lotte", cast.panel)
    data = {"tier": "guardian", "cadence": "yearly", "end_date": "2027-06-30", "discount_kind": "scholarship",
            "discount_percent": "40", "discount_end": "2027-03-31"}  # fmt: skip
    decide("approve", cast.noor, made, data)
    made.refresh_from_db()
    assert (made.tier, made.granted_tier, made.granted_end_date) == ("changemaker", "guardian", date(2027, 6, 30))
    assert (made.granted_discount_kind, made.granted_discount_percent) == ("scholarship", 40)
    grant = TierGrant.objects.get(workspace=cast.panel)
    assert (grant.kind, grant.tier, grant.valid_until.isoformat(), grant.granted_by_id) == (
        "approval", "guardian", "2027-07-01T00:00:00+00:00", cast.noor.staff_id)  # fmt: skip
    assert tier_of(cast.panel) == "free", "the base stays; the clock ends the grant"
    assert Discount.objects.get(workspace=cast.panel).percent == 40
    assert not PaymentTerms.objects.filter(account=cast.samen).exists(), "a tier with an end makes nobody managed"
    assert fact(cast.samen).klass == "comped"
    prove()
    with clock.frozen(NOW.replace(year=2027, month=7, day=1, hour=0, minute=1)):
        assert fact(cast.samen).tier == "free"
        prove()
    page = sign_in("noor@agora.example").get(f"/panel/requests/{made.public_id}").content.decode()
    assert "changed" in page and "Guardian" in page and "40 % scholarship, until 31 March 2027" in page


def test_the_preview_shows_what_changes_for_them_and_for_us(cast: Cast) -> None:
    made = ask("lotte", cast.panel)
    address = f"/panel/actions/request/{made.public_id}/approve"
    text = sign_in("noor@agora.example").get(address).content.decode()
    assert "Cap: 1 h for life → no cap." in text and "Uploads: locked at the cap → stay open." in text
    assert "Potential" in text and "75.00" in text and "becomes managed, billed yearly" in text
    assert "The customer will see" in text
    page = sign_in("noor@agora.example").get(f"/panel/requests/{made.public_id}").content.decode()
    assert "If approved as asked" in page and "75.00" in page and "no cap" in page
    assert tier_of(cast.panel) == "free" and UpgradeRequest.objects.get().is_pending


def test_the_right_set_tier_greys_the_lever(cast: Cast) -> None:
    made = ask("lotte", cast.panel)
    entries = {e.label: e for e in menu.build(cast.ties, "request", made.public_id, NOW)[0].entries}
    assert not entries["Approve…"].enabled and "set tier" in entries["Approve…"].why_not
    assert entries["Deny…"].enabled and not entries["Close as done…"].enabled
    refusal = refusal_of("requests.request.approve", cast.ties, made.public_id, {}, reason="x")
    assert isinstance(refusal, Forbidden) and "You need the right “set tier”." in refusal.sentence
    assert tier_of(cast.panel) == "free" and UpgradeRequest.objects.get().is_pending
    assert isinstance(refusal_of("requests.request.approve", cast.ada, made.public_id, {}, reason="x"), Forbidden)
    assert isinstance(refusal_of("requests.request.approve", customer("lotte"), made.public_id, {}), Forbidden)


BAD: list[tuple[dict[str, str], type[Refusal], str]] = [
    ({"tier": "gold"}, Invalid, "gold"),
    ({"tier": "free"}, Refused, "Free is no upgrade: the workspace is on Free."),
    ({"end_date": "2025-12-31"}, Invalid, "31 December 2025 is past."),
    ({"end_date": "9999-12-31"}, Invalid, "more than 50 years in the future"),
    ({"end_date": "soon"}, Invalid, "Write a day"),
    ({"discount_percent": "20"}, Invalid, "Choose the kind of discount"),
    ({"discount_kind": "trial"}, Invalid, "Say how many per cent."),
    ({"discount_kind": "trial", "discount_percent": "50"}, Invalid, "A trial discount needs an end date."),
    ({"discount_kind": "partner", "discount_percent": "101"}, Invalid, "100"),
    ({"discount_kind": "partner", "discount_percent": "10", "discount_end": "2020-01-01"}, Invalid, "is past"),
    ({"name": "New name"}, Invalid, "There is no field “name” here."),
]  # fmt: skip


@pytest.mark.parametrize(("data", "kind", "words"), BAD)
def test_a_bad_approval_changes_nothing(cast: Cast, data: dict[str, str], kind: type, words: str) -> None:
    made = ask("lotte", cast.panel)
    lines = AuditLine.objects.count()
    refusal = refusal_of("requests.request.approve", cast.noor, made.public_id, data, reason="x")
    said = [refusal.sentence, *(s for faults in getattr(refusal, "fields", {}).values() for s in faults)]
    assert type(refusal) is kind and any(words in sentence for sentence in said), said
    made.refresh_from_db()
    assert made.is_pending and tier_of(cast.panel) == "free" and AuditLine.objects.count() == lines
    assert not Discount.objects.filter(workspace=cast.panel).exists()


def test_a_refusal_of_a_later_step_takes_the_earlier_ones_back(cast: Cast) -> None:
    """The discount is what holds already: neither tier nor request move, although they come first."""
    run(
        "plans.workspace.set_discount",
        cast.iris,
        cast.panel.public_id,
        {"kind": "partner", "percent": "10"},
        reason="x",
    )
    made = ask("lotte", cast.panel)
    data = {"discount_kind": "partner", "discount_percent": "10"}
    refusal = refusal_of("requests.request.approve", cast.noor, made.public_id, data, reason="x")
    assert "is what holds already" in refusal.sentence
    made.refresh_from_db()
    assert made.is_pending and tier_of(cast.panel) == "free"
    prove()


def test_a_live_mollie_subscription_refuses_in_the_levers_own_words(cast: Cast) -> None:
    made = ask("maud", cast.klimaat, "guardian")
    by_hand = refusal_of(
        "plans.workspace.change_tier", cast.noor, cast.klimaat.public_id, {"tier": "guardian"}, reason="x"
    )
    for data in ({}, {"end_date": "2027-06-30"}):
        refusal = refusal_of("requests.request.approve", cast.noor, made.public_id, data, reason="x")
        assert isinstance(refusal, Blocked) and refusal.sentence == by_hand.sentence
        assert "A Mollie subscription is live." in refusal.sentence
    assert tier_of(cast.klimaat) == "changemaker" and not TierGrant.objects.filter(workspace=cast.klimaat).exists()
    page = sign_in("noor@agora.example").get(f"/panel/requests/{made.public_id}").content.decode()
    assert "A Mollie subscription is live." in page


def test_deny_needs_words_and_the_customer_reads_them_and_nothing_else(cast: Cast) -> None:
    made = ask("lotte", cast.panel)
    refusal = refusal_of("requests.request.deny", cast.ties, made.public_id)
    assert isinstance(refusal, Invalid) and "message" in refusal.fields
    assert UpgradeRequest.objects.get().is_pending
    run("requests.request.add_note", cast.ties, made.public_id, {"text": "Owes us since spring"})
    decide("deny", cast.ties, made, message="Not before the new year.", reason="They owe us")
    page = sign_in("lotte@client.example").get("/requests/").content.decode()
    assert "Not before the new year." in page and "denied" in page.lower()
    for hidden in ("Ties", "owe", "Owes"):
        assert hidden not in page, hidden
    staff = sign_in("iris@agora.example").get(f"/panel/requests/{made.public_id}").content.decode()
    assert "Owes us since spring" in staff and "Ties" in staff
    assert "Owes us" not in str(OutboxRow.objects.values_list("payload", flat=True))


def test_once_decided_decided_with_the_colleagues_name(cast: Cast) -> None:
    made = ask("lotte", cast.panel)
    decide("approve", cast.noor, made)
    for verb in ("approve", "deny", "close_as_done"):
        refusal = refusal_of(f"requests.request.{verb}", cast.iris, made.public_id, reason="x", message="x")
        assert refusal.sentence.startswith("This request was approved by Noor on 24 November 2026, 14:02 UTC.")
    assert AuditLine.objects.filter(key="plans.workspace.change_tier").count() == 1


def test_the_same_key_twice_is_one_approval(cast: Cast) -> None:
    made = ask_workspace("maud", cast.haarlem.organisation)
    first = decide("approve", cast.noor, made, idempotency_key="a")
    assert decide("approve", cast.noor, made, idempotency_key="a").line_id == first.line_id
    assert Workspace.objects.filter(name="Nieuw panel").count() == 1


def test_overtaken_by_a_change_a_deletion_or_a_move(cast: Cast) -> None:
    made = ask("lotte", cast.panel)
    nothing = refusal_of("requests.request.close_as_done", cast.ties, made.public_id)
    assert "Nothing has overtaken this request" in nothing.sentence
    run("plans.workspace.change_tier", cast.noor, cast.panel.public_id, {"tier": "innovator"}, reason="x")
    foreseen = sign_in("noor@agora.example").get(f"/panel/actions/request/{made.public_id}/approve").content.decode()
    assert "It was on Free when this was asked; it is on Innovator now." in foreseen
    run("plans.workspace.change_tier", cast.noor, cast.panel.public_id, {"tier": "changemaker"}, reason="x")
    reached = refusal_of("requests.request.approve", cast.noor, made.public_id, {}, reason="x")
    assert reached.sentence == "Jeugdpanel is on Changemaker already. Close the request as done."
    entries = {e.label: e for e in menu.build(cast.ties, "request", made.public_id, NOW)[0].entries}
    assert entries["Close as done…"].enabled and not entries["Approve…"].enabled
    Workspace.objects.filter(pk=cast.panel.pk).update(organisation=cast.oost.organisation)
    assert (
        "moved to another organisation"
        in refusal_of("requests.request.approve", cast.noor, made.public_id, {}, reason="x").sentence
    )
    Workspace.objects.filter(pk=cast.panel.pk).update(organisation=cast.samen.organisation, deleted_at=NOW)
    assert refusal_of("requests.request.approve", cast.noor, made.public_id, {}, reason="x").sentence == (
        "Jeugdpanel was deleted since. Close the request as done."
    )
    decide("close_as_done", cast.ties, made, message="You have it already.")
    made.refresh_from_db()
    assert (made.state, made.note) == ("done", "You have it already.")


def test_a_colleague_who_is_a_customer_there_does_not_decide(cast: Cast) -> None:
    made = ask("lotte", cast.panel)
    bring_all({"kind": "person", "external_id": "noor-p", "name": "Noor", "email": "noor@agora.example"})
    bring_all(
        {"kind": "organisation_member", "organisation": "samen", "person": "noor-p", "role": "member", "from": NOW}
    )
    user = User.objects.get(email="noor@agora.example")
    Person.objects.filter(external_id="noor-p").update(user=user)
    noor = actor_for(User.objects.get(pk=user.pk))
    for verb in ("approve", "deny", "close_as_done"):
        refusal = refusal_of(f"requests.request.{verb}", noor, made.public_id, reason="x", message="x")
        assert "Ask a colleague." in refusal.sentence
    Organisation.objects.create(external_id="bare", name="Bare", created_at=NOW)
    bring_all({"kind": "organisation_member", "organisation": "bare", "person": "noor-p", "role": "owner", "from": NOW})
    bare = Organisation.objects.get(external_id="bare")
    theirs = ask_workspace("noor-p", bare)
    noor = actor_for(User.objects.get(pk=user.pk))
    refusal = refusal_of("requests.request.approve", noor, theirs.public_id, {}, reason="x")
    assert refusal.sentence == "You belong to this organisation yourself. Ask a colleague."
    assert UpgradeRequest.objects.filter(state="pending").count() == 2


def test_the_time_limited_tier_by_hand_and_back(cast: Cast) -> None:
    data = {"tier": "guardian", "end_date": "2026-12-31"}
    done = run("plans.workspace.grant_tier", cast.noor, cast.panel.public_id, data, reason="Tender")
    assert fact(cast.samen).tier == "guardian" and done.undo is not None
    again = refusal_of("plans.workspace.grant_tier", cast.noor, cast.panel.public_id, data, reason="x")
    assert "is what holds already" in again.sentence
    low = refusal_of("plans.workspace.grant_tier", cast.noor, cast.lab.public_id, data, reason="x")
    assert "has to be above that" in low.sentence
    with clock.frozen(NOW + timedelta(minutes=5)):
        run(done.undo.key, cast.noor, cast.panel.public_id, done.undo.data, reason="No", undoes=done.line_id)
        assert fact(cast.samen).tier == "free"
        assert (
            "No time-limited approval"
            in refusal_of("plans.workspace.end_grant", cast.noor, cast.panel.public_id, reason="x").sentence
        )
        prove()


def test_a_stranger_meets_nothing(cast: Cast) -> None:
    made = ask("lotte", cast.panel)
    for actor in (cast.maud, customer_of(Person.objects.get(external_id="ali"), NOW)):
        assert isinstance(refusal_of("requests.request.withdraw", actor, made.public_id), NotFound)
    assert sign_in("maud@client.example").get(f"/actions/request/{made.public_id}/withdraw").status_code == 404
    assert sign_in("lotte@client.example").get(f"/actions/request/{made.public_id}/approve").status_code == 404
    assert sign_in("lotte@client.example").get(f"/panel/requests/{made.public_id}").status_code == 404


def test_a_rehearsal_leaves_nothing(cast: Cast) -> None:
    made = ask_workspace("maud", cast.haarlem.organisation)
    outcome = preview("requests.request.approve", cast.noor, made.public_id, {})
    assert "The workspace Nieuw panel is made" in outcome.sentence
    assert not Workspace.objects.filter(name="Nieuw panel").exists()
    assert BillingAccount.objects.filter(organisation=cast.haarlem.organisation).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_colleagues_at_once_have_one_effect(committed: Cast) -> None:
    made = ask_workspace("maud", committed.haarlem.organisation)
    start, said = threading.Barrier(2), []

    def approve(who: Any) -> None:
        try:
            start.wait()
            said.append(decide("approve", who, made).sentence)
        except Refusal as refusal:
            said.append(refusal.sentence)
        finally:
            connection.close()

    threads = [threading.Thread(target=approve, args=(who,)) for who in (committed.noor, committed.iris)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Workspace.objects.filter(name="Nieuw panel").count() == 1
    decided = UpgradeRequest.objects.get()
    assert sum(f"approved by {decided.decided_by}" in sentence for sentence in said) == 1, said
    prove()


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_have_one_request(committed: Cast) -> None:
    start, said = threading.Barrier(2), list[Any]()
    actor = customer("lotte")

    def request_it() -> None:
        try:
            start.wait()
            said.append(run("requests.workspace.ask_upgrade", actor, committed.panel.public_id, {"tier": "guardian"}))
        except Refusal as refusal:
            said.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=request_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert UpgradeRequest.objects.count() == 1
    assert sum(isinstance(one, Blocked) and "One request at a time." in one.sentence for one in said) == 1, said
