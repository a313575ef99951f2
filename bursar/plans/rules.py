"""Tiers, seats and prices at an instant. Pure: no Django, no clock. Rules: DOMAIN 2.

States are plain rows that hold in [start, end); `end` None is open. Rates are EUR per seat and month, excluding VAT.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeVar

from bursar.core.calendar import add_months_at, end_of
from bursar.core.days import say_day, say_end
from bursar.core.money import cents
from bursar.plans.states import Mode, Source, Status

RANK = {"free": 0, "pilot": 1, "innovator": 2, "changemaker": 3, "guardian": 4}
PAID_TIERS = frozenset({"innovator", "changemaker", "guardian"})
SEAT_ROLES = frozenset({"owner", "admin", "member", "billing", "external"})
MONTHS_OF = {"yearly": 12, "monthly": 1}
INVOICES = frozenset({Source.MANAGED})
SOURCES = frozenset(Source)
DAY = timedelta(days=1)


class Spanned(Protocol):
    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime | None: ...


S = TypeVar("S", bound=Spanned)


class Base(NamedTuple):
    tier: str
    start: datetime
    end: datetime | None


class Grant(NamedTuple):
    """`end` is when it really stopped; `planned_until` what was agreed, and all that was known while it ran."""

    tier: str
    kind: str
    start: datetime
    end: datetime | None
    planned_until: datetime | None


class DiscountRow(NamedTuple):
    """`end` is when it really stopped; `end_date` the last day agreed, and all that was known while it held."""

    kind: str
    percent: int
    start: datetime
    end: datetime | None
    end_date: date | None = None

    @property
    def known_end(self) -> datetime | None:
        return end_of(self.end_date) if self.end_date else None


class Terms(NamedTuple):
    """`ends_paid`: what was booked, or began, before `start` counts as paid no more: it was ended at once."""

    mode: str
    status: str
    cadence: str
    paid_until: datetime | None
    past_due_since: datetime | None
    lapses_at: datetime | None
    start: datetime
    end: datetime | None
    ends_paid: bool = False


class Pin(NamedTuple):
    tier: str
    cadence: str
    rate: Decimal
    start: datetime
    end: datetime | None


class Period(NamedTuple):
    source: str
    start: datetime
    end: datetime
    booked_at: datetime
    credited_at: datetime | None


class Member(NamedTuple):
    person_id: int
    role: str
    is_support: bool
    start: datetime
    end: datetime | None


class Manager(NamedTuple):
    staff_id: int
    start: datetime
    end: datetime | None


class CatalogueRow(NamedTuple):
    tier: str
    yearly: Decimal
    monthly: Decimal
    cap_hours: Decimal | None
    cap_effect: str
    start: datetime
    end: datetime | None


class Tenancy(NamedTuple):
    """When a workspace drew on the account."""

    start: datetime
    end: datetime | None


class Interval(NamedTuple):
    """Time that was paid for: [start, end)."""

    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(slots=True)
class WorkspaceState:
    """As one account sees it: `tenancies` are its own, `elsewhere` those of other accounts."""

    id: int
    created_at: datetime
    deleted_at: datetime | None
    tenancies: list[Tenancy] = field(default_factory=list)
    elsewhere: list[Tenancy] = field(default_factory=list)
    bases: list[Base] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    discounts: list[DiscountRow] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)

    def is_live(self, at: datetime) -> bool:
        gone = self.deleted_at is not None and self.deleted_at <= at
        return self.created_at <= at and not gone and live(self.tenancies, at) is not None

    @property
    def has_moved(self) -> bool:
        """Whether any stretch on this account or another ever ended: it moved, or was away and came back."""
        return bool(self.elsewhere) or any(row.end for row in self.tenancies)

    def was_handed_off(self, since: datetime, at: datetime) -> bool:
        """Whether another payer took it over from this account in (since, at]."""
        taken = {row.start for row in self.elsewhere}
        return any(row.end is not None and since < row.end <= at and row.end in taken for row in self.tenancies)

    def is_payer(self, at: datetime) -> bool:
        """Whether this account is whom the workspace drew on last, up to `at`; before it began: whom it drew on first.

        At every instant that is exactly one account.
        """
        ours = [row.start for row in self.tenancies]
        theirs = [row.start for row in self.elsewhere]
        begun = [start for start in (*ours, *theirs) if start <= at]
        return (max(begun) if begun else min((*ours, *theirs))) in ours

    def ended_at(self, at: datetime) -> datetime | None:
        """When it last stopped drawing on this account, up to `at`; None when it never had begun."""
        ends = (self._end_of(row) for row in self.tenancies if row.start <= at)
        return max((end for end in ends if end is not None and end <= at), default=None)

    def _end_of(self, row: Tenancy) -> datetime | None:
        """When this stretch stopped, by a move or by the workspace's own end."""
        return min((end for end in (row.end, self.deleted_at) if end is not None and end >= row.start), default=None)


