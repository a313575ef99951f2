from __future__ import annotations

from typing import Any

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from bursar.billing.models import Invoice
from bursar.core.ids import PublicIdField
from bursar.partners.rules.accrual import LineKind
from bursar.partners.rules.settling import Way
from bursar.tenants.models import BillingAccount, Organisation

PEN = "bursar.partners.store"
APPEND_ONLY = pgtrigger.Update | pgtrigger.Delete
KEY_LENGTH = 40


def money_field(**kwargs: Any) -> Any:
    """EUR, exact to the cent."""
    return models.DecimalField(max_digits=12, decimal_places=2, **kwargs)


class _DayRange(Func):
    function = "daterange"
    output_field = DateRangeField()


class _PointRange(Func):
    function = "int8range"


class ReferralEntry(models.Model):
    """A partner gets a share of what a client pays. Days are the seller's, both included; `expires_on` null: no end.

    `cap`: EUR, of all that it may come to; null: none. `client_discount`: per cent that the client's account got for
    it; 0: none. `ended_at`: somebody ended it before its own last day. `looked_at`: when its lines were worked out.
    """

    public_id = PublicIdField(prefix="rfe")
    partner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="referrals")
    client = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="referral_entries")
    starts_on = models.DateField()
    expires_on = models.DateField(null=True)
    cap = money_field(null=True)
    client_discount = models.PositiveSmallIntegerField(default=0)
    notes = models.TextField(max_length=2000, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)

    pen = PEN

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_entry_of_a_client",
                expressions=[
                    (_PointRange(F("client"), F("client"), Value("[]")), RangeOperators.OVERLAPS),
                    (_DayRange(F("starts_on"), F("expires_on"), Value("[]")), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(name="entry_span", condition=Q(expires_on=None) | Q(expires_on__gte=F("starts_on"))),
            models.CheckConstraint(name="entry_cap", condition=Q(cap=None) | Q(cap__gte=0)),
        ]
        indexes = [models.Index(name="entry_to_look_at", fields=["looked_at"])]

    def __str__(self) -> str:
        return f"{self.client} by {self.partner}"


class ReferralTerms(models.Model):
    """Of an entry, from a day on: `share` per cent of the subscription's money, or `with_other` of all money."""

    entry = models.ForeignKey(ReferralEntry, on_delete=models.PROTECT, related_name="terms")
    from_on = models.DateField()
    share = models.PositiveSmallIntegerField()
    with_other = models.BooleanField(default=False)

    pen = PEN

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_share_a_day", fields=["entry", "from_on"]),
            models.CheckConstraint(name="referral_share", condition=Q(share__gte=1, share__lte=100)),
        ]


class AccrualLine(models.Model):
    """As `rules.accrual.Line`; only ever added. `key`: the payment or the booking that it is about."""

    entry = models.ForeignKey(ReferralEntry, on_delete=models.PROTECT, related_name="lines")
    key = models.CharField(max_length=KEY_LENGTH)
    kind = models.CharField(max_length=8, choices=[(kind.value, kind.value) for kind in LineKind])
    on = models.DateField()
    net = money_field()
    earned = models.DecimalField(max_digits=14, decimal_places=4)
    amount = money_field()
    payable_on = models.DateField()
    made_at = models.DateTimeField()

    pen = PEN

    class Meta:
        indexes = [
            models.Index(name="line_of_entry", fields=["entry", "payable_on"], include=["amount"]),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=APPEND_ONLY)]


class SelfBillingSeries(models.Model):
    """Numbers of self-billing invoices in one year of the seller's: `last` was given, and all before it."""

    year = models.PositiveSmallIntegerField(unique=True)
    last = models.PositiveIntegerField(default=0)

    pen = PEN


class Settlement(models.Model):
    """What a partner was owed through a quarter's last day, since the settlement before, and how that was settled.

    `number`: of the partner's own invoice, or of our document. `credit_note`: where it was settled on our invoices.
    `says`: the self-billing invoice as it was issued, frozen (`Document.as_json`); `has_e_invoice`: as UBL too.
    """

    public_id = PublicIdField(prefix="rfs")
    partner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="settlements")
    through = models.DateField()
    amount = money_field()
    way = models.CharField(max_length=16, choices=[(way.value, way.value.replace("_", " ")) for way in Way])
    number = models.CharField(max_length=60)
    on = models.DateField()
    credit_note = models.OneToOneField(Invoice, null=True, on_delete=models.PROTECT, related_name="+")
    says = models.JSONField(null=True)
    has_e_invoice = models.BooleanField(default=False)
    made_at = models.DateTimeField()

    pen = PEN

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_self_billing_number", fields=["number"], condition=Q(way=Way.SELF_BILLING.value)
            ),
            models.UniqueConstraint(name="one_settlement_a_quarter", fields=["partner", "through"]),
            models.CheckConstraint(name="settlement_of_something", condition=Q(amount__gt=0)),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=APPEND_ONLY)]
