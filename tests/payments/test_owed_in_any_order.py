"""What comes, goes back, is given up and comes again, in any order: the ledger's sum, the invoice, the balance, verify."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from bursar.actions.run import run
from bursar.billing.models import AccountCredit, Invoice
from bursar.core import clock
from bursar.core.errors import Refusal
from bursar.core.money import ZERO
from bursar.payments.models import Chargeback, Payment, Refund
from tests.billing.test_proposing import seller
from tests.cast import Cast, prove
from tests.payments.billed import Bought, buy, minute
from tests.payments.test_invoicing import shop

__all__ = ["seller", "shop"]
STEPS = 14
WRITE_OFF, REVERSE = "billing.invoice.write_off", "billing.invoice.reverse_payment"
PAID, OFF, AGAIN = (f"billing.account.{verb}" for verb in ("mark_owed_paid", "write_off_owed", "ask_owed_again"))


class Story:
    """One bought interval. `by_hand`: EUR that people booked as arrived, less what they booked as gone."""

    def __init__(self, bought: Bought, cast: Cast, seed: int) -> None:
        self.bought, self.cast, self.random = bought, cast, Random(seed)
        self.by_hand, self.told = ZERO, [f"seed {seed}"]

    def list_steps(self) -> Iterator[Any]:
        yield from (self.charge_back, self.reverse, self.refund, self.fail, self.leave_after_all, self.pay_again)
        yield from (self.give_up, self.ask_again, self.mark_paid, self.apply, self.take_off, self.write_off)

    def go(self) -> None:
        steps = list(self.list_steps())
        done = next(step for step in self.random.sample(steps, len(steps)) if step())
        self.told.append(done.__name__)
        if self.random.random() < 0.7:
            minute()
            self.check()

    def pick(self, rows: Any) -> Any:
        found = list(rows)
        return self.random.choice(found) if found else None

    def part(self, most: Decimal) -> Decimal:
        part = round(most * self.random.randrange(1, 9) / 10, 2)
        return most if self.random.random() < 0.4 else max(Decimal("0.01"), part)

    # Mollie

    def charge_back(self) -> bool:
        paid = self.pick(Payment.objects.filter(charge=self.bought.charge, status="paid", charged_back=0))
        return bool(paid) and bool(self.bought.charge_back(paid, self.part(paid.amount)))

    def reverse(self) -> bool:
        made = self.pick(Chargeback.objects.filter(payment__charge=self.bought.charge, reversed_at=None))
        if made:
            made.payment.refresh_from_db()
            self.bought.reverse(made)
        return bool(made)

    def refund(self) -> bool:
        paid = self.pick(Payment.objects.filter(charge=self.bought.charge, status="paid"))
        left = paid.amount - paid.refunded
        return left > 0 and bool(self.bought.refund(str(self.part(left)), payment=paid))

    def fail(self) -> bool:
        return self._say("refunded", "failed")

    def leave_after_all(self) -> bool:
        return self._say("failed", "refunded")

    def _say(self, before: str, after: str) -> bool:
        row = self.pick(Refund.objects.filter(payment__charge=self.bought.charge, state=before))
        if row:
            self.bought.say_of(row, after)
        return bool(row)

    def pay_again(self) -> bool:
        return Payment.objects.filter(charge=self.bought.charge).count() < 3 and bool(self.bought.pay_again())

    # People

    def do(self, key: str, target: Any, **data: Any) -> bool:
        try:
            run(key, self.cast.iris, target.public_id, data, reason="x")
        except Refusal:
            return False
        return True

    def stands(self) -> AccountCredit:
        found = AccountCredit.objects.filter(account=self.bought.account).first()
        return found or AccountCredit(account=self.bought.account, amount=ZERO, owed=ZERO, given_up=ZERO)

    def give_up(self) -> bool:
        return self.do(OFF, self.bought.account)

    def ask_again(self) -> bool:
        most = self.stands().given_up
        return most > 0 and self.do(AGAIN, self.bought.account, amount=str(self.part(most)))

    def mark_paid(self) -> bool:
        most = max(ZERO, -self.stands().amount)
        amount = self.part(most) if most else ZERO
        done = amount > 0 and self.do(PAID, self.bought.account, amount=str(amount), on=clock.now().date().isoformat())
        self.by_hand += amount if done else ZERO
        return bool(done)

    def apply(self) -> bool:
        most = min(self.stands().amount, self.bought.invoice.open)
        return most > 0 and self.do("billing.invoice.apply_credit", self.bought.invoice, amount=str(self.part(most)))

    def take_off(self) -> bool:
        """Credit that was applied, and no money: nothing else was booked on the invoice here."""
        return self.do(REVERSE, self.bought.invoice, amount="1.00")

    def write_off(self) -> bool:
        return self.do(WRITE_OFF, self.bought.invoice)

    # What must be so

    def check(self) -> None:
        row, one = self.bought.invoice, self.stands()
        payments = Payment.objects.filter(charge=self.bought.charge, status="paid")
        came = sum((paid.amount - paid.charged_back for paid in payments), ZERO)
        went = sum((back.amount for back in Refund.objects.filter(payment__in=payments, state="refunded")), ZERO)
        assert row.gross == row.open + row.paid + row.credited + row.written_off + row.difference, self.told
        assert row.paid + one.amount - one.given_up == came - went + self.by_hand, self.told
        assert min(one.owed, one.given_up, one.amount + one.owed, row.open, row.paid) >= 0, self.told
        assert (row.settled_at is not None) == row.standing.is_settled, self.told
        prove()


@pytest.mark.parametrize("seed", range(12))
def test_each_euro_stands_in_one_place_whatever_comes_and_goes(shop: Cast, seed: int) -> None:
    story = Story(buy(shop.samen), shop, seed)
    minute()
    for _ in range(STEPS):
        story.go()
    minute()
    story.check()
    assert Invoice.objects.filter(kind="invoice").count() == 1


def test_given_up_and_its_own_money_comes_all_the_same(shop: Cast) -> None:
    """A charge-back that is reversed makes up for what was given up: nobody has credit of it."""
    bought = buy(shop.samen)
    minute()
    bought.refund(str(bought.gross))
    minute()
    taken = bought.charge_back()
    minute()
    run(OFF, shop.iris, bought.account.public_id, {}, reason="hopeless")
    assert bought.credit == 0
    bought.reverse(taken)
    minute()
    one = AccountCredit.objects.get(account=bought.account)
    assert (one.amount, one.owed, one.given_up) == (0, 0, 0)
    prove()
