from __future__ import annotations

from django.db import models

from bursar.billing.rules import VatIdStatus
from bursar.tenants.models import BillingAccount

PEN = "bursar.billing.store"
LANGUAGES = [("en", "English"), ("nl", "Dutch")]
"""In which documents are written."""


class BillingDetails(models.Model):
    """Who pays, as it stands on documents. The book keeps what it was before; each charge keeps what it was made from.

    `vat_id`: as `read_vat_id` writes it. `vat_status`, `known_at`, `asked_at`, `consultation`: what is known of it
    (`rules.Standing`). `is_accepted`: somebody with the right took an unknown id for valid, under `consultation`.
    `legal_id`: a KvK number or an OIN; `peppol_id`: scheme and value. `order_number` stands on documents, through
    `order_last_day` if there is such a day; so do `buyer_reference` and `contract`. `payment_days`: their payment term;
    none: the seller's own. `language`: of documents.

    `mails`: where documents go; where there are none, to the account's billing people. `is_of_file`: as an import told
    it, and nobody here wrote it down since.
    """

    account = models.OneToOneField(BillingAccount, on_delete=models.CASCADE, related_name="billing_details")
    name = models.CharField(max_length=200)
    street = models.CharField(max_length=200)
    street_more = models.CharField(max_length=200, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100)
    country = models.CharField(max_length=2)
    vat_id = models.CharField(max_length=20, blank=True)
    vat_status = models.CharField(max_length=8, choices=[(one.value, one.value) for one in VatIdStatus])
    known_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    consultation = models.CharField(max_length=60, blank=True)
    is_accepted = models.BooleanField(default=False)
    legal_id = models.CharField(max_length=20, blank=True, default="", db_default="")
    peppol_id = models.CharField(max_length=55, blank=True, default="", db_default="")
    order_number = models.CharField(max_length=50, blank=True, default="", db_default="")
    order_last_day = models.DateField(null=True, blank=True)
    buyer_reference = models.CharField(max_length=100, blank=True, default="", db_default="")
    contract = models.CharField(max_length=50, blank=True, default="", db_default="")
    payment_days = models.PositiveSmallIntegerField(null=True, blank=True)
    language = models.CharField(max_length=2, choices=LANGUAGES, db_default="en", default="en")
    mails = models.JSONField(default=list)
    changed_at = models.DateTimeField()
    is_of_file = models.BooleanField(default=False)

    pen = PEN

    class Meta:
        indexes = [models.Index(name="vat_id_asked", fields=["asked_at"], condition=~models.Q(vat_id=""))]
