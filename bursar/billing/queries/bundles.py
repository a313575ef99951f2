"""Bundles of documents, and what goes into one."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q, QuerySet

from bursar.access.actor import Actor
from bursar.billing.models import Bundle, Invoice
from bursar.billing.rules.periods import Period
from bursar.files.models import File

AT_ONCE = 200
SHOWN = 20


def list_own(actor: Actor) -> list[Bundle]:
    """The newest that this person asked for."""
    rows = Bundle.objects.filter(actor__id=actor.id).select_related("file")
    return list(rows.order_by("-created_at")[:SHOWN])


def select_documents(period: Period, *, with_pdf: bool, with_ubl: bool) -> QuerySet[Invoice]:
    """Those that have, or will have, such a file."""
    rows = Invoice.objects.filter(issued_on__gte=period.first, issued_on__lt=period.end, removed_at=None)
    return rows if with_pdf else rows.filter(Q(wants_e_invoice=True) if with_ubl else Q(pk__in=[]))


def walk_files(period: Period, *, with_pdf: bool, with_ubl: bool) -> Iterator[list[File]]:
    """The files of one document after another, none where they are still being made; a statement for every 200."""
    rows = select_documents(period, with_pdf=with_pdf, with_ubl=with_ubl).select_related("pdf", "e_invoice")
    last = 0
    while batch := list(rows.defer("says").filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        for row in batch:
            wanted = [row.pdf if with_pdf else None, row.e_invoice if with_ubl else None]
            yield [file for file in wanted if file is not None]
        last = batch[-1].pk
