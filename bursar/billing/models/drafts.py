"""Invoices that somebody has in mind. Customers never see them, and they have no number."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bursar.billing.documents.document import Document, read_document
from bursar.billing.models.details import PEN
from bursar.billing.models.documents import Invoice
from bursar.core.ids import PublicIdField
from bursar.staff.models import StaffMember
from bursar.tenants.models import BillingAccount


class Draft(models.Model):
    """`verb`: the action on the account whose form was filled in, with `data` as it was sent. `says`: the document that
    this made then; issuing makes it anew. `invoice`: what it was issued as; none while it waits.
    """

    public_id = PublicIdField(prefix="dft")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="drafts")
    verb = models.CharField(max_length=40)
    data = models.JSONField()
    says = models.JSONField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(StaffMember, null=True, on_delete=models.SET_NULL, related_name="+")
    invoice = models.OneToOneField(Invoice, null=True, on_delete=models.PROTECT, related_name="draft")

    pen = PEN

    class Meta:
        indexes = [
            models.Index(name="draft_waiting", fields=["-changed_at", "-id"], condition=Q(invoice=None)),
        ]

    def __str__(self) -> str:
        return f"draft of {self.account}"

    @property
    def document(self) -> Document:
        return read_document(self.says)
