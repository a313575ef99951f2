"""What Mollie knows, copied: customers, mandates, subscriptions, payments, and the money that went back.

A row without an account is one that nobody here asked for; it stands in drift.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from bursar.billing.models import Invoice
from bursar.core.ids import PublicIdField
from bursar.payments.models.charges import Charge
from bursar.payments.models.links import PaymentLink
from bursar.payments.models.shared import MOLLIE_ID_LENGTH, PEN, Mirrored, money_field, state_field
from bursar.payments.states import PaymentKind, PaymentSource, PaymentState, RefundState, ThenEnd
from bursar.plans.models import Cadence
from bursar.staff.models import StaffMember
from bursar.tenants.models import BillingAccount


def id_field(**kwargs: object) -> models.CharField[str, str]:
    return models.CharField(max_length=MOLLIE_ID_LENGTH, **kwargs)  # type: ignore[arg-type]  # Django's own options


class MollieCustomer(Mirrored):
    """An account's customer at Mollie, one a mode. `rules_since`: from then on Mollie says how the account pays, and an
    import of payment terms for it is refused; null: it has neither checkout nor subscription here yet. `past_from`: how
    far back it was worked out from what it paid how the account paid before; null: nobody asked for it.
    """

    account = models.ForeignKey(
        BillingAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="mollie_customers"
    )
    mollie_id = id_field(unique=True)
    rules_since = models.DateTimeField(null=True, blank=True)
    past_from = models.DateTimeField(null=True, blank=True)
    dashboard = models.URLField(max_length=500, blank=True)

    pen = PEN

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_customer_a_mode", fields=["account", "mode"], condition=Q(account__isnull=False)
            )
        ]


class Mandate(Mirrored):
    """`account_end`: what may be shown of IBAN or card, its last four signs."""

    mollie_id = id_field(unique=True)
    customer = models.ForeignKey(MollieCustomer, on_delete=models.PROTECT, related_name="mandates")
    method = models.CharField(max_length=30)
    status = models.CharField(max_length=12)
    account_end = models.CharField(max_length=4, blank=True)
    card_label = models.CharField(max_length=40, blank=True)
    card_expires = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    revoke_after = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    pen = PEN

    class Meta:
        indexes = [
            models.Index(
                name="mandate_ends", fields=["id"], condition=Q(status="invalid") | Q(card_expires__isnull=False)
            )
        ]


class Subscription(Mirrored):
    """`status`, `amount`, `interval`, `next_date`: as Mollie says. `mollie_id` empty: Mollie has not answered yet.

    `is_meant`: the one that this account should have; all others that still charge stand in drift.

    `wanted`: the gross amount that it should have from the next charge, EUR; `wanted_decision`, `wanted_lines`,
    `wanted_net`: what that is made of. `then_tier`, `then_cadence`: the plan from the next interval on, as agreed.
    `ends_at_paid_end`: it ends with what is paid. `end_asked_at`: when we told Mollie to end it. `broken_at`: since
    when Mollie charges by it no more, though nobody here ended it. `followed_at`: when its amount was compared last;
    `seats_seen_on`: the day whose seats were looked at. `asked_again_at`: the customer was asked to check out again.
    """

    public_id = PublicIdField(prefix="msub")
    account = models.ForeignKey(
        BillingAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="subscriptions"
    )
    customer = models.ForeignKey(
        MollieCustomer, null=True, blank=True, on_delete=models.PROTECT, related_name="subscriptions"
    )
    mollie_id = id_field(blank=True)
    is_meant = models.BooleanField(default=False)
    mollie_mandate_id = id_field(blank=True)
    status = models.CharField(max_length=12)
    amount = money_field()
    interval = models.CharField(max_length=20)
    start_date = models.DateField()
    next_date = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    canceled_at = models.DateTimeField(null=True, blank=True)

    cadence = models.CharField(max_length=8, choices=Cadence.choices, blank=True)
    wanted = money_field()
    wanted_net = money_field(default=0)
    wanted_lines = models.JSONField(default=list)
    wanted_decision = models.JSONField(default=dict)
    then_tier = models.CharField(max_length=12, blank=True)
    then_cadence = models.CharField(max_length=8, choices=Cadence.choices, blank=True)
    ends_at_paid_end = models.BooleanField(default=False)
    end_asked_at = models.DateTimeField(null=True, blank=True)
    broken_at = models.DateTimeField(null=True, blank=True)
    followed_at = models.DateTimeField(null=True, blank=True)
    seats_seen_on = models.DateField(null=True, blank=True)
    asked_again_at = models.DateTimeField(null=True, blank=True)

    pen = PEN

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_meant", fields=["account"], condition=Q(is_meant=True)),
            models.UniqueConstraint(name="one_subscription", fields=["mollie_id"], condition=~Q(mollie_id="")),
        ]

    def __str__(self) -> str:
        return self.mollie_id or self.public_id


class Payment(Mirrored):
    """One try to receive one amount, EUR gross. `at`: when it was made at Mollie. `reason`: why it failed, a code.
    `dated_at`: the instant under which the Payments page lists it: when it was paid, else when it was made.

    `external_id`: the key under which a file told it, Mollie's id or the bank's; empty for what Mollie told first.
    `applied_*`: what its account was last moved by; `to_apply`: it has changed since, and a job moves the account.
    `to_book`: news of its money came since documents and ledger were last compared with it.
    """

    public_id = PublicIdField(prefix="pmt")
    mollie_id = id_field(blank=True)
    source = state_field(PaymentSource, default=PaymentSource.MOLLIE.value)
    external_id = models.CharField(max_length=100, blank=True)
    account = models.ForeignKey(
        BillingAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="mirrored_payments"
    )
    charge = models.ForeignKey(Charge, null=True, blank=True, on_delete=models.PROTECT, related_name="payments")
    subscription = models.ForeignKey(
        Subscription, null=True, blank=True, on_delete=models.PROTECT, related_name="payments"
    )
    link = models.ForeignKey(
        PaymentLink, null=True, blank=True, on_delete=models.PROTECT, related_name="payments", db_index=False
    )
    mollie_customer_id = id_field(blank=True)
    mollie_mandate_id = id_field(blank=True)
    kind = state_field(PaymentKind)
    amount = money_field()
    refunded = money_field(default=0)
    charged_back = money_field(default=0)
    method = models.CharField(max_length=30, blank=True)
    status = state_field(PaymentState)
    reason = models.CharField(max_length=60, blank=True)
    description = models.CharField(max_length=255, blank=True)
    at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    dated_at = models.GeneratedField(
        expression=Coalesce("paid_at", "at"), output_field=models.DateTimeField(), db_persist=True
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    checkout = models.URLField(max_length=500, blank=True)
    dashboard = models.URLField(max_length=500, blank=True)
    settlement_id = id_field(blank=True)

    applied_status = state_field(PaymentState, blank=True)
    applied_refunded = money_field(default=0)
    applied_charged_back = money_field(default=0)
    to_apply = models.BooleanField(default=True)
    to_book = models.BooleanField(default=True)

    pen = PEN

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_payment", fields=["mollie_id"], condition=~Q(mollie_id="")),
            models.UniqueConstraint(name="one_told_payment", fields=["external_id"], condition=~Q(external_id="")),
        ]
        indexes = [
            models.Index(name="payment_newest", fields=["-at", "-id"]),
            models.Index(
                name="payment_by_day",
                fields=["-dated_at", "-id"],
                include=["mode", "status", "amount", "refunded", "charged_back"],
            ),
            models.Index(
                name="payment_returned_more",
                fields=["id"],
                condition=Q(amount__lt=F("refunded") + F("charged_back")),
            ),
            models.Index(
                name="payment_of_nothing",
                fields=["account"],
                condition=Q(charge__isnull=True, status=PaymentState.PAID.value),
            ),
            models.Index(name="payment_of_account", fields=["account", "-at"]),
            models.Index(
                F("account"), Coalesce("paid_at", "failed_at", "at").desc(), F("id").desc(), name="payment_told"
            ),
            models.Index(name="payment_of_link", fields=["link"], condition=Q(link__isnull=False)),
            models.Index(
                name="payment_last",
                fields=["account", "-paid_at"],
                condition=Q(status=PaymentState.PAID.value),
            ),
            models.Index(name="payment_paid", fields=["paid_at"], condition=Q(paid_at__isnull=False)),
            models.Index(name="payment_to_apply", fields=["id"], condition=Q(to_apply=True)),
            models.Index(
                name="payment_to_book",
                fields=["charge"],
                condition=Q(to_book=True, to_apply=False, charge__isnull=False),
            ),
            models.Index(
                name="payment_running",
                fields=["at"],
                condition=Q(
                    status__in=[PaymentState.OPEN.value, PaymentState.PENDING.value, PaymentState.AUTHORIZED.value]
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.mollie_id or self.public_id


class Refund(Mirrored):
    """Asked here, or made at Mollie's own dashboard (then nobody here asked). `amount`: EUR.

    `then_end`: what it does beside the money, carried out when it is sent. `accepts_twice`: whoever asked was told
    that a debit younger than eight weeks may leave twice. `corrects`: it gives back what the correction of that
    invoice's VAT left over; its documents were issued then, and the ledger holds it as gone until it turns out dead.
    """

    public_id = PublicIdField(prefix="ref")
    mollie_id = id_field(blank=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount = money_field()
    state = state_field(RefundState)
    description = models.CharField(max_length=140, blank=True)
    reason = models.TextField(blank=True)
    then_end = state_field(ThenEnd, default=ThenEnd.NOTHING.value)
    accepts_twice = models.BooleanField(default=False)
    corrects = models.ForeignKey(Invoice, null=True, blank=True, on_delete=models.PROTECT, related_name="refunds")
    asked_by = models.ForeignKey(StaffMember, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    decided_by = models.ForeignKey(StaffMember, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)

    pen = PEN

    class Meta:
        constraints = [models.UniqueConstraint(name="one_refund", fields=["mollie_id"], condition=~Q(mollie_id=""))]
        indexes = [
            models.Index(name="refund_waiting", fields=["created_at"], condition=Q(state=RefundState.ASKED.value)),
            models.Index(name="refund_by_day", fields=["created_at"]),
            models.Index(name="refund_corrects", fields=["state"], condition=Q(corrects__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.mollie_id or self.public_id


class Chargeback(Mirrored):
    """The payer's bank took money back. `reversed_at`: it came again after all."""

    mollie_id = id_field(unique=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="chargebacks")
    amount = money_field()
    reason_code = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()
    reversed_at = models.DateTimeField(null=True, blank=True)

    pen = PEN

    class Meta:
        indexes = [models.Index(name="chargeback_by_day", fields=["created_at"])]
