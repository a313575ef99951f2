"""What an account pays: the price as the figures count it, what comes next, what was paid."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import structlog

from bursar.dashboard.rules import Charge, next_charge
from bursar.plans.models import AccountManager, Discount, PaidPeriod, PinnedPrice, TierTerms
from bursar.plans.queries import load_accounts
from bursar.plans.rules import AccountState, Terms, terms_at
from bursar.rollup.queries.months import rule_settings
from bursar.rollup.rules import Breakdown, Settings, break_down, evaluate
from bursar.staff.models import StaffMember
from bursar.tenants.models import BillingAccount, Workspace
from bursar.tenants.scope import Scope

PAYMENTS_SHOWN = 24
log = structlog.get_logger()


@dataclass(frozen=True)
class Bill:
    """`price`: EUR per month, excluding VAT. `klass`, `reason`, `overdue_since`: as the rollup says. `charge`: next."""

    account: BillingAccount
    terms: Terms
    klass: str
    reason: dict[str, str]
    overdue_since: datetime | None
    tiers: list[str]
    price: Breakdown
    charge: Charge | None
    discount: Discount | None
    state: AccountState
    settings: Settings

    def price_at(self, at: datetime) -> Breakdown:
        """The price at another instant, if nothing else changes until then."""
        return break_down(self.state, self.settings, at)


def list_bills(accounts: list[BillingAccount], now: datetime) -> list[Bill]:
    """In a fixed number of statements. One that cannot be computed is left out; the log says why."""
    if not accounts:
        return []
    states, settings = load_accounts([account.pk for account in accounts]), rule_settings()
    discounts = {row.account_id: row for row in Discount.objects.at(now).filter(account_id__in=states)}
    bills = []
    for account in accounts:
        try:
            bills.append(_bill(account, states[account.pk], settings, discounts.get(account.pk), now))
        except Exception:
            log.exception("bill_not_computed", account=account.public_id)
    return bills


def _bill(
    account: BillingAccount, state: AccountState, settings: Settings, discount: Discount | None, now: datetime
) -> Bill:
    facts = evaluate(state, settings, now)
    return Bill(
        account=account,
        terms=terms_at(state, now),
        klass=facts.klass,
        reason=facts.reason,
        overdue_since=facts.overdue_since,
        tiers=facts.tiers,
        price=break_down(state, settings, now),
        charge=next_charge(state, settings, now),
        discount=discount,
        state=state,
        settings=settings,
    )


@dataclass(frozen=True)
class Place:
    """Where seats are paid. `workspace` None: all those together that the reader does not know."""

    workspace: Workspace | None
    tier: str
    sitting: int
    paid: int
    others: int = 0


def list_places(scope: Scope, bill: Bill) -> list[Place]:
    """By workspace in the order of names; what lies outside the scope is added up without a name."""
    known = {w.pk: w for w in scope.workspaces}
    places = [
        Place(known[p.workspace_id], p.tier, p.sitting, p.paid) for p in bill.price.places if p.workspace_id in known
    ]
    rest = [place for place in bill.price.places if place.workspace_id not in known]
    places.sort(key=lambda place: place.workspace.sort_key if place.workspace else "")
    if rest:
        sitting, paid = sum(place.sitting for place in rest), sum(place.paid for place in rest)
        places.append(Place(None, "", sitting, paid, len(rest)))
    return places


def list_discounts(account: BillingAccount, now: datetime) -> list[Discount]:
    """Live, the account's own first, then those of its workspaces."""
    live = Discount.objects.at(now).select_related("workspace")
    own = live.filter(account=account)
    there = live.filter(workspace__account=account, workspace__deleted_at=None).order_by("workspace__sort_key", "id")
    return [*own, *there]


def list_kept_prices(account: BillingAccount, cadence: str, tiers: Collection[str], now: datetime) -> list[PinnedPrice]:
    rows = PinnedPrice.objects.at(now).filter(account=account, cadence=cadence, tier__in=tiers)
    return list(rows.order_by("-tier_rank"))


def list_payments(account: BillingAccount, page: int) -> tuple[list[PaidPeriod], int]:
    found = PaidPeriod.objects.filter(account=account)
    start = (page - 1) * PAYMENTS_SHOWN
    return list(found.order_by("-booked_at", "-id")[start : start + PAYMENTS_SHOWN]), found.count()


def get_manager(account: BillingAccount, now: datetime) -> StaffMember | None:
    """The account's contact at the company, who is there to be known; nobody else of the staff is."""
    rows = AccountManager.objects.at(now).filter(account=account, staff__is_active=True)
    row = rows.select_related("staff__user").first()
    return row.staff if row else None


def get_one_off(tier: str, now: datetime) -> Decimal:
    """What the tier costs once per account: EUR, excluding VAT."""
    return TierTerms.objects.at(now).get(tier=tier).one_off
