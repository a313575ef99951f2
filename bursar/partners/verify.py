"""Whether the referral ledger says what was really received: silent when it does. Read by `bursar verify`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from django.db.models import Q, Sum

from bursar.billing.models import LedgerEntry
from bursar.billing.seller import seller_day
from bursar.core import clock
from bursar.core.money import ZERO
from bursar.core.proofs import PROOFS
from bursar.partners.models import AccrualLine, ReferralEntry, Settlement
from bursar.partners.rules.accrual import CAP_KEY, calc_total
from bursar.partners.store.accruing import agreement_of, find_new, load_recorded
from bursar.payments.models import Payment

AT_ONCE = 200


def list_faults(account: str = "") -> Iterator[str]:
    """account: entries of this client alone; settlements are of partners and looked at then as well."""
    entries = ReferralEntry.objects.filter(client__public_id=account) if account else ReferralEntry.objects.all()
    today = seller_day(clock.now())
    for entry in entries.prefetch_related("terms").order_by("pk").iterator(chunk_size=AT_ONCE):
        yield from _own_faults(entry)
        if entry.looked_at is not None:
            yield from _missing(entry, _list_news(entry, entry.looked_at), today)
    yield from _settlements()


PROOFS.add("partners", list_faults)


def _own_faults(entry: ReferralEntry) -> Iterator[str]:
    """Of its lines by themselves."""
    recorded = load_recorded(entry)
    total = sum((one.amount for one in recorded.values()), ZERO)
    if total < 0 or (entry.cap is not None and total > entry.cap):
        yield f"{entry.public_id}: comes to {total}, and its cap is {entry.cap}"
    if entry.looked_at is not None:
        whole = calc_total(sum((one.earned for one in recorded.values()), ZERO), agreement_of(entry).cap)
        if whole != total:
            yield f"{entry.public_id}: its lines come to {total}, what they count to {whole}"


def _missing(entry: ReferralEntry, news: set[str], today: date) -> Iterator[str]:
    """Receipts of which there are no news have to come to their lines; with news, the cap's share follows later too."""
    for line in find_new(entry, today, date.min):
        if line.key not in news and not (news and line.key == CAP_KEY):
            yield f"{entry.public_id}: {line.key} is {line.net} net and {line.amount} off what was received"


def _list_news(entry: ReferralEntry, since: datetime) -> set[str]:
    """Receipts that moved since the job looked: it comes to them in its turn."""
    told = Q(learned_at__gt=since) | Q(answered_at__gt=since)
    news = set(Payment.objects.filter(told, account_id=entry.client_id).values_list("public_id", flat=True))
    books = LedgerEntry.objects.filter(account_id=entry.client_id)
    moved = books.filter(booked_at__gt=since, invoice__isnull=False).values("invoice_id")
    for cause, booking in books.filter(invoice_id__in=moved).values_list("cause", "booking"):
        news |= {cause, booking}
    return news


def _settlements() -> Iterator[str]:
    """Each is to come to the lines that are owed from the day after the one before through its own last day."""
    before: Settlement | None = None
    for one in Settlement.objects.order_by("partner_id", "through"):
        rows = AccrualLine.objects.filter(entry__partner_id=one.partner_id, payable_on__lte=one.through)
        if before is not None and before.partner_id == one.partner_id:
            rows = rows.filter(payable_on__gt=before.through)
        total = rows.aggregate(total=Sum("amount"))["total"] or ZERO
        if total != one.amount:
            yield f"{one.public_id}: settles {one.amount}, its lines come to {total}"
        before = one
