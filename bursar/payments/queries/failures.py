"""How often and why the payments of accounts failed."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from bursar.payments import words
from bursar.payments.models import Payment
from bursar.payments.states import ChargeState, PaymentState


class Failure(NamedTuple):
    """Of the oldest charge that is owed: `tries` that failed, and why the newest did; `is_disputed`: it was taken back
    by the payer's bank.
    """

    tries: int
    method: str
    reason: str
    is_disputed: bool

    @property
    def words(self) -> str:
        """ "failed 2 times, last: not enough money in the account" """
        if self.is_disputed:
            return "taken back by the payer's bank"
        times = f"failed {self.tries} times" if self.tries > 1 else "failed once"
        why = words.say_reason(self.method, self.reason)
        return f"{times}, last: {why}" if why and self.tries > 1 else f"{times}: {why}" if why else times


def list_failures(account_ids: Collection[int]) -> dict[int, Failure]:
    """By account, in one statement; those whose charges all arrived are left out."""
    tries = Payment.objects.filter(account_id__in=account_ids, charge__state=ChargeState.FAILED)
    failed = tries.filter(status__in=[PaymentState.FAILED, PaymentState.PAID])
    newest = failed.order_by("account_id", "charge__made_at", "charge_id", "-at", "-id").distinct("account_id")
    fields = ("account_id", "charge__tries", "method", "reason", "charged_back")
    return {
        pk: Failure(max(1, tries), method, reason, bool(taken))
        for pk, tries, method, reason, taken in newest.values_list(*fields)
    }