@dataclass(slots=True)
class AccountState:
    """Everything dated that one account's figures follow from. `workspaces` are oldest first."""

    id: int
    created_at: datetime
    terms: list[Terms] = field(default_factory=list)
    discounts: list[DiscountRow] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    managers: list[Manager] = field(default_factory=list)
    workspaces: list[WorkspaceState] = field(default_factory=list)


NO_TERMS = Terms(Mode.SELF_SERVE.value, Status.NONE.value, "", None, None, None, datetime.min.replace(tzinfo=UTC), None)


def live(rows: Iterable[S], at: datetime) -> S | None:
    """The row that holds at `at`."""
    for row in rows:
        if row.start <= at and (row.end is None or at < row.end):
            return row
    return None


def terms_at(account: AccountState, at: datetime) -> Terms:
    return live(account.terms, at) or NO_TERMS


class EffectiveTier(NamedTuple):
    """`base` after any lapse; `grant` is the timed grant on top, when one is live, with its end as known then."""

    tier: str
    base: str
    grant: Grant | None


def effective_tier(workspace: WorkspaceState, terms: Terms, at: datetime) -> EffectiveTier:
    """The newest live timed grant, else the base tier. True by the clock: no job has to run."""
    base = base_tier(workspace.bases, terms, at)
    grants = [grant for grant in workspace.grants if live([grant], at)]
    if not grants:
        return EffectiveTier(base, base, None)
    grant = max(grants, key=lambda grant: grant.start)
    return EffectiveTier(grant.tier, base, grant._replace(end=grant.planned_until or grant.end))


def base_tier(bases: Iterable[Base], terms: Terms, at: datetime) -> str:
    """The base tier; a paid one set before the account's lapse falls to free at that instant."""
    row = live(bases, at)
    if row is None:
        return "free"
    lapsed = terms.lapses_at is not None and terms.lapses_at <= at and row.start < terms.lapses_at
    return "free" if lapsed and row.tier in PAID_TIERS else row.tier


class Catalogue:
    """The dated catalogue rows, by tier."""

    def __init__(self, rows: Iterable[CatalogueRow]) -> None:
        self.rows = list(rows)
        self._of_tier: dict[str, list[CatalogueRow]] = {}
        for row in self.rows:
            self._of_tier.setdefault(row.tier, []).append(row)

    def at(self, tier: str, at: datetime) -> CatalogueRow:
        """The row that holds at `at`; before the tier's first day, its first row. Raises LookupError without any."""
        rows = self._of_tier.get(tier, [])
        row = live(rows, at) or min((r for r in rows if r.start > at), key=lambda r: r.start, default=None)
        if row is None:
            raise LookupError(f"The catalogue has no {tier} at {at:%Y-%m-%d}.")
        return row

    def rate(self, account: AccountState, tier: str, cadence: str, at: datetime) -> Decimal:
        """The pinned price of the running interval, else the catalogue's."""
        pin = live([p for p in account.pins if p.tier == tier and p.cadence == cadence], at)
        if pin is not None:
            return pin.rate
        row = self.at(tier, at)
        return row.monthly if cadence == "monthly" else row.yearly

    def changes_after(self, at: datetime) -> Iterator[datetime]:
        return (
            instant for row in self.rows for instant in (row.start, row.end) if instant is not None and instant > at
        )


