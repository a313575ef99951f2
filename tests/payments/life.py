"""One company's life with a simulator of Mollie: what may happen to it, and what must be so whenever it comes to rest."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from bursar.access.actor import Actor
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.billing.store import set_details
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.errors import Refusal
from bursar.core.money import cents
from bursar.core.ticks import TICKS
from bursar.mollie_sim import objects as there
from bursar.mollie_sim.outcomes import decide
from bursar.mollie_sim.returned import charge_back, reverse, set_refund_status
from bursar.mollie_sim.server import serving
from bursar.mollie_sim.simulator import Simulator
from bursar.mollie_sim.standing import set_mandate_status
from bursar.payments import gateway as gateways
from bursar.payments import invoicing, look, timed
from bursar.payments.actions import apply
from bursar.payments.gateway import caller
from bursar.payments.models import Call, Charge, Chargeback, Mandate, Payment, Refund, Subscription
from bursar.payments.queries import get_meant
from bursar.payments.queries.drift import list_drift
from bursar.payments.queries.gap import calc_gap
from bursar.payments.rules.drift import Drift
from bursar.payments.rules.table import INTERVALS
from bursar.payments.store import hints
from bursar.payments.sync import walks
from bursar.plans.queries import load_account
from bursar.plans.rules import effective_tier, is_managed, terms_at
from bursar.product.actions.pushes import Batch
from bursar.product.models import ApiKey
from bursar.product.queries import actor_of_key
from bursar.staff.models import Role, StaffMember
from bursar.tenants.models import BillingAccount
from tests.cast import Cast, bring_all, confirmed, fact, prove, seat, workspace
from tests.payments.billed import check_books, let_invoice
from tests.payments.buying import DETAILS
from tests.payments.counter import SOON, Counter
from tests.payments.till import HTTP, KEY
from tests.requests.helpers import customer

PRICES = {
    "free": {"yearly": 0, "monthly": 0},
    "innovator": {"yearly": 20, "monthly": 23},
    "changemaker": {"yearly": 75, "monthly": 86},
    "guardian": {"yearly": 150, "monthly": 172},
}
"""As DOMAIN 2 has them: what is computed here leans on nothing of Bursar's."""
GERMAN_ID = "DE136695976"
ADDRESSES = {
    "home": DETAILS,
    "Germany": replace(DETAILS, country="DE", postcode="50667", city="Köln"),
    "Germany, with an id": replace(DETAILS, country="DE", postcode="50667", city="Köln", vat_id=GERMAN_ID),
    "America": replace(DETAILS, country="US", postcode="10001", city="New York"),
}
MONTHS = {"yearly": 12, "monthly": 1}
WORKERS = ("payments.", "plans.", "billing.")
GUESTS = ("ali", "maud", "jan")
PLACES = ("panel", "werk")
REVIVES = ("check_out", "resume_plan", "set_managed", "set_self_serve")
"""What a person does may bring an account back that was cancelled; nothing that Mollie tells does."""
TOLD_FAILING = ("fall_behind", "lose_payment", "miss_renewal")
ENDS_FAILING = (
    "renew",
    "settle",
    "settle_by_invoice",
    "note_given_back",
    "start_paying",
    "cancel_plan",
    "cancel_subscription",
    "end_at_once",
)
DONE: Tally[str] = Tally()


