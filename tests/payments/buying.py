"""A customer at the levers of paying: Samen, whose owner is Lotte, before a simulator of Mollie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bursar.access.actor import Actor
from bursar.actions.run import preview, run
from bursar.actions.spec import Case, Outcome
from bursar.billing.store import Details
from bursar.billing.store import set_details as set_details
from bursar.core import clock
from bursar.payments.actions.apply import apply_payment, apply_subscription
from bursar.payments.models import Call, Charge, Offer, Payment, Refund, Subscription
from bursar.plans.models import BaseTier, PaymentTerms
from bursar.tenants.models import BillingAccount
from tests.cast import Cast, refusal_of
from tests.payments.counter import Counter
from tests.requests.helpers import customer

DETAILS = Details("Stichting Samen", "Plein 1", "1011 AB", "Amsterdam", "NL")
WATCHED = (Charge, Call, Subscription, Payment, Refund, Offer, PaymentTerms, BaseTier)


def apply_all() -> None:
    for pk in Payment.objects.filter(to_apply=True).order_by("pk").values_list("pk", flat=True):
        apply_payment(pk, clock.now())
    for pk in Subscription.objects.filter(is_meant=True).values_list("pk", flat=True):
        apply_subscription(pk, clock.now())


def work_and_apply(counter: Counter) -> int:
    """The worker's jobs, and what the mirror's news mean for accounts, until nothing is left of either."""
    done, more = 0, Counter.work(counter)
    while more:
        done += more
        apply_all()
        more = Counter.work(counter)
    return done


@dataclass
class Buyer:
    """Does what customers and staff do to one account; `counter` does what Mollie and the worker do."""

    cast: Cast
    counter: Counter

    def __post_init__(self) -> None:
        self.counter.work = lambda: work_and_apply(self.counter)  # type: ignore[method-assign]  # the whole way

    @property
    def account(self) -> BillingAccount:
        return self.counter.account

    @property
    def lotte(self) -> Actor:
        return customer("lotte")

    def key(self, verb: str) -> str:
        return f"payments.account.{verb}"

    def do(self, verb: str, data: Mapping[str, Any] | None = None, who: Actor | None = None) -> Outcome:
        """By Lotte, or by a colleague; and the worker does what follows. Nothing happens at one instant twice."""
        clock.set_fixed(clock.now() + timedelta(seconds=1))
        self.counter.simulator.advance(timedelta(seconds=1))
        reason = "They asked for it" if who is not None else ""
        outcome = run(self.key(verb), who or self.lotte, self.account.public_id, data or {}, reason=reason)
        self.counter.work()
        return outcome

    def foresee(self, verb: str, data: Mapping[str, Any] | None = None) -> str:
        """What the dialog says will happen."""
        from bursar.actions.dialog import foresee
        from bursar.actions.registry import ACTIONS

        case = Case(self.lotte, self.account, clock.now())
        told = foresee(ACTIONS[self.key(verb)], case, data or {})
        return " ".join([told["refusal"], *told["will"]])

    def refused(self, verb: str, data: Mapping[str, Any] | None = None, who: Actor | None = None) -> str:
        """The sentence; and that nothing at all has changed."""
        before = snapshot()
        reason = {"reason": "They asked for it"} if who is not None else {}
        refusal = refusal_of(self.key(verb), who or self.lotte, self.account.public_id, dict(data or {}), **reason)
        assert snapshot() == before
        return f"{refusal.sentence} {refusal.fields if hasattr(refusal, 'fields') else ''}".strip()

    def buy(self, tier: str = "changemaker", cadence: str = "yearly", method: str = "ideal", **more: Any) -> Charge:
        """To the end: the first payment has arrived."""
        set_details({self.account.pk: DETAILS}, clock.now())
        self.do("check_out", {"tier": tier, "cadence": cadence, "agrees": True})
        charge = self.newest()
        self.counter.pay(charge.payments.get(), method=method, **more)
        charge.refresh_from_db()
        return charge

    def newest(self, **where: Any) -> Charge:
        return Charge.objects.filter(account=self.account, **where).latest("id")

    def meant(self) -> Subscription:
        return Subscription.objects.get(account=self.account, is_meant=True)

    def terms(self) -> PaymentTerms:
        return PaymentTerms.objects.at(clock.now()).get(account=self.account)

    def tier(self) -> str:
        row = BaseTier.objects.at(clock.now()).filter(workspace__account=self.account).first()
        return row.tier if row else "free"

    def look(self, key: str, data: Mapping[str, Any] | None = None) -> Outcome:
        return preview(self.key(key), self.lotte, self.account.public_id, dict(data or {}))


def snapshot() -> list[list[Any]]:
    """Everything that a lever of paying could have changed."""
    return [list(model.objects.order_by("pk").values_list()) for model in WATCHED]  # type: ignore[attr-defined]  # models