class Seated(NamedTuple):
    """A live workspace, who sits there, and what a seat costs: `unit` is hundredths of a cent per seat and month."""

    state: WorkspaceState
    effective: EffectiveTier
    discount: DiscountRow | None
    unit: int
    people: Set[int]


def seat_people(workspace: WorkspaceState, at: datetime) -> set[int]:
    """Distinct people with a seat: direct, live, in a seat role, not temporary support."""
    return {
        m.person_id
        for m in workspace.members
        if m.role in SEAT_ROLES and not m.is_support and m.start <= at and (m.end is None or at < m.end)
    }


def seat_account(account: AccountState, catalogue: Catalogue, at: datetime, cadence: str = "") -> list[Seated]:
    """The live workspaces with who sits there and what a seat costs, oldest first. By the terms' cadence."""
    terms, shared = terms_at(account, at), live(account.discounts, at)
    cadence = cadence or terms.cadence or "yearly"
    seated = []
    for workspace in account.workspaces:
        if workspace.is_live(at):
            effective = effective_tier(workspace, terms, at)
            discount = live(workspace.discounts, at) or shared
            rate = catalogue.rate(account, effective.tier, cadence, at)
            unit = seat_unit(rate, discount)
            seated.append(Seated(workspace, effective, discount, unit, seat_people(workspace, at)))
    return seated


class Price(NamedTuple):
    """`amount`: EUR per month after discount, excluding VAT. `is_paid_tier`: any workspace on a paid tier."""

    amount: Decimal
    seats: int
    is_paid_tier: bool


def assign_seats(seated: list[Seated]) -> dict[int, Seated]:
    """Where each person's one seat is paid: the dearest place they sit at; of equals the oldest workspace."""
    dearest: dict[int, Seated] = {}
    for place in seated:
        for person in place.people:
            known = dearest.get(person)
            if known is None or place.unit > known.unit:
                dearest[person] = place
    return dearest


def count_paid_seats(seated: list[Seated]) -> Counter[int]:
    """How many seats are paid at each workspace, by its key: each person where `assign_seats` puts them."""
    return Counter(place.state.id for place in assign_seats(seated).values())


Floor = Callable[[list[Seated]], "Seated | None"]


def dearest_paid(seated: list[Seated]) -> Seated | None:
    """Where an account pays one seat at least: the paid workspace dearest after discount; of equals the oldest."""
    paid = [place for place in seated if place.effective.tier in PAID_TIERS]
    return max(paid, key=lambda place: place.unit, default=None)


def calc_price(seated: list[Seated], floor: Floor = dearest_paid) -> Price:
    """Σ over people of the dearest seat they sit on; a paid account pays at least the one seat that `floor` names."""
    dearest, least = assign_seats(seated), floor(seated)
    units = max(sum(place.unit for place in dearest.values()), least.unit if least else 0)
    return Price(amount_of(units), len(dearest), least is not None)


def amount_of(units: int) -> Decimal:
    """EUR from hundredths of a cent."""
    return cents(Decimal(units) / 10_000)


class PriceLine(NamedTuple):
    """`seats` of one kind: EUR per seat and month, per cent off, and the sum. `is_floor`: the one seat at least."""

    tier: str
    rate: Decimal
    percent: int
    seats: int
    amount: Decimal
    is_floor: bool = False


def list_price_lines(
    seated: list[Seated], rate_of: Callable[[str], Decimal], floor: Floor = dearest_paid
) -> list[PriceLine]:
    """The price, worked out: its lines add up to `calc_price`. Dearest first; free seats stand too."""
    counts = Counter((place.effective.tier, place.unit) for place in assign_seats(seated).values())
    lines = [_price_line(tier, unit, count, rate_of(tier)) for (tier, unit), count in counts.items()]
    lines.sort(key=lambda line: (-RANK[line.tier], line.percent))
    least, price = floor(seated), calc_price(seated, floor)
    missing = price.amount - sum((line.amount for line in lines), Decimal(0))
    if least is not None and missing:
        line = _price_line(least.effective.tier, least.unit, 1, rate_of(least.effective.tier))
        lines.append(line._replace(amount=missing, is_floor=True))
    return lines