class Loud:
    """In place of a log: what would only be logged is a fault here."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults

    def exception(self, event: str, **more: Any) -> None:
        import traceback

        self.faults.append(f"{event} {more}\n{traceback.format_exc()}")

    def error(self, event: str, **more: Any) -> None:
        self.faults.append(f"{event} {more}")

    def info(self, event: str, **more: Any) -> None:
        DONE[f"log {event}"] += 1

    warning = info


class Life:
    """Everything goes in by the doors: levers, the product's push, Mollie's API and hook, the worker's jobs and ticks."""

    def __init__(self, cast: Cast, settings: Any, patch: pytest.MonkeyPatch) -> None:
        self.cast, self.settings, self.patch = cast, settings, patch
        self.simulator = Simulator(clock.now(), send=lambda parcel: self._hear(parcel))
        self.faults: list[str] = []
        self.story: list[str] = []
        self.frozen: Decimal | None = Decimal(0)
        key = ApiKey.objects.create(name="k", digest="k", hint="hint", scopes=["push"], created_by="t")
        self.product = actor_of_key(key)
        self.seated: dict[str, set[str]] = {"panel": {"lotte"}, "werk": {"lotte"}}
        self.gone: set[str] = set()
        self.address, self.has_accepted_id = "home", False
        self.is_ended = self.is_overtaken = self.is_worker_behind = False

    @contextmanager
    def lived(self) -> Iterator[None]:
        self.patch.setattr(caller, "PATIENT", None)
        for module in (timed, look, apply, invoicing):
            self.patch.setattr(module, "log", Loud(self.faults))
        with serving(self.simulator) as address:
            self.settings.BURSAR_MOLLIE_KEY, self.settings.BURSAR_MOLLIE_URL = KEY, address
            let_invoice(self.settings)
            gateways.forget()
            self.counter = Counter(self.simulator, gateways.get_gateway(patient=True), self.cast.samen)
            bring_all(*workspace("werk", "samen", "Werkplaats", clock.now() - timedelta(days=50)))
            bring_all(seat("werk", "lotte", "owner", clock.now() - timedelta(days=50)))
            set_details({self.account.pk: DETAILS}, clock.now())
            self.finance = [_colleague("fien"), _colleague("floor")]
            yield
        gateways.forget()

    @property
    def account(self) -> BillingAccount:
        return self.counter.account

    def _hear(self, parcel: Any) -> int:
        clock.set_fixed(max(clock.now(), self.simulator.clock.now()) + SOON)
        return self.counter.deliver(parcel)

    # What people do

    def do(self, verb: str, data: dict[str, Any] | None = None, who: Actor | None = None, on: Any = None) -> bool:
        """Refusals are right answers; everything else is loud."""
        self.wait(timedelta(seconds=1))
        actor = who or customer("lotte")
        key = verb if "." in verb else f"payments.account.{verb}"
        reason = "" if who is None else "They asked for it"
        status, before = self.terms().status, self.price() if self.percent() < 100 else None
        try:
            run(key, actor, (on or self.account).public_id, data or {}, reason=reason)
        except Refusal as refusal:
            self.story.append(f"  {verb} {data or ''} refused: {refusal.sentence}")
            DONE[f"refused {verb}"] += 1
            return False
        self.is_worker_behind = True
        self.story.append(f"{clock.now():%d %b %Y %H:%M} {verb} {data or ''}")
        DONE[verb] += 1
        now = self.terms().status
        if (status != "cancelled" and now == "cancelled") or verb.endswith("set_self_serve"):
            self.frozen = before
        if now == "cancelled":
            self.is_ended = True
        if verb.endswith(REVIVES):
            self.is_ended = False
        return True

    def shop(self, number: int, outcome: str, method: str) -> None:
        """By the checkout's page, of one that is open there."""
        opened = [one for one in self.there() if one.status == "open"]
        if not opened:
            return
        one = opened[-1 - number % len(opened)]
        answer = HTTP.post(f"{self.simulator.base}/checkout/{one.id}", data={"method": method, "outcome": outcome})
        self.tell(f"the shopper: {outcome} by {method}, {one.amount.value} ({answer.status_code})")

    def _push(self, **item: Any) -> None:
        self.wait(timedelta(seconds=1))
        batch = Batch([{**item, "changed_at": clock.now().isoformat()}], "life")
        made = run("product.company.push", self.product, "company", {"batch": batch})
        assert made.data["results"][0]["result"] != "refused", made.data
        self.is_worker_behind = True

    def push_seat(self, place: str, who: str, role: str | None) -> None:
        self._push(kind="workspace_member", workspace=place, person=who, role=role)
        (self.seated[place].discard if role is None else self.seated[place].add)(who)
        self.tell(f"{who} is {role} of {place}")

    def push_workspace(self, place: str, *, deleted: bool) -> None:
        self._push(kind="workspace", external_id=place, organisation="samen", name=place, deleted=deleted)
        (self.gone.add if deleted else self.gone.discard)(place)
        self.tell(f"{place} is {'deleted' if deleted else 'there'}")

    def move_house(self, where: str) -> None:
        """Their VAT becomes another one, or does once somebody accepts the id."""
        data = {**asdict(ADDRESSES[where]), "mails": ""}
        if self.do("billing.account.give_billing_details", data):
            self.has_accepted_id = self.has_accepted_id and where == self.address
            self.address = where

    def accept_id(self) -> None:
        if self.do("billing.account.accept_vat_id", {"consultation": "WAPIAAAA1"}, self.cast.iris):
            self.has_accepted_id = True

    # What Mollie does

    def there(self) -> list[there.Payment]:
        return list(self.simulator.world.payments.values())

    def tell(self, words: str) -> None:
        self.story.append(f"{clock.now():%d %b %Y %H:%M} {words}")

    def decide(self, number: int, outcome: str) -> None:
        known = [one for one in self.there() if one.status in ("pending", "paid")]
        with suppress(ValueError, IndexError), self.simulator.world.lock:
            one = known[-1 - number % len(known)] if known else None
            if one and (one.status == "pending" or one.method == "directdebit"):
                before = one.status
                decide(self.simulator.world, one, outcome)
                self.tell(f"the bank: {one.amount.value} {before} -> {outcome}")

    def take_back(self, number: int, part: Decimal | None, code: str) -> None:
        paid = [one for one in self.there() if one.status == "paid" and one.method != "ideal"]
        with suppress(ValueError), self.simulator.world.lock:
            if paid:
                one = paid[-1 - number % len(paid)]
                charge_back(self.simulator.world, one, part and cents(one.amount.value * part), code)
                self.tell(f"charged back: {part or 'all'} of {one.amount.value} {one.sequence}")

    def give_back(self, number: int) -> None:
        lost = [one for one in self.simulator.world.chargebacks.values() if one.reversed_at is None]
        with self.simulator.world.lock:
            if lost:
                reverse(self.simulator.world, lost[-1 - number % len(lost)])
                self.tell("a chargeback is reversed")

    def refund_there(self, number: int, part: Decimal) -> None:
        """By somebody in Mollie's dashboard."""
        paid = [one for one in self.there() if one.status == "paid"]
        if paid:
            one = paid[-1 - number % len(paid)]
            body = {"amount": {"currency": "EUR", "value": f"{cents(one.amount.value * part)}"}}
            headers = {"Authorization": f"Bearer {KEY}"}
            answer = HTTP.post(f"{self.simulator.base}/v2/payments/{one.id}/refunds", json=body, headers=headers)
            self.tell(f"refunded at Mollie: {part} of {one.amount.value} ({answer.status_code})")

    def fail_refund(self, number: int) -> None:
        sent = [one for one in self.simulator.world.refunds.values() if one.status in ("pending", "processing")]
        with self.simulator.world.lock:
            if sent:
                set_refund_status(self.simulator.world, sent[-1 - number % len(sent)], "failed")
                self.tell("a refund fails")

    def end_there(self, status: str) -> None:
        for one in list(self.simulator.world.subscriptions.values())[-1:]:
            with suppress(ValueError):
                self.simulator.set_subscription_status(one, status)
                self.tell(f"Mollie: the subscription is {status}")

    def spoil(self, number: int, status: str) -> None:
        known = list(self.simulator.world.mandates.values())
        with self.simulator.world.lock:
            if known:
                set_mandate_status(self.simulator.world, known[-1 - number % len(known)], status)
                self.tell(f"a mandate is {status}")

    def foresee(self, outcomes: list[str]) -> None:
        for one in self.simulator.world.mandates.values():
            one.next = list(outcomes)
        self.tell(f"the next charges end: {outcomes}")

    # Time, and the worker

    def wait(self, span: timedelta) -> None:
        until, taken = clock.now() + span, self._count_taken()
        is_owed = self.is_worker_behind or Call.objects.filter(state__in=["waiting", "looking"]).exists()
        self.simulator.advance(until - self.simulator.clock.now())
        clock.set_fixed(until)
        self.is_overtaken |= is_owed and self._count_taken() > taken

    def _count_taken(self) -> int:
        return sum(one.sequence == "recurring" for one in self.there())

    def live(self, span: timedelta, grain: timedelta) -> None:
        """The worker wakes each `grain`."""
        self.tell(f"{span} pass, the worker wakes each {grain}")
        until = clock.now() + span
        while clock.now() < until:
            self.wait(min(grain, until - clock.now()))
            self.work()

    def work(self) -> None:
        for name in [name for name in TICKS if name.startswith(WORKERS)]:
            TICKS[name](clock.now())
        self.counter.work()
        self.is_worker_behind = False

    def rest(self) -> None:
        """What was told is heard, what was asked is carried out, what was never told is found; and the minute after."""
        self.simulator.heal()
        for number in range(12):
            self.wait(timedelta(minutes=61))
            self.simulator.deliver()
            self.work()
            walks.walk_all(self.counter.gateway, lambda name, seen: None)
            for mandate in Mandate.objects.select_related("customer"):
                look.look_at_mandate(self.counter.gateway, mandate.customer, mandate.mollie_id)
            done = self.counter.work()
            if number and not done and not self._is_restless():
                return
        raise AssertionError(f"it never comes to rest: {self._is_restless()}")

    def _is_restless(self) -> list[str]:
        waiting = [f"hint {one}" for one in hints.list_waiting().values_list("pk", flat=True)]
        waiting += [f"call {one.op}: {one.problem}" for one in Call.objects.filter(state__in=["waiting", "looking"])]
        waiting += [f"payment {one}" for one in Payment.objects.filter(to_apply=True)]
        return waiting

    # What must be so

    def terms(self) -> Any:
        return terms_at(load_account(self.account.pk), clock.now())

    def tiers(self) -> dict[str, str]:
        state, terms = load_account(self.account.pk), self.terms()
        names = {one.pk: one.external_id for one in self.account.workspaces.all() if one.external_id not in self.gone}
        return {
            names[one.id]: effective_tier(one, terms, clock.now()).tier for one in state.workspaces if one.id in names
        }

    def percent(self, at: datetime | None = None) -> int:
        at = at or clock.now()
        rows = load_account(self.account.pk).discounts
        return next((one.percent for one in rows if one.start <= at and (one.end is None or at < one.end)), 0)

    def vat(self) -> Decimal:
        """Outside the EU, and to a business of another member state whose id is confirmed, none is charged."""
        is_free = self.address == "America" or (self.address == "Germany, with an id" and self.has_accepted_id)
        return Decimal(1) if is_free else Decimal("1.21")

    def price(self, cadence: str = "", tiers: dict[str, str] | None = None, percent: int | None = None) -> Decimal:
        """EUR net a month: each person where they cost most, one seat at least."""
        cadence = cadence or self.terms().cadence or "yearly"
        rates = {place: Decimal(PRICES[tier][cadence]) for place, tier in (tiers or self.tiers()).items()}
        people = {
            who: max(rates[place] for place in rates if who in self.seated[place])
            for who in set().union(*(self.seated[place] for place in rates))
        }
        full = max(sum(people.values(), Decimal(0)), max(rates.values(), default=Decimal(0)))
        percent = self.percent() if percent is None else percent
        return cents(full * (100 - percent) / 100)

    def mrr(self) -> Decimal | None:
        """As DOMAIN 4 says it; None: a discount to zero came in a paid interval, and leaves that to another day."""
        terms, now = self.terms(), clock.now()
        is_late = terms.past_due_since is not None and now >= terms.past_due_since + timedelta(days=60)
        if self.percent() == 100 and terms.paid_until and now < terms.paid_until:
            return None
        if is_managed(terms):
            return self.price() if terms.paid_until and now < terms.paid_until else Decimal(0)
        if terms.status == "active" or (terms.status == "past_due" and not is_late):
            return self.price()
        if terms.status in ("cancelled", "none") and terms.paid_until and now < terms.paid_until and not is_late:
            return self.frozen
        return Decimal(0)

    def check(self) -> None:
        try:
            self._check()
        except AssertionError as error:
            raise AssertionError("\n".join([*self.story, "", str(error)])) from error

    def _check(self) -> None:
        assert not self.faults, "\n".join(self.faults)
        self.rest()
        assert not self.faults, "\n".join(self.faults)
        self.check_mirror()
        self.check_charges()
        self.check_subscriptions()
        self.check_notices()
        self.check_gap()
        DONE["documents"] += check_books()
        prove()
        self.check_mrr()
        DONE["checked"] += 1

    def check_mirror(self) -> None:
        """Row by row, both ways."""
        world = self.simulator.world
        ours: dict[str, Any] = {
            row.mollie_id: (
                row.status,
                row.amount,
                row.refunded,
                row.charged_back,
                row.method,
                row.paid_at,
                row.mollie_mandate_id,
            )
            for row in Payment.objects.all()
        }
        theirs: dict[str, Any] = {
            one.id: (
                one.status,
                one.amount.value,
                one.refunded,
                one.charged_back,
                one.method or "",
                one.paid_at,
                one.mandate_id or "",
            )
            for one in world.payments.values()
        }
        assert ours == theirs, _differ(ours, theirs)
        ours = {
            row.mollie_id: (row.state, row.amount, row.payment.mollie_id)
            for row in Refund.objects.exclude(mollie_id="")
        }
        theirs = {one.id: (one.status, one.amount.value, one.payment_id) for one in world.refunds.values()}
        assert ours == theirs, _differ(ours, theirs)
        ours = {row.mollie_id: (row.reversed_at, row.amount, row.payment.mollie_id) for row in Chargeback.objects.all()}
        theirs = {one.id: (one.reversed_at, one.amount.value, one.payment_id) for one in world.chargebacks.values()}
        assert ours == theirs, _differ(ours, theirs)
        ours = {
            row.mollie_id: (row.status, row.amount, row.next_date, row.mollie_mandate_id)
            for row in Subscription.objects.exclude(mollie_id="")
        }
        theirs = {
            one.id: (one.status, one.amount.value, one.next_date, one.mandate_id or "")
            for one in world.subscriptions.values()
        }
        assert ours == theirs, _differ(ours, theirs)
        ours = {row.mollie_id: row.status for row in Mandate.objects.all()}
        theirs = {one.id: one.status for one in world.mandates.values()}
        assert set(ours) <= set(theirs) and all(theirs[key] == value for key, value in ours.items()), _differ(
            ours, theirs
        )

    def check_charges(self) -> None:
        """Nobody is charged twice for an interval: by Mollie or by us; a person may pay at two open checkouts."""
        for charge in Charge.objects.filter(account=self.account).exclude(kind="method"):  # a proof buys nothing
            kept = [one for one in charge.payments.all() if one.status == "paid" and not one.charged_back]
            taken = [one for one in kept if one.raw.get("sequenceType") == "recurring"]
            assert len(taken) <= 1, f"taken twice: {charge} {[str(one) for one in taken]}"
            if charge.state == "paid":
                assert kept or charge.payments.filter(charged_back__lt=0).exists() or self._came_back(charge), (
                    f"{charge} is paid by nothing"
                )
            elif kept and charge.state != "ended":
                raise AssertionError(f"{charge} is {charge.state}, and {kept} arrived")
        paid = Charge.objects.filter(
            account=self.account, kind__in=list(INTERVALS), state="paid", subscription__isnull=False
        )
        spans: dict[int, list[Any]] = {}
        for one in paid:
            spans.setdefault(one.subscription_id or 0, []).append((one.interval_from, one.interval_until))
        for own in spans.values():
            assert all(a[1] <= b[0] for a, b in pairwise(sorted(own))), f"intervals overlap: {own}"

    def _came_back(self, charge: Charge) -> bool:
        return any(one.charged_back < one.amount for one in charge.payments.filter(status="paid"))

    def check_subscriptions(self) -> None:
        """At most one charges; none after an end; and by the amount of today's seats and of what is agreed."""
        living = [one for one in self.simulator.world.subscriptions.values() if one.status in ("active", "pending")]
        meant, terms = get_meant(self.account.pk), self.terms()
        assert len(living) <= 1, [one.id for one in living]
        if terms.status not in ("active", "past_due") or is_managed(terms):
            assert not living, f"{terms.status}, and Mollie charges"
        assert not self.is_ended or terms.status in ("cancelled", "none"), f"revived: {terms}"
        if terms.status == "cancelled" and (terms.paid_until is None or terms.paid_until <= clock.now()):
            assert set(self.tiers().values()) == {"free"}, self.tiers()
        if living:
            assert meant is not None and meant.mollie_id == living[0].id
            self._check_next(living[0], meant, terms)
        found = list_drift(clock.now())
        drift = {one.drift for one in found}
        for one in found:
            assert one.subscription is None or not one.subscription.ends_at_paid_end, f"{one.drift}: it was ended here"
        wrong = drift & {Drift.SECOND, Drift.UNKNOWN, Drift.INTERVAL, Drift.AMOUNT}
        assert not wrong, wrong

    def _check_next(self, one: Any, meant: Subscription, terms: Any) -> None:
        assert one.amount.value == meant.wanted, (one.amount, meant.wanted)
        if terms.status == "active" and terms.paid_until and terms.paid_until > clock.now() and meant.broken_at is None:
            assert one.next_date == terms.paid_until.date(), (
                f"paid until {terms.paid_until}, next charge {one.next_date}"
            )
        planned = Charge.objects.filter(subscription=meant, state="planned")
        assert [(row.due_on, row.gross) for row in planned] == [(one.next_date, one.amount.value)], list(
            planned.values()
        )
        cadence = meant.then_cadence or meant.cadence
        tiers = self.tiers()
        if meant.then_tier:
            order = list(PRICES)
            tiers = {k: min(v, meant.then_tier, key=order.index) for k, v in tiers.items()}
        percent = self.percent(datetime.combine(one.next_date, time(), UTC))
        net = self.price(cadence, tiers, percent) * MONTHS[cadence]
        assert one.amount.value == cents(net * self.vat()), (
            f"Mollie takes {one.amount.value}, {net} net a {cadence} interval, {percent} % off, VAT {self.vat()}"
        )

    def check_notices(self) -> None:
        """A failing window is told once; an interval that nobody will collect is told as another."""
        told: dict[bool, str] = {}
        for line in AuditLine.objects.filter(key__startswith="payments.account.").order_by("at", "seq"):
            verb = line.key.rsplit(".", 1)[1]
            if verb in TOLD_FAILING:
                what = verb == "miss_renewal"
                assert what not in told, f"told twice: {told[what]}, then {verb} at {line.at}"
                told[what] = f"{verb} at {line.at}"
            elif verb in ENDS_FAILING:
                told.clear()

    def check_gap(self) -> None:
        month = Month.of(clock.now())
        for one in (month, month.previous()):
            gap = calc_gap(one, clock.now())
            assert gap.difference == sum(gap.parts.values(), Decimal(0)), (one, gap)
            assert gap.difference == sum((row.difference for row in gap.rows), Decimal(0)), (one, gap)

    def check_mrr(self) -> None:
        """Where Mollie charged before our call had reached it, that interval is paid as it was before."""
        row, expected, terms = fact(self.account), self.mrr(), self.terms()
        also = {self.price(cadence) for cadence in MONTHS} if self.is_overtaken and expected else set()
        assert expected is None or row.mrr in {expected, *also}, (
            f"MRR {row.mrr}, expected {expected}; {terms} {self.tiers()} {self.seated}"
        )


def _differ(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    keys = [key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key)]
    return "\n".join(f"{key}: ours {ours.get(key)}, theirs {theirs.get(key)}" for key in keys)


def _colleague(name: str) -> Actor:
    from bursar.access.models import User

    user = User.objects.create_user(f"{name}@agora.example", name.capitalize(), "x" * 20)
    member = StaffMember.objects.create(user=user)
    member.roles.add(Role.objects.get(slug="finance"))
    return confirmed(f"{name}@agora.example")
