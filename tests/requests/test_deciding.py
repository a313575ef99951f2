"""What staff do with requests: approve as proposed or changed, deny, close; once, whole, and never behind a rule."""

from __future__ import annotations

import json
import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.access.models import User
from bursar.actions import menu
from bursar.actions.run import preview, run
from bursar.audit.models import AuditLine
from bursar.config.actors import actor_for
from bursar.core import clock, naming
from bursar.core.days import say_day
from bursar.core.errors import Blocked, Forbidden, Invalid, NotFound, Refusal, Refused
from bursar.notifications.models import Mail
from bursar.outbox import carriers
from bursar.outbox import store as outbox
from bursar.outbox.models import OutboxRow
from bursar.plans.models import BaseTier, Discount, PaymentTerms, TierGrant
from bursar.requests.models import UpgradeRequest
from bursar.tenants.models import BillingAccount, Organisation, Person, Workspace, WorkspaceMembership
from bursar.tenants.queries import customer_of
from tests.cast import NOW, Cast, bring_all, fact, prove, refusal_of, sign_in
from tests.requests.helpers import Product, ask, ask_workspace, customer, decide


@pytest.fixture
def webhooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The room that carries webhooks out stands further up; here only what waits for it is looked at."""
    monkeypatch.setitem(carriers.CARRIERS.things, "webhook", carriers.Carrier(lambda row: None))


def tier_of(workspace: Workspace) -> str:
    row = BaseTier.objects.filter(workspace=workspace, valid_until=None).first()
    return row.tier if row else "free"


def events() -> list[tuple[str, dict[str, Any]]]:
    rows = OutboxRow.objects.filter(kind="webhook").order_by("id")
    return [(row.payload["event"], row.payload["data"]) for row in rows]


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


def test_a_new_workspace_is_made_and_the_product_takes_it_up(cast: Cast, webhooks: None) -> None:
    """The organisation has no account yet: its first workspace makes the pooled one."""
    bring_all(
        {"kind": "person", "external_id": "olga", "name": "Olga", "email": "olga@client.example"},
        {"kind": "organisation", "external_id": "nieuw", "name": "Nieuw", "created_at": NOW - timedelta(days=9)},
        {"kind": "organisation_member", "organisation": "nieuw", "person": "olga", "role": "owner", "from": NOW},
    )
    organisation = Organisation.objects.get(external_id="nieuw")
    made = ask_workspace("olga", organisation, tier="changemaker", cadence="monthly")
    decide("approve", cast.noor, made, {"name": "Panel 2027", "visibility": "invite_only"})
    made.refresh_from_db()
    workspace = made.workspace
    assert workspace is not None and made.granted_name == "Panel 2027" and made.name == "Nieuw panel"
    assert (workspace.name, workspace.visibility, workspace.kind) == ("Panel 2027", "invite_only", "internal")
    account = workspace.account
    assert (account.scope, account.organisation_id, str(account)) == ("organisation", organisation.pk, "Nieuw")
    seat = WorkspaceMembership.objects.get(workspace=workspace)
    assert (seat.person.external_id, seat.role, seat.is_commanded) == ("olga", "owner", True)
    assert fact(account).potential == 86 and tier_of(workspace) == "changemaker"
    names = [event for event, _ in events()]
    created = dict(events())["workspace.created_here"]
    assert names.index("workspace.created_here") < names.index("request.decided")
    assert (created["bursar_id"], created["owner"], created["organisation"]) == (workspace.public_id, "olga", "nieuw")
    assert workspace.awaits_product
    prove()

    product = Product("push", "requests", "entitlements")
    body = {"organisation": "nieuw", "name": "Panel 2027", "changed_at": (NOW + timedelta(minutes=5)).isoformat()}
    wrong = product.put("workspaces/ws-new", {**body, "bursar_id": "wsp_nothing"})
    assert wrong.status_code == 409 and "no workspace “wsp_nothing”" in wrong.json()["sentence"]
    taken = product.put("workspaces/panel", {**body, "organisation": "samen", "bursar_id": workspace.public_id})
    assert taken.status_code == 409 and "is the id of another workspace already" in taken.json()["sentence"]
    first = product.put("workspaces/ws-new", {**body, "bursar_id": workspace.public_id})
    assert (first.status_code, first.json()["result"]) == (200, "updated")
    again = product.put("workspaces/ws-new", {**body, "bursar_id": workspace.public_id})
    assert again.json()["result"] == "unchanged"
    other = product.put("workspaces/ws-other", {**body, "bursar_id": workspace.public_id})
    assert other.status_code == 409 and "goes by the product's id “ws-new” already" in other.json()["sentence"]
    workspace.refresh_from_db()
    assert workspace.external_id == "ws-new" and not workspace.awaits_product
    assert Workspace.objects.filter(organisation=organisation).count() == 1
    assert product.get("entitlements/ws-new").json()["tier"] == "changemaker"
    told = product.get(f"requests/{made.public_id}").json()
    assert (told["state"], told["workspace"], told["grant"]["name"]) == ("approved", "ws-new", "Panel 2027")
    member = product.put("workspaces/ws-new/members/olga", {"role": "owner", "changed_at": body["changed_at"]})
    assert member.json()["result"] == "unchanged"
    seat.refresh_from_db()
    assert not seat.is_commanded
    prove()


def test_a_push_that_is_older_than_the_approval_still_names_the_workspace(cast: Cast) -> None:
    made = ask_workspace("maud", cast.haarlem.organisation)
    decide("approve", cast.ties, made)
    made.refresh_from_db()
    assert made.workspace is not None
    body = {"organisation": "haarlem", "name": "Older name", "changed_at": (NOW - timedelta(days=1)).isoformat()}
    answer = Product("push").put("workspaces/ws-late", {**body, "bursar_id": made.workspace.public_id})
    made.workspace.refresh_from_db()
    assert answer.json()["result"] == "updated"
    assert (made.workspace.external_id, made.workspace.name) == ("ws-late", "Nieuw panel")


def test_a_new_workspace_on_a_paid_tier_needs_the_right_and_no_live_subscription(cast: Cast) -> None:
    made = ask_workspace("maud", cast.haarlem.organisation, tier="guardian")
    refusal = refusal_of("requests.request.approve", cast.ties, made.public_id, {}, reason="x")
    assert isinstance(refusal, Forbidden) and "set tier" in refusal.sentence and "on Free" in refusal.sentence
    refusal = refusal_of("requests.request.approve", cast.noor, made.public_id, {}, reason="x")
    assert "A Mollie subscription is live." in refusal.sentence
    assert not Workspace.objects.filter(name="Nieuw panel").exists() and UpgradeRequest.objects.get().is_pending
    decide("approve", cast.ties, made, {"tier": "free"})
    assert Workspace.objects.filter(name="Nieuw panel").exists()
    prove()


def test_a_requester_who_left_owns_no_new_workspace(cast: Cast) -> None:
    made = ask_workspace("maud", cast.haarlem.organisation)
    bring_all(
        {"kind": "organisation_member", "organisation": "haarlem", "person": "maud", "role": "member", "from": NOW}
    )
    refusal = refusal_of("requests.request.approve", cast.noor, made.public_id, {}, reason="x")
    assert "Maud is no owner or admin of Gemeente Haarlem any more" in refusal.sentence
    decide("close_as_done", cast.noor, made)


def test_workspaces_are_not_made_by_hand_for_strangers(cast: Cast) -> None:
    data = {"name": "X", "visibility": "private", "owner": Person.objects.get(external_id="lotte").public_id}
    refusal = refusal_of("requests.account.create_workspace", cast.iris, cast.haarlem.public_id, data, reason="x")
    assert isinstance(refusal, Invalid) and "owner" in refusal.fields


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


def test_a_wished_name_is_found_as_one_types_it(cast: Cast) -> None:
    ask_workspace("maud", cast.haarlem.organisation, name="Łódź’s café")
    ties = sign_in("ties@agora.example")
    for q, found in (("lodz's cafe", True), ("CAFÉ", True), ("lódz", True), ("cafe lodz", False)):
        assert ("Łódź’s café" in ties.get("/panel/requests/", {"q": q}).content.decode()) is found, q
    key, haarlem = "requests.organisation.ask_workspace", cast.haarlem.organisation.public_id
    twice = {"name": "Lodz's Cafe", "visibility": "private", "tier": "free"}
    assert "asked for already" in refusal_of(key, customer("maud"), haarlem, twice).sentence


def test_the_queue_orders_counts_searches_and_keeps_its_statements(cast: Cast) -> None:
    first = ask("lotte", cast.panel, message="For the youth")
    with clock.frozen(NOW + timedelta(hours=1)):
        second = ask("maud", cast.klimaat, "guardian")
        ask_workspace("maud", cast.haarlem.organisation)
    ties = sign_in("ties@agora.example")
    page = ties.get("/panel/requests/").content.decode()
    assert page.index("Jeugdpanel") < page.index("Burgerberaad Klimaat") < page.index("Nieuw panel")
    assert "under an hour" in page
    decide("deny", cast.ties, first, message="Not now.")
    assert "Jeugdpanel" not in ties.get("/panel/requests/").content.decode()
    assert "Jeugdpanel" in ties.get("/panel/requests/?state=denied").content.decode()
    for q, found in (("youth", True), ("LOTTE", True), (first.public_id, True), ("samen", True), ("zzz", False)):
        assert ("Jeugdpanel" in ties.get(f"/panel/requests/?state=all&q={q}").content.decode()) is found, q
    assert "New workspace" not in ties.get("/panel/requests/?kind=tier_upgrade").content.decode()
    for bad in ("state=open", "kind=x", "tier=gold", "page=0", "page=x"):
        assert ties.get(f"/panel/requests/?{bad}").status_code == 400
    assert ties.get("/panel/requests/?page=7").status_code == 302
    assert 'id="count-requests" hx-swap-oob="true">2</span>' in ties.get("/panel/counts").content.decode()
    size = _statements(ties)
    for number in range(12):
        ask_workspace("maud", cast.haarlem.organisation, name=f"W{number}")
    assert _statements(ties) == size
    assert second.public_id in ties.get("/panel/requests/").content.decode()


def _statements(client: Any) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get("/panel/requests/").status_code == 200
    return len(caught)


def test_the_customers_page_shows_theirs_in_constant_statements(cast: Cast) -> None:
    ask("maud", cast.klimaat, "guardian")
    maud = sign_in("maud@client.example")
    with CaptureQueriesContext(connection) as few:
        page = maud.get("/requests/").content.decode()
    assert "Guardian for Burgerberaad Klimaat" in page and "Request…" in page
    for number in range(6):
        ask_workspace("maud", cast.haarlem.organisation, name=f"W{number}")
    with CaptureQueriesContext(connection) as many:
        maud.get("/requests/")
    assert len(few) == len(many)
    for other in ("lotte", "ali"):
        assert (
            "Guardian for Burgerberaad Klimaat"
            not in sign_in(f"{other}@client.example").get("/requests/").content.decode()
        )


def test_the_api_lists_by_cursor_and_decides(cast: Cast) -> None:
    made = ask("lotte", cast.panel)
    for number in range(3):
        with clock.frozen(NOW + timedelta(minutes=number + 1)):
            ask_workspace("maud", cast.haarlem.organisation, name=f"W{number}")
    noor = sign_in("noor@agora.example")
    seen, cursor = [], ""
    while True:
        got = noor.get(f"/api/v1/requests?limit=2&cursor={cursor}").json()
        seen += [row["id"] for row in got["requests"]]
        cursor = got["next_cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 4 and seen[-1] == made.public_id
    assert [row["id"] for row in noor.get("/api/v1/requests?kind=tier_upgrade").json()["requests"]] == [made.public_id]
    assert noor.get("/api/v1/requests?state=denied").json()["requests"] == []
    assert noor.get("/api/v1/requests?state=odd").status_code == 400
    assert noor.get("/api/v1/requests?cursor=odd").status_code == 400
    assert noor.get("/api/v1/requests/req_none").status_code == 404
    address = f"/api/v1/request/{made.public_id}/actions/deny"
    silent = noor.post(address, json.dumps({"reason": "x"}), content_type="application/json")
    assert silent.status_code == 422 and silent.json()["fields"]["message"]
    said = noor.post(address, json.dumps({"message": "Not now."}), content_type="application/json")
    assert said.status_code == 200
    one = noor.get(f"/api/v1/requests/{made.public_id}").json()
    assert (one["state"], one["note"], one["decided_by"], one["grant"]) == ("denied", "Not now.", "Noor", None)
    again = noor.post(address, json.dumps({"message": "Not now."}), content_type="application/json")
    assert again.status_code == 409 and "denied by Noor" in again.json()["sentence"]


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
