"""One client of a partner through random news, all by the doors, and what its entries come to by a sum of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bursar.billing.models import Invoice
from bursar.core import clock
from bursar.partners.models import AccrualLine, ReferralEntry, Settlement
from bursar.partners.queries.ledger import list_open_quarters
from bursar.partners.store.accruing import accrue, get_settled_through
from bursar.partners.verify import list_faults
from bursar.payments.models import Charge
from bursar.tenants.models import Organisation
from tests.cast import bring_all, client_workspace
from tests.payments.life import DONE, Life
from tests.payments.test_whatever_happens import Chance

WEIGHTS = {
    "later": 16, "buy": 6, "shop": 9, "fails": 5, "seat": 3, "pay": 4, "resume": 3, "cancel": 1, "refund": 6, "decide": 4,
    "bank": 4, "take_back": 6, "give_back": 4, "refund_there": 3, "fail_refund": 1, "refer": 6, "edit": 7, "end": 2,
    "settle": 6, "invoice": 6, "transfer": 6, "reverse": 3, "work": 3,
}  # fmt: skip
COUNTED = ("first", "renewal", "seat", "upgrade")
SELLER = ZoneInfo("Europe/Amsterdam")
CENT = Decimal("0.01")
Frozen = tuple[date, Decimal, list[tuple[Any, ...]]]


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass
class Transfer:
    """What the bank brought for an invoice of a line that is no subscription's. `stays`: nobody took it back."""

    invoice: int
    on: date
    net: Decimal
    stays: bool = True


class Referred(Chance):
    def __init__(self, life: Life, cast: Any, seed: int) -> None:
        super().__init__(life, cast, seed)
        bring_all(*client_workspace(clock.now() - timedelta(days=150)))
        self.partners = [Organisation.objects.get(external_id=one) for one in ("bureau", "oost")]
        Organisation.objects.filter(external_id="oost").update(is_partner=True)
        self.transfers: list[Transfer] = []
        self.frozen: list[tuple[int, Frozen]] = []

    def begin(self) -> None:
        super().begin()
        self.refer()

    def live(self, steps: int) -> None:
        for name in self.random.choices(list(WEIGHTS), list(WEIGHTS.values()), k=steps):
            getattr(self, name)()
            DONE["overdrawn"] += self.is_overdrawn()
            self.look()

    def is_overdrawn(self) -> bool:
        """More went back of a payment than came by it."""
        known = self.life.there()
        gone = {one.id: Decimal(0) for one in known}
        world = self.life.simulator.world
        for sent in world.refunds.values():
            gone[sent.payment_id] += sent.amount.value if sent.counts else 0
        for lost in world.chargebacks.values():
            gone[lost.payment_id] += lost.amount.value if lost.reversed_at is None else 0
        return any(gone[one.id] > one.amount.value for one in known)

    # By hand

    @property
    def today(self) -> date:
        return seller_day(clock.now())

    def entry(self) -> ReferralEntry | None:
        return ReferralEntry.objects.filter(client=self.life.account).order_by("starts_on").last()

    def terms(self) -> dict[str, Any]:
        days = self.one(None, None, 20, 90)
        return {
            "share": self.one(5, 10, 33, 100), "cap": self.one("", "30.00", "250.00", "4000.00"),
            "expires_on": "" if days is None else (self.today + timedelta(days=days)).isoformat(),
            "with_other": self.one(True, False), "client_discount": self.one(0, 0, 15), "notes": "",
        }  # fmt: skip

    def refer(self) -> None:
        starts_on = self.today - timedelta(days=self.one(0, 3, 40))
        data = {**self.terms(), "partner": self.one(*self.partners).public_id, "starts_on": starts_on.isoformat()}
        self.life.do("partners.account.refer", data, self.cast.iris)

    def edit(self) -> None:
        if one := self.entry():
            self.life.do("partners.referral.edit", self.terms(), self.cast.iris, one)

    def end(self) -> None:
        if one := self.entry():
            last_day = (self.today + timedelta(days=self.one(0, 10))).isoformat()
            self.life.do("partners.referral.end", {"last_day": last_day}, self.cast.iris, one)

    def settle(self) -> None:
        for partner in self.partners:
            through = get_settled_through(partner.pk)
            owed = [one for one in list_open_quarters(partner.pk, self.today, through) if one[1] > 0]
            if owed:
                quarter, amount = self.one(*owed)
                paper = {"number": f"F-{len(self.frozen)}", "amount": str(amount), "on": self.today.isoformat()}
                data = {"quarter": str(quarter), **paper}
                if self.life.do("partners.organisation.settle", data, self.cast.iris, partner):
                    self.frozen.append((partner.pk, freeze(partner.pk, quarter.last)))

    # By bank

    def invoice(self) -> None:
        line = {"description": "Moderation", "unit_price": self.one("400.00", "33.33", "0.99")}
        data = {"with_seats": False, "lines": [line]}
        self.life.do("billing.account.issue_invoice", data, self.cast.ties)

    def transfer(self) -> None:
        """Told late, now and then."""
        row = Invoice.objects.filter(account=self.life.account, made_for="", kind="invoice", open__gt=0).first()
        if row is None:
            return
        on = max(self.today - timedelta(days=self.one(0, 0, 12)), row.issued_on)
        data = {"amount": str(row.open), "on": on.isoformat()}
        if self.life.do("billing.invoice.mark_paid", data, self.cast.ties, row):
            self.transfers.append(Transfer(row.pk, on, row.net))

    def reverse(self) -> None:
        stands = [one for one in self.transfers if one.stays]
        if stands:
            one = self.one(*stands)
            row = Invoice.objects.get(pk=one.invoice)
            if self.life.do("billing.invoice.reverse_payment", {"amount": str(row.paid)}, self.cast.ties, row):
                one.stays = False

    # What must be so

    def later(self) -> None:
        span = timedelta(days=self.one(1, 5, 33, 70))
        self.life.live(span, span / 2)

    def look(self) -> None:
        """The worker came by, and everything was worked out. What is news to the mirror is booked a minute later."""
        for is_last in (False, True):
            self.life.wait(timedelta(minutes=2))
            self.life.work()
            for partner in self.partners:
                accrue(partner.pk, clock.now())
            try:
                self.check()
                break
            except AssertionError as error:
                if is_last:
                    raise AssertionError("\n".join([*self.life.story, str(error)])) from error
        DONE["looked"] += 1

    def check(self) -> None:
        receipts = list(self.list_receipts())
        for entry in ReferralEntry.objects.filter(client=self.life.account).prefetch_related("terms"):
            lines = list(AccrualLine.objects.filter(entry=entry))
            total = sum((line.amount for line in lines), Decimal(0))
            assert total == (expected := calc(entry, receipts)), f"{entry.public_id}: {total}, and {expected} is right"
            assert total >= 0 and (entry.cap is None or total <= entry.cap)
            for day in {self.today, *(line.payable_on for line in lines if line.payable_on > self.today)}:
                by_then = sum((line.amount for line in lines if line.payable_on <= day), Decimal(0))
                assert entry.cap is None or by_then <= entry.cap, f"{by_then} are owed on {day}"
            if total:
                DONE["came to something"] += 1
        for partner_id, was in self.frozen:
            assert freeze(partner_id, was[0]) == was, "a settled quarter changed"
        assert list(list_faults()) == []

    def list_receipts(self) -> Iterator[tuple[date, Decimal, bool]]:
        """Day, net that stays, and whether it is the subscription's: from payments, and what was told of the bank. What
        ended after it was paid counts by what stays of it, as when a part of it was charged back before.
        """
        sold = Charge.objects.filter(account=self.life.account, kind__in=COUNTED)
        for charge in sold.exclude(state="ended", invoice=None, settled_at=None):
            yield from list_kept(charge)
        for one in self.transfers:
            if one.stays:
                yield one.on, one.net, False


