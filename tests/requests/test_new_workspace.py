"""A request for a new workspace: approved, the workspace is made here and the product takes it up."""

from __future__ import annotations

from datetime import timedelta

from bursar.core.errors import Forbidden, Invalid
from bursar.requests.models import UpgradeRequest
from bursar.tenants.models import Organisation, Person, Workspace, WorkspaceMembership
from tests.cast import NOW, Cast, bring_all, fact, prove, refusal_of
from tests.requests.helpers import Product, ask_workspace, decide, events, tier_of


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
