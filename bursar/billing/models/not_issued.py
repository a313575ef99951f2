"""Documents that the system should have issued or booked by itself, and could not."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bursar.billing.models.details import PEN
from bursar.billing.models.documents import money_field
from bursar.tenants.models import BillingAccount


class NotIssued(models.Model):
    """`made_for`: what it is for, as in `Invoice.made_for`. `what`: "invoice", "credit note" or "booking". `sentence`:
    which rule it fails. `tries`: how often that was found; `next_try_at`: when it is looked at again by itself.
    """

    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="not_issued")
    made_for = models.CharField(max_length=60, unique=True)
    what = models.CharField(max_length=12)
    amount = money_field()
    sentence = models.TextField()
    since = models.DateTimeField()
    tries = models.PositiveIntegerField(default=1)
    next_try_at = models.DateTimeField()

    pen = PEN

    class Meta:
        constraints = [models.CheckConstraint(name="not_issued_for_something", condition=~Q(made_for=""))]
        indexes = [
            models.Index(name="not_issued_due", fields=["next_try_at"]),
            models.Index(name="not_issued_oldest", fields=["since", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.what} for {self.made_for}"
