"""Adds the lines of the referral ledger: what was received is compared with what stands there, the difference added.

That changes nothing but what follows from payments, so it is no action (decision 2), and may be done at any time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max, Sum

from bursar.billing.seller import seller_day
from bursar.partners.models import AccrualLine, ReferralEntry, Settlement
from bursar.partners.queries.sources import load_positions
from bursar.partners.rules.accrual import Agreement, Counted, Line, Terms, list_new_lines


def hold(partner_id: int) -> list[ReferralEntry]:
    """The partner's entries, locked: neither lines nor settlements of it come from elsewhere meanwhile."""
    found = ReferralEntry.objects.filter(partner_id=partner_id).order_by("pk").select_for_update(no_key=True)
    return list(found.prefetch_related("terms"))


@transaction.atomic
def accrue(partner_id: int, now: datetime) -> int:
    """Of all entries of the partner. Returns how many lines were added."""
    entries = hold(partner_id)
    open_from, made = get_open_from(partner_id), list[AccrualLine]()
    for entry in entries:
        new = find_new(entry, seller_day(now), open_from)
        made += [_row(entry, line, now) for line in new]
    AccrualLine.objects.bulk_create(made)
    ReferralEntry.objects.filter(pk__in=[entry.pk for entry in entries]).update(looked_at=now)
    return len(made)


def find_new(entry: ReferralEntry, today: date, open_from: date) -> list[Line]:
    """What is missing of its lines."""
    return list_new_lines(agreement_of(entry), load_positions(entry.client_id), load_recorded(entry), today, open_from)


def agreement_of(entry: ReferralEntry) -> Agreement:
    rows = sorted(entry.terms.all(), key=lambda row: row.from_on)
    terms = tuple(Terms(row.from_on, row.share, row.with_other) for row in rows)
    return Agreement(entry.starts_on, terms, entry.expires_on, entry.cap)


def load_recorded(entry: ReferralEntry) -> dict[str, Counted]:
    """What its lines come to, by receipt."""
    sums = AccrualLine.objects.filter(entry=entry).order_by().values("key")
    rows = sums.annotate(nets=Sum("net"), earnings=Sum("earned"), amounts=Sum("amount"))
    return defaultdict(Counted, {r["key"]: Counted(r["nets"], r["earnings"], r["amounts"]) for r in rows})


def get_settled_through(partner_id: int) -> date | None:
    """The last day of the last quarter that was settled."""
    last: date | None = Settlement.objects.filter(partner_id=partner_id).aggregate(last=Max("through"))["last"]
    return last


def get_open_from(partner_id: int) -> date:
    last = get_settled_through(partner_id)
    return date.min if last is None else last + timedelta(days=1)


def list_due(before: datetime, limit: int) -> Sequence[int]:
    """Partners with an entry that was not looked at since."""
    due = ReferralEntry.objects.filter(looked_at=None) | ReferralEntry.objects.filter(looked_at__lt=before)
    return list(due.order_by("partner_id").values_list("partner_id", flat=True).distinct()[:limit])


def _row(entry: ReferralEntry, line: Line, now: datetime) -> AccrualLine:
    return AccrualLine(
        entry=entry, key=line.key, kind=line.kind.value, on=line.on, net=line.net, earned=line.earned,
        amount=line.amount, payable_on=line.payable_on, made_at=now,
    )  # fmt: skip
