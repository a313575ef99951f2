"""How an account's amount comes about, and its lines. Pure. DOMAIN 2 and 4. Amounts: EUR per month, excluding VAT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from bursar.core.calendar import Month
from bursar.plans.rules import (
    AccountState,
    Catalogue,
    DiscountRow,
    Interval,
    Price,
    PriceLine,
    Seated,
    Terms,
    before_zero,
    cadence_at,
    calc_price,
    count_paid_seats,
    frozen_since,
    is_managed,
    list_paid,
    list_price_lines,
    live,
    seat_account,
    seat_unit,
    terms_at,
)
from bursar.rollup.rules.running import Running, iso
from bursar.rollup.rules.versions import RULE_VERSION, RULES, Rules
from bursar.rollup.states import Klass


@dataclass(frozen=True, slots=True)
class Settings:
    """`grace`: how long an unpaid renewal still counts. `former`: months closed under an earlier version."""

    catalogue: Catalogue
    grace: timedelta = timedelta(days=60)
    former: Mapping[Month, int] = field(default_factory=dict)

    def version_of(self, month: Month) -> int:
        return self.former.get(month, RULE_VERSION)

    def rules_of(self, at: datetime, version: int | None = None) -> Rules:
        """Those of the month that `at` lies in, or of the version asked for."""
        return RULES[version or self.version_of(Month.of(at))]


class Priced(NamedTuple):
    """Live workspaces, oldest first, with who sits there and what a seat costs; and the sum."""

    seated: list[Seated]
    price: Price


class Worked(NamedTuple):
    """How the amounts come about: `present` as it stands, `counted` as it counts, `full` without trial discounts.

    `frozen_at`: what counts is how it stood then. `cadence`: that of what counts.
    """

    terms: Terms
    running: Running | None
    cadence: str
    frozen_at: datetime | None
    present: Priced
    counted: Priced
    full: Priced


@dataclass(frozen=True, slots=True)
class _Pricer:
    """Prices one account by one version of the rules and one cadence."""

    account: AccountState
    settings: Settings
    rules: Rules
    cadence: str

    def at(self, at: datetime) -> Priced:
        return self._sum(seat_account(self.account, self.settings.catalogue, at, self.cadence))

    def before_zero(self, priced: Priced, at: datetime, interval: Interval | None) -> Priced:
        """Without a discount to zero that was set inside the paid interval, where one makes a paid tier cost 0."""
        if interval is None or priced.price.amount or not priced.price.is_paid_tier:
            return priced
        return self._discounted(priced, at, lambda rows: before_zero(rows, at, interval))

    def without_trials(self, priced: Priced, at: datetime) -> Priced:
        if not any(place.discount and place.discount.kind == "trial" for place in priced.seated):
            return priced

        def keep(rows: list[DiscountRow]) -> DiscountRow | None:
            row = live(rows, at)
            return row if row and row.kind != "trial" else None

        return self._discounted(priced, at, keep)

    def _discounted(
        self, priced: Priced, at: datetime, keep: Callable[[list[DiscountRow]], DiscountRow | None]
    ) -> Priced:
        shared = keep(self.account.discounts)
        seated = []
        for place in priced.seated:
            discount = keep(place.state.discounts) or shared
            seated.append(place._replace(unit=self._unit(place.effective.tier, discount, at)))
        return self._sum(seated)

    def _unit(self, tier: str, discount: DiscountRow | None, at: datetime) -> int:
        return seat_unit(self.settings.catalogue.rate(self.account, tier, self.cadence, at), discount)

    def _sum(self, seated: list[Seated]) -> Priced:
        return Priced(seated, calc_price(seated, self.rules.floor))


def work_out(account: AccountState, settings: Settings, at: datetime, rules: Rules) -> Worked:
    terms = terms_at(account, at)
    pricer = _Pricer(account, settings, rules, terms.cadence or "yearly")
    present = pricer.at(at)
    running = rules.calc_running(account, terms, present.price, at, settings.grace)
    if not running:
        full = pricer.without_trials(present, at)
        return Worked(terms, None, pricer.cadence, None, present, present, full)
    frozen_at = frozen_since(account, terms, at) if rules.freezes else None
    counted, when = present, frozen_at or at
    if frozen_at:
        pricer = _Pricer(account, settings, rules, cadence_at(account, frozen_at))
        counted = pricer.at(frozen_at)
    interval = next((one for one in list_paid(account, terms, at) if one.holds(when)), None)
    counted = pricer.before_zero(counted, when, interval)
    return Worked(terms, running, pricer.cadence, frozen_at, present, counted, counted)


class SeatPlace(NamedTuple):
    """One workspace: how many people sit there in a seat role, and how many of their seats are paid there."""

    workspace_id: int
    tier: str
    sitting: int
    paid: int


class Breakdown(NamedTuple):
    """The amount behind MRR or potential, line by line: EUR per month, excluding VAT.

    `frozen_at`: as it stood then, because nothing renews it; it counts until what is paid ends.
    """

    cadence: str
    lines: list[PriceLine]
    total: Decimal
    places: list[SeatPlace]
    frozen_at: datetime | None


def break_down(account: AccountState, settings: Settings, at: datetime) -> Breakdown:
    """What the account pays or would pay at `at`, as the figures count it."""
    rules = settings.rules_of(at)
    worked = work_out(account, settings, at, rules)
    klass, _ = classify(worked, rules, at)
    priced = worked.full if klass in rules.in_full else worked.counted

    def rate_of(tier: str) -> Decimal:
        return settings.catalogue.rate(account, tier, worked.cadence, worked.frozen_at or at)

    paid = count_paid_seats(priced.seated)
    seats = [
        SeatPlace(place.state.id, place.effective.tier, len(place.people), paid[place.state.id])
        for place in priced.seated
    ]
    lines = list_price_lines(priced.seated, rate_of, rules.floor)
    return Breakdown(worked.cadence, lines, priced.price.amount, seats, worked.frozen_at)


def classify(worked: Worked, rules: Rules, at: datetime) -> tuple[str, dict[str, Any]]:
    """The revenue class and its reason: a code with what the sentence needs. First match wins."""
    terms, seated, price = worked.terms, worked.present.seated, worked.present.price
    if worked.running:
        return Klass.PAYING, worked.running.reason
    trial = max(
        (p.effective.grant for p in seated if p.effective.grant and p.effective.grant.kind == "reverse_trial"),
        key=lambda grant: grant.end or grant.start,
        default=None,
    )
    if trial:
        return Klass.TRIAL, {"code": "reverse_trial", "until": iso(trial.end)}
    is_zero = price.is_paid_tier and price.amount == 0
    if is_zero and worked.full.price.amount > 0:
        return Klass.TRIAL, {"code": "trial_discount", "until": iso(_trial_end(seated))}
    if is_managed(terms) and not is_zero:
        return Klass.MANAGED, {"code": "no_settled_invoice"}
    if is_zero:
        discount = next((p.discount for p in seated if p.discount and p.discount.percent == 100), None)
        return Klass.COMPED, {"code": "discount", "kind": discount.kind if discount else ""}
    if price.is_paid_tier:
        return Klass.COMPED, {"code": "no_way_of_paying", "until": iso(rules.kept_until(terms, seated, at))}
    return Klass.FREE, {"code": "free"}


def _trial_end(seated: list[Seated]) -> datetime | None:
    ends = (p.discount.known_end for p in seated if p.discount and p.discount.kind == "trial")
    return max((end for end in ends if end), default=None)
