"""Issues documents: the one place where numbers are given. Accounts are locked before a series is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import orjson
from django.db import transaction

from bursar.billing.documents.document import Document, DocumentKind, ItemKind
from bursar.billing.models import Invoice, Series
from bursar.billing.numbers import number_of
from bursar.billing.rules.references import make_reference
from bursar.billing.seller import seller_day
from bursar.core.errors import Unavailable
from bursar.core.sortkey import sort_key
from bursar.files.models import File
from bursar.tenants.models import BillingAccount

WAS_LATER = "The clock of this server is behind the last document's day. Nothing was issued; try again in a while."


class DayChanged(Exception):
    """The document was made on another day than it would be issued on: it is to be made again."""


@dataclass(frozen=True)
class Issue:
    """What is issued beside the document itself. `counts`: its subscription line says class and MRR (`Invoice`).
    `seats`: of the plan that it asks for; `adds_to`: to those of that invoice. `replaces`: it is what the system made
    that one for from now on. `public_id`: given out before the document was there; empty: a new one.
    """

    public_id: str = ""
    counts: bool = False
    seats: int = 0
    adds_to: Invoice | None = None
    corrects: Invoice | None = None
    replaces: Invoice | None = None
    made_for: str = ""
    wants_e_invoice: bool = False


@transaction.atomic
def issue(account: BillingAccount, document: Document, how: Issue, tell_time: Callable[[], datetime]) -> Invoice:
    """The document under the next number of its series, frozen. The series is locked until the transaction ends, so
    that numbers have no gaps; what takes time was done before. `tell_time` is asked under the lock.

    Raises DayChanged, and Unavailable when the clock has gone back by days.
    """
    day = document.issued_on
    Series.objects.get_or_create(kind=document.kind.value, year=day.year)
    series = Series.objects.select_for_update(no_key=True).get(kind=document.kind.value, year=day.year)
    now = tell_time()
    if seller_day(now) != day:
        raise DayChanged
    if series.last_day is not None and series.last_day > day:
        raise Unavailable(WAS_LATER)
    series.last, series.last_day = series.last + 1, day
    series.save(update_fields=["last", "last_day"])
    number = number_of(document.kind, day.year, series.last)
    reference = make_reference(number) if document.reference else ""
    _make_way(how)
    row = _row(account, replace(document, number=number, reference=reference), how)
    row.series, row.place, row.issued_at = series, series.last, now
    row.public_id = how.public_id or row.public_id
    row.save(force_insert=True)
    if how.replaces is not None:  # seats that were added to that one are added to this one
        Invoice.objects.filter(adds_to=how.replaces).update(adds_to=row)
    return row


def _make_way(how: Issue) -> None:
    """One document at a time is made for a charge; of the one that is replaced its own id stands behind."""
    before = how.replaces
    if before is not None and before.made_for:
        Invoice.objects.filter(pk=before.pk).update(made_for=f"{before.made_for}:{before.public_id}")


def _row(account: BillingAccount, document: Document, how: Issue) -> Invoice:
    says, totals = document.as_json(), document.totals
    return Invoice(
        account=account, kind=document.kind.value, number=document.number, issued_on=document.issued_on,
        due_on=document.due_on, reference=document.reference, says=says, digest=digest_of(says), net=totals.net,
        vat=totals.vat, gross=totals.gross, abroad_net=document.abroad_net, corrects=how.corrects,
        replaces=how.replaces, made_for=how.made_for, payer_key=sort_key(document.buyer.name),
        wants_e_invoice=how.wants_e_invoice, seats=how.seats, adds_to=how.adds_to,
        **(_subscription_of(document) if how.counts else {}),
    )  # fmt: skip


def _subscription_of(document: Document) -> dict[str, Any]:
    """From the first to the last day of its subscription lines, and what they come to."""
    if document.kind is not DocumentKind.INVOICE:
        return {}
    lines = [item for item in document.items if item.kind is ItemKind.SUBSCRIPTION]
    begun: list[date] = [item.service_from for item in lines if item.service_from]
    ended: list[date] = [item.service_until for item in lines if item.service_until]
    if not begun or not ended:
        return {}
    net = sum(item.net for item in lines)
    return {"service_from": min(begun), "service_until": max(ended), "subscription_net": net}


def digest_of(says: dict[str, Any]) -> str:
    """SHA-256 over the JSON, its keys in order."""
    return hashlib.sha256(orjson.dumps(says, option=orjson.OPT_SORT_KEYS)).hexdigest()


def keep_files(row: Invoice, pdf: File, e_invoice: File | None) -> None:
    """Once: what was made of it stays."""
    made = Invoice.objects.filter(pk=row.pk, pdf=None).update(pdf=pdf, e_invoice=e_invoice)
    assert made, f"{row.number} has its files already"