def _price_line(tier: str, unit: int, count: int, rate: Decimal) -> PriceLine:
    full = int(rate * 100)
    percent = 100 - unit // full if full else 0
    return PriceLine(tier, rate, percent, count, amount_of(unit * count))


def seat_unit(rate: Decimal, discount: DiscountRow | None) -> int:
    """Hundredths of a cent: whole numbers, so that sums stay exact."""
    return int(rate * 100) * (100 - (discount.percent if discount else 0))


def standing_periods(account: AccountState, at: datetime) -> list[Period]:
    """What is settled and uncredited at `at`, past and future, but for what was ended at once."""
    cut = max((row.start for row in account.terms if row.ends_paid and row.start <= at), default=None)
    return [
        period
        for period in account.periods
        if period.booked_at <= at
        and (period.credited_at is None or at < period.credited_at)
        and (cut is None or (period.booked_at > cut and period.start >= cut))
    ]


def list_paid(account: AccountState, terms: Terms, at: datetime, sources: Container[str] = SOURCES) -> list[Interval]:
    """What is paid for, as known at `at`: by the standing periods, then up to `paid_until`."""
    periods = [period for period in standing_periods(account, at) if period.source in sources]
    found = [Interval(period.start, period.end) for period in periods]
    if terms.paid_until is not None:
        start = add_months_at(terms.paid_until, -MONTHS_OF[terms.cadence or "yearly"])
        found.append(Interval(min(start, at), terms.paid_until))
    return found


def paid_interval(account: AccountState, terms: Terms, at: datetime) -> Interval | None:
    """The interval already paid for that contains `at`."""
    return next((interval for interval in list_paid(account, terms, at) if interval.holds(at)), None)


def paid_run(account: AccountState, terms: Terms, at: datetime) -> Interval | None:
    """The paid time around `at` that needs no subscription: by invoices and `paid_until`; intervals that touch are one.

    What Mollie took for a period says nothing here: the subscription's status and `paid_until` do.
    """
    runs: list[Interval] = []
    for interval in sorted(list_paid(account, terms, at, INVOICES)):
        if runs and interval.start <= runs[-1].end:
            runs[-1] = Interval(runs[-1].start, max(runs[-1].end, interval.end))
        else:
            runs.append(interval)
    return next((run for run in runs if run.holds(at)), None)


def is_managed(terms: Terms) -> bool:
    return terms.mode == Mode.MANAGED


def is_charging(terms: Terms) -> bool:
    """Whether a Mollie subscription is live: it takes money, tries to, or is about to take the first."""
    return not is_managed(terms) and terms.status in (Status.ACTIVE, Status.PAST_DUE, Status.PENDING)


def renews(terms: Terms) -> bool:
    """Whether the account will be asked to pay again."""
    return is_managed(terms) or terms.status in (Status.ACTIVE, Status.PAST_DUE)


def frozen_since(account: AccountState, terms: Terms, at: datetime) -> datetime | None:
    """When the account was cancelled, or set back to self-serve, inside paid time that runs on at `at`; else None."""
    run = None if renews(terms) else paid_run(account, terms, at)
    if run is None:
        return None
    stop = max((row.end for row in account.terms if renews(row) and row.end and row.end <= at), default=None)
    if stop is None:
        stop = min(
            (row.start for row in account.terms if row.status == Status.CANCELLED and row.start <= at), default=None
        )
    paid_on = terms.paid_until is not None and at < terms.paid_until
    return stop if stop is not None and (run.start <= stop or paid_on) else None


def cadence_at(account: AccountState, at: datetime) -> str:
    """How the account is billed at `at`, or was until it stopped; yearly where nothing says so."""
    said = [row.cadence for row in account.terms if row.start <= at and row.cadence]
    return terms_at(account, at).cadence or (said[-1] if said else "yearly")


