"""Invoices and credit notes as they were issued, and the counters of their numbers."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KT

from bursar.billing.documents.document import Document, DocumentKind, read_document
from bursar.billing.models.details import PEN
from bursar.billing.rules.ledger import Standing
from bursar.core.ids import PublicIdField
from bursar.files.models import File
from bursar.tenants.models import BillingAccount

NUMBER_LENGTH = 40
KINDS = [(kind.value, kind.value.replace("_", " ")) for kind in DocumentKind]


SUMMED = (
    "kind", "account", "issued_on", "due_on", "country", "net", "vat", "gross", "paid", "credited", "written_off",
    "difference", "open", "payer_key",
)  # fmt: skip
"""What totals of a list read, also where a payer is searched for: from the index alone, and not from documents."""


def money_field(**kwargs: Any) -> Any:
    """EUR, exact to the cent."""
    return models.DecimalField(max_digits=12, decimal_places=2, **kwargs)


def said_field(path: str) -> Any:
    """Text that the document says, at `path`, as a column to choose and sort by."""
    return models.GeneratedField(expression=KT(f"says__{path}"), output_field=models.TextField(), db_persist=True)


class Series(models.Model):
    """Numbers of one kind of document in one year of the seller's: `last` was given, on `last_day`, and all before."""

    kind = models.CharField(max_length=12, choices=KINDS)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)
    last_day = models.DateField(null=True)

    pen = PEN

    class Meta:
        constraints = [models.UniqueConstraint(name="one_series", fields=["kind", "year"])]


class Invoice(models.Model):
    """An issued invoice or credit note. `says` is the document, frozen, and `digest` its SHA-256; amounts are its own.

    `paid`, `credited`, `written_off`, `difference`: the sums of its ledger entries (`rules.ledger`); 0 of a credit
    note. `settled_at`: since when money has settled it. `service_from`, `service_until`: first and last day of its
    subscription line, whose net is `subscription_net`; none without such a line, and none for a Mollie charge, where
    the subscription's state decides. `seats`: paid seats of the plan that it asks for in that time; of one that asks
    for seats that came later, `adds_to` is the invoice whose service period they stand in.
    `made_for`: the charge, refund or row for which the system issued it. `replaces`: the invoice whose VAT it corrects,
    credited in full by the same booking. `abroad_net`: of what it sells with VAT to buyers elsewhere in the EU, which
    counts for the one-stop shop. `payer_key`: the payer's name as one searches and sorts by it.
    `removed_at`: its retention ended then; `says` is empty since and the files are gone, `digest` is what it was.
    """

    public_id = PublicIdField(prefix="inv")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="invoices")
    kind = models.CharField(max_length=12, choices=KINDS)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="invoices")
    place = models.PositiveIntegerField()
    number = models.CharField(max_length=NUMBER_LENGTH, unique=True)
    issued_on = models.DateField()
    issued_at = models.DateTimeField()
    due_on = models.DateField(null=True)
    reference = models.CharField(max_length=25, blank=True)
    says = models.JSONField()
    digest = models.CharField(max_length=64)
    net = money_field()
    vat = money_field()
    gross = money_field()
    abroad_net = money_field(default=0, db_default=0)

    paid = money_field(default=0)
    credited = money_field(default=0)
    written_off = money_field(default=0)
    difference = money_field(default=0)
    open = models.GeneratedField(
        expression=F("gross") - F("paid") - F("credited") - F("written_off") - F("difference"),
        output_field=models.DecimalField(max_digits=12, decimal_places=2),
        db_persist=True,
    )
    settled_at = models.DateTimeField(null=True)

    service_from = models.DateField(null=True)
    service_until = models.DateField(null=True)
    subscription_net = money_field(default=0)
    seats = models.PositiveIntegerField(default=0, db_default=0)
    adds_to = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="additions")
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="credit_notes")
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    made_for = models.CharField(max_length=60, blank=True)

    payer = said_field("buyer__name")
    payer_key = models.TextField(default="", db_default="")
    country = said_field("buyer__country")
    order_number = said_field("order_number")
    buyer_reference = said_field("buyer_reference")

    wants_e_invoice = models.BooleanField(default=False)
    pdf = models.ForeignKey(File, null=True, on_delete=models.PROTECT, related_name="+")
    e_invoice = models.ForeignKey(File, null=True, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True)

    pen = PEN

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_document_a_number", fields=["series", "place"]),
            models.UniqueConstraint(name="one_document_made_for", fields=["made_for"], condition=~Q(made_for="")),
            models.CheckConstraint(
                name="invoice_parts",
                condition=Q(paid__gte=0, credited__gte=0, written_off__gte=0, difference__gte=0, gross__gte=0)
                & Q(gross__gte=F("paid") + F("credited") + F("written_off") + F("difference")),
            ),
            models.CheckConstraint(
                name="credit_note_corrects",
                condition=Q(kind=DocumentKind.INVOICE.value, corrects=None)
                | Q(kind=DocumentKind.CREDIT_NOTE.value, corrects__isnull=False, paid=0, credited=0, written_off=0),
            ),
            models.CheckConstraint(
                name="only_invoices_replace",
                condition=Q(replaces=None) | Q(kind=DocumentKind.INVOICE.value),
            ),
        ]
        indexes = [
            models.Index(name="invoice_by_account", fields=["account", "-issued_at"]),
            models.Index(name="invoice_newest", fields=["-issued_at", "-id"], include=SUMMED),
            models.Index(
                name="invoice_open",
                fields=["due_on"],
                condition=Q(open__gt=0, kind=DocumentKind.INVOICE.value),
                include=["id", *(name for name in SUMMED if name != "due_on")],
            ),
            models.Index(
                name="invoice_abroad",
                fields=["issued_on"],
                include=["kind", "abroad_net"],
                condition=~Q(abroad_net=0),
            ),
            models.Index(name="invoice_kept", fields=["issued_on"], condition=Q(removed_at=None)),
            models.Index(
                name="invoice_service", fields=["account", "-service_until"], condition=Q(service_until__isnull=False)
            ),
            models.Index(name="invoice_reference", fields=["reference"], condition=~Q(reference="")),
            models.Index(name="invoice_by_day", fields=["issued_on"]),
            models.Index(name="invoice_by_due_day", fields=["due_on"]),
            models.Index(name="invoice_by_country", fields=["country"]),
            models.Index(name="invoice_order", fields=["order_number"], condition=Q(order_number__gt="")),
            models.Index(name="invoice_buyer_says", fields=["buyer_reference"], condition=Q(buyer_reference__gt="")),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def document(self) -> Document:
        return read_document(self.says)

    @property
    def standing(self) -> Standing:
        return Standing(self.pk, self.gross, self.paid, self.credited, self.written_off, self.difference)