def list_kept(charge: Charge) -> Iterator[tuple[date, Decimal, bool]]:
    """Of what one charge came to: what went back twice is taken off what came by another try of it."""
    paid = [one for one in charge.payments.order_by("paid_at", "pk") if one.status == "paid" and one.paid_at]
    rests = [
        one.amount - sum(one.refunds.filter(state="refunded").values_list("amount", flat=True), one.charged_back)
        for one in paid
    ]
    left = max(Decimal(0), min(charge.gross, sum(rests, Decimal(0))))
    for payment, rest in zip(paid, rests, strict=True):
        assert payment.paid_at is not None
        kept = max(Decimal(0), min(left, rest))
        left -= kept
        back = charge.net - rounded(charge.net * (payment.amount - kept) / payment.amount)
        yield seller_day(payment.paid_at), back if kept == rest else rounded(charge.net * kept / charge.gross), True


def seller_day(at: datetime) -> date:
    return at.astimezone(SELLER).date()


def calc(entry: ReferralEntry, receipts: list[tuple[date, Decimal, bool]]) -> Decimal:
    """The share of each receipt by the terms of its day, none after the last day; at most the cap."""
    earned = Decimal(0)
    for on, net, is_subscription in receipts:
        held = [one for one in entry.terms.all() if one.from_on <= on]
        if on < entry.starts_on or (entry.expires_on and on > entry.expires_on) or not held:
            continue
        terms = max(held, key=lambda one: one.from_on)
        if is_subscription or terms.with_other:
            earned += net * terms.share / 100
    total = rounded(earned)
    return total if entry.cap is None else min(total, entry.cap)


def freeze(partner_id: int, through: date) -> Frozen:
    """What a settlement stands on: its amount, and every line that is owed by then."""
    amount = Settlement.objects.get(partner_id=partner_id, through=through).amount
    lines = AccrualLine.objects.filter(entry__partner_id=partner_id, payable_on__lte=through).order_by("pk")
    return through, amount, list(lines.values_list("pk", "key", "net", "amount", "payable_on"))


def live(life: Life, cast: Any, seed: int, steps: int) -> None:
    chance = Referred(life, cast, seed)
    chance.begin()
    chance.live(steps)
