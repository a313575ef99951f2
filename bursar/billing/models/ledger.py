"""The ledger of invoices: entries that are only ever added, and the credit that stands at accounts."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from bursar.billing.models.details import PEN
from bursar.billing.models.documents import Invoice, money_field
from bursar.billing.rules.ledger import EntryKind
from bursar.core.ids import LENGTH
from bursar.tenants.models import BillingAccount

KINDS = [(kind.value, kind.value.replace("_", " ")) for kind in EntryKind]


class LedgerEntry(models.Model):
    """`invoice`: lowers what is open of it by `amount`; none: raises the account's credit (`rules.ledger`).

    `booking`: what was booked together. `on`: the day the money moved, else the day of booking. `cause`: the credit
    note, payment, refund or bank line that it comes from, by its public id. `turns_round`: the booking that it undoes.
    """

    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="ledger")
    invoice = models.ForeignKey(Invoice, null=True, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=12, choices=KINDS)
    amount = money_field()
    booking = models.CharField(max_length=LENGTH, db_index=True)
    booked_at = models.DateTimeField()
    on = models.DateField()
    cause = models.CharField(max_length=60, blank=True)
    reference = models.CharField(max_length=140, blank=True)
    turns_round = models.CharField(max_length=LENGTH, blank=True)

    pen = PEN

    class Meta:
        constraints = [models.CheckConstraint(name="entry_of_something", condition=~Q(amount=0))]
        indexes = [
            models.Index(name="entry_by_account", fields=["account", "-booked_at"]),
            models.Index(
                name="entry_of_money",
                fields=["on"],
                condition=Q(kind__in=[EntryKind.RECEIVED.value, EntryKind.RETURNED.value]),
            ),
            models.Index(name="entry_by_cause", fields=["cause"], condition=~Q(cause="")),
        ]


class AccountCredit(models.Model):
    """What stands to the account's good, EUR: the sum of its entries without an invoice; below 0, what it owes beside
    its invoices. `owed`: what went back beyond what had come and was not given up, by which alone it may be below 0;
    `given_up`: what was.
    """

    account = models.OneToOneField(BillingAccount, primary_key=True, on_delete=models.PROTECT, related_name="credit")
    amount = money_field(default=0)
    owed = money_field(default=0, db_default=0)
    given_up = money_field(default=0, db_default=0)

    pen = PEN

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="credit_is_below_0_by_what_is_owed", condition=Q(owed__gte=0) & Q(amount__gte=-F("owed"))
            ),
            models.CheckConstraint(name="given_up_is_none_or_more", condition=Q(given_up__gte=0)),
        ]
        indexes = [models.Index(name="balance_that_stands", fields=["amount"], condition=~Q(amount=0))]