def before_zero(discounts: list[DiscountRow], at: datetime, interval: Interval) -> DiscountRow | None:
    """The discount in force, leaving out a 100 % one that was set inside the paid interval (DOMAIN 4, class 1)."""
    row = live(discounts, at)
    while row is not None and row.percent == 100 and row.start > interval.start:
        start = row.start
        earlier = [r for r in discounts if r.start < start and (r.end is None or r.end >= start)]
        row = max(earlier, key=lambda r: r.start, default=None)
    return row


def has_way_of_paying(account: AccountState, at: datetime) -> bool:
    """Managed, by a subscription, or because what was paid before it was cancelled or set back runs on."""
    terms = terms_at(account, at)
    return renews(terms) or is_charging(terms) or frozen_since(account, terms, at) is not None


def why_not_change_tier(terms: Terms) -> str | None:
    """Whatever the tier: a live subscription charges for the present one, so nobody changes it behind its back."""
    if is_charging(terms):
        return (
            "A Mollie subscription is live. The customer changes plan at checkout, "
            "or staff set the account managed first."
        )
    return None


def why_not_set_managed(terms: Terms) -> str | None:
    return "The account is managed already." if is_managed(terms) else None


def why_not_managed_beside(terms: Terms, cancels: bool) -> str | None:
    """Nobody pays twice. `cancels`: the subscription is ended with it."""
    if is_charging(terms) and not cancels:
        return (
            "A Mollie subscription is live. It has to be cancelled before the account can be managed: tick that it "
            "ends with what is paid."
        )
    return None


def why_not_this_tier(tier: str, present: EffectiveTier) -> str | None:
    if tier == present.base and present.grant is None:
        return f"The workspace is on {tier.capitalize()} already."
    return None


def why_not_grant_tier(tier: str, present: EffectiveTier, end: datetime) -> str | None:
    """A time-limited approval lifts above the base tier and above a trial that runs, and says something new.

    It takes the place of an earlier approval, so it may be lower than that one.
    """
    running = present.grant
    if running and running.kind == "reverse_trial" and RANK[tier] < RANK[running.tier]:
        return (
            f"A reverse trial of {running.tier.capitalize()} runs until {say_end(running.end)}, and "
            f"{tier.capitalize()} would be less. End the trial first, or wait for its end."
        )
    if RANK[tier] <= RANK[present.base]:
        return f"The workspace is on {present.base.capitalize()} for good; a time-limited tier has to be above that."
    if present.grant and (present.grant.tier, present.grant.end) == (tier, end):
        return f"{tier.capitalize()} until that day is what holds already."
    return None


def list_losses(before: str, after: str, before_cap: Decimal | None, after_cap: Decimal | None) -> list[str]:
    """What the customer loses by going from one tier down to another, in sentences."""
    if RANK[after] >= RANK[before]:
        return []
    losses = [f"This is a step down, from {before.capitalize()} to {after.capitalize()}."]
    if after_cap is not None and before_cap is None:
        losses.append(f"Recording is unlimited now; it will count towards a cap of {after_cap.normalize():f} h.")
    if after == "free":
        losses.append("What exists stays readable; creating more is gated, and uploads lock at the cap.")
    return losses


def why_not_end_on(day: date, today: date) -> str | None:
    return f"The end date {say_day(day)} is past. Choose today or later." if day < today else None


def why_not_discount(kind: str, percent: int, end_date: date | None, today: date, *, on_account: bool) -> str | None:
    if kind == "trial" and end_date is None:
        return "A trial discount needs an end date."
    late = why_not_end_on(end_date, today) if end_date is not None else None
    if late:
        return late
    if percent == 0 and on_account:
        return "0 % is no discount. Use “Remove discount” to go back to the full price."
    return None


def describe_discount(kind_label: str, percent: int, end_date: date | None) -> str:
    """ "50 % scholarship, until 31 December 2026"; 0 %, on a workspace, is none: the account's does not hold there."""
    until = f", until {say_day(end_date)}" if end_date else ""
    return f"{percent} % {kind_label}{until}" if percent else f"no discount here, the full price{until}"
