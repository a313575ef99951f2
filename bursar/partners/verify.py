"""Whether the referral ledger says what was really received: silent when it does. Read by `bursar verify`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db.models import Q, Sum

from bursar.billing.models import LedgerEntry
from bursar.billing.seller import seller_day
from bursar.core import clock
from bursar.core.money import ZERO
from bursar.core.proofs import PROOFS
from bursar.partners.models import AccrualLine, ReferralEntry, Settlement
from bursar.partners.rules.accrual import calc_total
from bursar.partners.store.accruing import agreement_of, find_new, load_recorded
from bursar.payments.models import Payment

AT_ONCE = 200


def list_faults(account: str = "") -> Iterator[str]:
    """account: entries of this client alone; settlements are of partners and looked at then as well."""
    entries = ReferralEntry.objects.filter(client__public_id=account) if account else ReferralEntry.objects.all()
    today = seller_day(clock.now())
    for entry in entries.prefetch_related("terms").order_by("pk").iterator(chunk_size=AT_ONCE):
        yield from _own_faults(entry)
        if _is_looked_at(entry):
            yield from (
                f"{entry.public_id}: {line.key} is {line.net} net and {line.amount} off what was received"
                for line in find_new(entry, today, date.min)
            )
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


def _is_looked_at(entry: ReferralEntry) -> bool:
    """What came since is not late: the job looks at it in its turn."""
    if entry.looked_at is None:
        return False
    told = Q(learned_at__gt=entry.looked_at) | Q(answered_at__gt=entry.looked_at)
    if Payment.objects.filter(told, account_id=entry.client_id).exists():
        return False
    return not LedgerEntry.objects.filter(account_id=entry.client_id, booked_at__gt=entry.looked_at).exists()


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
