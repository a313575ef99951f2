from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from bursar.billing.models import Invoice
from bursar.core.ids import PublicIdField
from bursar.payments.models.shared import PEN, money_field, state_field
from bursar.payments.states import ChargeKind, ChargeState
from bursar.plans.models import Cadence, Tier
from bursar.tenants.models import BillingAccount


class Charge(models.Model):
    """One amount that an account owes, or may pay: EUR, with its VAT decision. Several payments may try it.

    `lines`: what it is made of, as [{"tier", "seats", "rate", "percent", "net"}]; `decision`: `VatDecision.as_json`.
    `is_abroad`: it bears VAT and is sold elsewhere in the EU.
    `due_on`: the day that it is planned for; a first interval, an upgrade and a link have none until they are paid, and
    it is then that day, in the seller's zone. `interval_from`, `interval_until`: the time that it pays for.
    `tier`, `cadence`: what the account gets when it is paid; empty: nothing new. `tries`: payments that failed, counted
    for retries that go by themselves; `next_try_at`: the next. `failed_at`: since when it fails, until it is paid;
    `failing_told_at`: told once per failing window; `method_asked_at`: the customer was asked for a new method.
    `terms_version`, `agreed_at`: what the customer agreed to at checkout. `settled_at`: when it was paid.
    `replaces`: an open charge that this one took the place of. `invoice`: what its money settles: its own VAT invoice,
    made when it was paid, or the one that it was made to collect.
    """

    public_id = PublicIdField(prefix="chg")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="charges")
    subscription = models.ForeignKey(
        "payments.Subscription", null=True, blank=True, on_delete=models.PROTECT, related_name="charges"
    )
    kind = state_field(ChargeKind)
    state = state_field(ChargeState)
    made_at = models.DateTimeField()
    due_on = models.DateField(null=True, blank=True)
    interval_from = models.DateTimeField(null=True, blank=True)
    interval_until = models.DateTimeField(null=True, blank=True)

    tier = models.CharField(max_length=12, choices=Tier.choices, blank=True)
    cadence = models.CharField(max_length=8, choices=Cadence.choices, blank=True)
    seats = models.PositiveIntegerField(default=0)
    lines = models.JSONField(default=list)
    net = money_field()
    vat = money_field()
    gross = money_field()
    decision = models.JSONField(default=dict)
    is_abroad = models.BooleanField(default=False, db_default=False)

    checkout = models.URLField(max_length=500, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    terms_version = models.CharField(max_length=40, blank=True)
    agreed_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    failing_told_at = models.DateTimeField(null=True, blank=True)
    method_asked_at = models.DateTimeField(null=True, blank=True)
    notice_sent_at = models.DateTimeField(null=True, blank=True)
    replaces = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    invoice = models.ForeignKey(Invoice, null=True, blank=True, on_delete=models.PROTECT, related_name="charges")

    pen = PEN

    class Meta:
        constraints = [
            models.CheckConstraint(name="charge_adds_up", condition=Q(gross=F("net") + F("vat"))),
            models.UniqueConstraint(
                name="one_planned_renewal", fields=["subscription"], condition=Q(state=ChargeState.PLANNED.value)
            ),
            models.UniqueConstraint(
                name="one_checkout_at_a_time",
                fields=["account"],
                condition=Q(
                    settled_at=None,  # one that was paid and taken back is owed, and can be paid beside a checkout
                    kind=ChargeKind.FIRST.value,
                    state__in=[ChargeState.ASKED.value, ChargeState.OPEN.value, ChargeState.UNDER_WAY.value],
                ),
            ),
            models.UniqueConstraint(
                name="an_interval_is_charged_once",
                fields=["account", "interval_from"],
                condition=Q(kind__in=[ChargeKind.FIRST.value, ChargeKind.RENEWAL.value])
                & ~Q(state=ChargeState.ENDED.value),
            ),
        ]
        indexes = [
            models.Index(name="charge_of_account", fields=["account", "-made_at"]),
            models.Index(name="charge_abroad", fields=["-settled_at"], condition=Q(is_abroad=True)),
            models.Index(name="charge_due", fields=["due_on"]),
            models.Index(name="charge_ended", fields=["id"], condition=Q(state=ChargeState.ENDED.value)),
            models.Index(name="charge_next_try", fields=["next_try_at"], condition=Q(next_try_at__isnull=False)),
            models.Index(
                name="charge_running",
                fields=["state", "account"],
                condition=~Q(state__in=[ChargeState.PAID.value, ChargeState.ENDED.value]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"
