"""Payment links: an address that staff send, by which somebody pays an invoice or an amount."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bursar.billing.models import Invoice
from bursar.core.ids import PublicIdField
from bursar.payments.models.shared import MOLLIE_ID_LENGTH, PEN, Mirrored, money_field, state_field
from bursar.payments.states import LinkState
from bursar.staff.models import StaffMember
from bursar.tenants.models import BillingAccount


class PaymentLink(Mirrored):
    """`invoice`: what it settles; none: its money stands as the account's credit. `amount`: EUR, gross, for good.

    `token`: ours, in the address that Mollie tells of its payments; by it they are known as this link's. `mollie_id`,
    `url` empty: Mollie has not answered yet. `why_ended`: in words. `look_at`: when Mollie is asked about it next.
    """

    public_id = PublicIdField(prefix="plk")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="payment_links")
    invoice = models.ForeignKey(Invoice, null=True, blank=True, on_delete=models.PROTECT, related_name="payment_links")
    amount = money_field()
    description = models.CharField(max_length=255)
    token = models.CharField(max_length=43, unique=True)
    state = state_field(LinkState, default=LinkState.MAKING.value)
    mollie_id = models.CharField(max_length=MOLLIE_ID_LENGTH, blank=True)
    url = models.URLField(max_length=500, blank=True)
    expires_at = models.DateTimeField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(StaffMember, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    why_ended = models.CharField(max_length=200, blank=True)
    look_at = models.DateTimeField(null=True, blank=True)

    pen = PEN

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_link", fields=["mollie_id"], condition=~Q(mollie_id="")),
            models.UniqueConstraint(
                name="one_open_link_an_invoice",
                fields=["invoice"],
                condition=Q(state__in=[LinkState.MAKING.value, LinkState.OPEN.value]),
            ),
        ]
        indexes = [
            models.Index(name="link_of_account", fields=["account", "-made_at"]),
            models.Index(name="link_to_look_at", fields=["look_at"], condition=Q(look_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.description
