"""What Mollie's payouts are made of, as its settlements say."""

from __future__ import annotations

from django.db import models

from bursar.billing.models import BankLine
from bursar.payments.models.shared import PEN, money_field


class Payout(models.Model):
    """Of a bank line: payments − refunds − chargebacks − fees = amount. `counts`: how many of the first three.

    `problem`: why that cannot be said (yet), or that it does not add up. `asked_at`: when Mollie was asked last.
    """

    line = models.OneToOneField(BankLine, on_delete=models.CASCADE, related_name="payout")
    settlement_id = models.CharField(max_length=72, blank=True)
    amount = money_field(default=0)
    payments = money_field(default=0)
    refunds = money_field(default=0)
    chargebacks = money_field(default=0)
    fees = money_field(default=0)
    counts = models.JSONField(default=dict)
    problem = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)

    pen = PEN
