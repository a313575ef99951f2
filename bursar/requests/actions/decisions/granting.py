"""What an approved request gives: by whose levers, what is kept of it, and how it is told."""

from __future__ import annotations

from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned
from bursar.core.days import say_day
from bursar.payments.actions.checkout import say_offer
from bursar.plans import rules as plans
from bursar.plans.models import DiscountKind, Tier
from bursar.requests import costs, queries
from bursar.requests.models import UpgradeRequest
from bursar.tenants.models import Workspace
from bursar.tenants.store.accounts import get_pooled_account

CHANGE_TIER = "plans.workspace.change_tier"
OFFER = "payments.account.send_checkout"


def make_workspace(act: Act, request: UpgradeRequest, data: Cleaned) -> Workspace:
    account = get_pooled_account(request.organisation, act.now)
    asked = {"name": data["name"], "visibility": data["visibility"], "owner": request.requester.public_id}
    made = act.also("requests.account.create_workspace", account, asked)
    return Workspace.objects.select_related("account__organisation", "organisation").get(
        public_id=made.data["bursar_id"]
    )


def grant(act: Act, workspace: Workspace, data: Cleaned, offer: dict[str, str] | None) -> None:
    """By the levers of plans and payments: their rights, refusals, lines and notices are the same as by hand."""
    if offer is not None:
        act.also(OFFER, workspace.account, offer)
    elif data["end_date"]:
        act.also("plans.workspace.grant_tier", workspace, {"tier": data["tier"], "end_date": data["end_date"]})
    elif data["tier"] != Tier.FREE:
        if not plans.has_way_of_paying(queries.load_state(workspace), act.now):
            act.also("plans.account.set_managed", workspace.account, {"cadence": data["cadence"]})
        act.also(CHANGE_TIER, workspace, {"tier": data["tier"]})
    if data["discount_kind"]:
        deal = {"kind": data["discount_kind"], "percent": data["discount_percent"], "end_date": data["discount_end"]}
        act.also("plans.workspace.set_discount", workspace, deal)


def keep_grant(request: UpgradeRequest, data: Cleaned) -> None:
    for name in ("tier", "cadence", "end_date", "discount_kind", "discount_percent", "discount_end"):
        setattr(request, f"granted_{name}", data[name])
    if request.makes_workspace:
        request.granted_name, request.granted_visibility = data["name"], data["visibility"]


def say_grant(request: UpgradeRequest) -> str:
    words = Tier(request.granted_tier).label
    if request.granted_end_date:
        words += f" until {say_day(request.granted_end_date)}"
    return words


def say_price(act: Act, request: UpgradeRequest, offer: dict[str, str] | None) -> list[Change]:
    """What it costs and since when, for whoever pays. A time-limited tier costs nothing by itself."""
    workspace = request.workspace
    assert workspace is not None
    if offer is not None:
        inner = Case(act.actor, workspace.account, act.now)
        return [Change("What it costs", "", " ".join(say_offer(inner, offer)), concerns_money=True)]
    holds = [Change("Holds from", "", say_day(act.now))]
    if request.granted_end_date or request.granted_tier == Tier.FREE:
        return holds
    cost = costs.say_given(workspace, request.granted_cadence, act.now)
    return [*holds, *([Change("What it costs", "", cost, concerns_money=True)] if cost else [])]


def list_changes(request: UpgradeRequest, before: str, offer: dict[str, str] | None) -> list[Change]:
    changes = [Change("Tier", before, f"{say_grant(request)}, as soon as it is paid" if offer else say_grant(request))]
    if request.granted_tier != Tier.FREE:
        asked = request.cadence if request.cadence != request.granted_cadence else ""
        changes.append(Change("Billed", asked, request.granted_cadence, concerns_money=True))
    if request.granted_discount_kind:
        kind = DiscountKind(request.granted_discount_kind).label
        words = plans.describe_discount(kind, request.granted_discount_percent or 0, request.granted_discount_end)
        changes.append(Change("Discount", "", words, concerns_money=True))
    if request.makes_workspace and request.name != request.granted_name:
        changes.append(Change("Name", request.name, request.granted_name))
    return changes
