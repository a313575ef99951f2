"""A change of plan that was agreed for the end of the interval, when that has come."""

from __future__ import annotations

from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Outcome
from bursar.payments.actions.shared import BY_CLOCK, TOLD, by_system, name_tier, set_terms
from bursar.payments.queries.basics import get_meant
from bursar.payments.store import subscriptions
from bursar.plans import rules, store
from bursar.plans.actions.shared import state_of, tell_falls, terms_of
from bursar.tenants.models import BillingAccount


def _why_nothing_agreed(case: Case, data: Cleaned) -> str | None:
    meant = get_meant(case.target.pk)
    return None if meant and (meant.then_tier or meant.then_cadence) else "No change of plan was agreed."


@by_system(
    "arrive_at_plan",
    label="Plan changed as agreed",
    help="The cheaper tier, or the other way of being billed, that was agreed for the end of the interval holds now.",
    when=BY_CLOCK + "Until then the customer can withdraw the change.",
    refused=_why_nothing_agreed,
    tell=TOLD,
    event="plan.changed",
)
def arrive_at_plan(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    meant, terms = get_meant(account.pk), terms_of(act.case)
    assert meant is not None
    fallen = _lower(act, meant.then_tier) if meant.then_tier else []
    cadence = meant.then_cadence or meant.cadence
    changes = []
    if meant.then_tier:
        changes.append(Change("Plan", "", name_tier(meant.then_tier)))
    if cadence != terms.cadence:
        changes.append(Change("Billed", terms.cadence, cadence, concerns_money=True))
        set_terms(act, account, cadence=cadence)
    subscriptions.put(meant, then_tier="", then_cadence="", cadence=cadence)
    told = {"tiers": tell_falls(fallen), "cadence": cadence}
    return Outcome(f"The plan of {account} changed as agreed.", changes, {account.pk: None}, data=told)


def _lower(act: Act, tier: str) -> list[tuple[int, str, str]]:
    """Paid workspaces above `tier` go down to it."""
    fallen = []
    for workspace in state_of(act.case).workspaces:
        base = rules.base_tier(workspace.bases, terms_of(act.case), act.now)
        if workspace.is_live(act.now) and base in rules.PAID_TIERS and rules.RANK[base] > rules.RANK[tier]:
            fallen.append((workspace.id, base, tier))
    store.tiers.set_base_tiers([pk for pk, _, _ in fallen], tier, act.now)
    return fallen
