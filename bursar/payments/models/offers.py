"""What staff offer to an account: a plan that it may take, at the price of the day on which it does."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bursar.core.ids import PublicIdField
from bursar.payments.models.shared import PEN
from bursar.plans.models import Cadence, Tier
from bursar.staff.models import StaffMember
from bursar.tenants.models import BillingAccount


class Offer(models.Model):
    """Also of a tier that customers cannot choose by themselves. `ended_at`: taken, replaced, or no longer meant."""

    public_id = PublicIdField(prefix="ofr")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="plan_offers")
    tier = models.CharField(max_length=12, choices=Tier.choices)
    cadence = models.CharField(max_length=8, choices=Cadence.choices)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(StaffMember, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    pen = PEN

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_offer", fields=["account"], condition=Q(ended_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.tier}, {self.cadence}"
