"""Entries with what they come to, and what each partner is owed. Days are the seller's; amounts EUR, net of VAT."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, DateField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from bursar.access.actor import Actor
from bursar.billing.seller import seller_day
from bursar.core import clock
from bursar.core.errors import NotFound
from bursar.core.money import CENT, ZERO
from bursar.partners.models import AccrualLine, ReferralEntry, Settlement
from bursar.partners.rules.quarters import Quarter, quarters_between
from bursar.plans.agreed import AGREEMENTS
from bursar.plans.models import Discount, DiscountKind
from bursar.tenants.models import BillingAccount, Kind, Organisation


def entries_for(actor: Actor) -> QuerySet[ReferralEntry]:
    """The ledger is the staff's; what a partner sees of its own is in `shown`."""
    every = ReferralEntry.objects.select_related("partner", "client__organisation")
    return every if actor.all_accounts else every.none()


def get_entry(actor: Actor, public_id: str) -> ReferralEntry:
    found = entries_for(actor).filter(public_id=public_id).prefetch_related("terms").first()
    if found is None:
        raise NotFound
    return found


def with_sums(rows: QuerySet[ReferralEntry], today: date) -> QuerySet[ReferralEntry]:
    """`net`: received that counts; `accrued`: what that comes to; `payable` of it today; `settled` of that."""
    last = Settlement.objects.filter(partner_id=OuterRef("partner_id")).order_by("-through").values("through")[:1]
    rows = rows.annotate(settled_through=Subquery(last, output_field=DateField()))
    return rows.annotate(
        net=Coalesce(Sum("lines__net"), ZERO),
        accrued=Coalesce(Sum("lines__amount"), ZERO),
        payable=Coalesce(Sum("lines__amount", filter=Q(lines__payable_on__lte=today)), ZERO),
        settled=Coalesce(Sum("lines__amount", filter=Q(lines__payable_on__lte=F("settled_through"))), ZERO),
    )


def list_entries(partner: Organisation, today: date) -> list[ReferralEntry]:
    """Newest first, with their sums and terms. Two statements."""
    rows = ReferralEntry.objects.filter(partner=partner).select_related("partner", "client__organisation")
    return list(with_sums(rows, today).prefetch_related("terms").order_by("-starts_on", "-pk"))


def find_overlap(
    client: BillingAccount, starts_on: date, expires_on: date | None, but: int = 0
) -> ReferralEntry | None:
    """Another entry of the client on any of these days."""
    rows = ReferralEntry.objects.filter(client=client).exclude(pk=but).select_related("partner")
    rows = rows.filter(Q(expires_on=None) | Q(expires_on__gte=starts_on))
    return (rows.filter(starts_on__lte=expires_on) if expires_on else rows).order_by("starts_on").first()


def list_running(client: BillingAccount, today: date) -> QuerySet[ReferralEntry]:
    """Entries of the client that count what is paid today, or will."""
    rows = ReferralEntry.objects.filter(Q(expires_on=None) | Q(expires_on__gte=today), client=client)
    return rows.select_related("partner").order_by("starts_on")


def say_agreed(client: BillingAccount, present: Discount) -> str:
    """Where the account's partner discount is what an entry that runs gave to it; else nothing."""
    if present.kind != DiscountKind.PARTNER:
        return ""
    giving = list_running(client, seller_day(clock.now())).exclude(client_discount=0).first()
    if giving is None:
        return ""
    return (
        f"{giving.client_discount} % were agreed in the referral entry of {giving.partner.name}. "
        "The entry goes on, and shows what stands instead."
    )


AGREEMENTS.add("referrals", say_agreed)


def find_discounts(entries: Iterable[ReferralEntry], now: datetime) -> dict[int, Discount]:
    """By account: what the clients of these entries have now. One statement."""
    rows = Discount.objects.at(now).filter(account_id__in={one.client_id for one in entries})
    return {row.account_id: row for row in rows if row.account_id is not None}


def list_partners() -> list[Organisation]:
    """By name: those that may be named in a new entry."""
    return list(Organisation.objects.filter(is_partner=True, deleted_at=None).order_by("sort_key", "pk"))


def partners() -> QuerySet[Organisation]:
    """Those that are partners, and those that were and have entries."""
    known = ReferralEntry.objects.values("partner_id")
    return Organisation.objects.filter(Q(is_partner=True, deleted_at=None) | Q(pk__in=known))


def with_counts(rows: QuerySet[Organisation], today: date) -> QuerySet[Organisation]:
    """`live`: entries that run; `made`: all entries; `spaces`: workspaces for external clients."""
    running = Q(referrals__starts_on__lte=today) & (Q(referrals__expires_on=None) | Q(referrals__expires_on__gte=today))
    outside = Q(workspaces__kind=Kind.EXTERNAL_CLIENT, workspaces__deleted_at=None)
    return rows.annotate(
        live=Count("referrals", filter=running, distinct=True),
        made=Count("referrals", distinct=True),
        spaces=Count("workspaces", filter=outside, distinct=True),
    )


def get_partner(actor: Actor, public_id: str) -> Organisation:
    """Any organisation: it may be none yet, or none any more. Raises NotFound."""
    found = Organisation.objects.filter(public_id=public_id).first() if actor.all_accounts else None
    if found is None:
        raise NotFound
    return found


def sum_by_quarter(partner_id: int) -> dict[Quarter, Decimal]:
    """What its lines come to, by the quarter in which they are owed, in order."""
    days = AccrualLine.objects.filter(entry__partner_id=partner_id).order_by("payable_on").values_list("payable_on")
    found: dict[Quarter, Decimal] = {}
    for day, total in days.annotate(total=Sum("amount")):
        found[Quarter.of(day)] = found.get(Quarter.of(day), ZERO) + total
    return found


def sum_cut_by_quarter(partner_id: int) -> dict[Quarter, Decimal]:
    """What its lines would come to beyond their caps, by the quarter in which they are owed; those with any."""
    rows = AccrualLine.objects.filter(entry__partner_id=partner_id).order_by("payable_on", "entry_id")
    sums: dict[tuple[Quarter, int], Decimal] = {}
    for day, entry, cut in rows.values_list("payable_on", "entry_id").annotate(cut=Sum(F("earned") - F("amount"))):
        key = Quarter.of(day), entry
        sums[key] = sums.get(key, ZERO) + cut
    found: dict[Quarter, Decimal] = {}
    for (quarter, _), cut in sums.items():
        if cut >= CENT:  # less is rounding
            found[quarter] = found.get(quarter, ZERO) + cut
    return found


def calc_owed(partner_id: int, last_day: date, after: date | None) -> Decimal:
    """What its lines come to that are owed by `last_day`, and not before the day after `after`."""
    rows = AccrualLine.objects.filter(entry__partner_id=partner_id, payable_on__lte=last_day)
    rows = rows.filter(payable_on__gt=after) if after else rows
    total: Decimal | None = rows.aggregate(total=Sum("amount"))["total"]
    return total or ZERO


def is_looked_at(partner_id: int, since: datetime) -> bool:
    """Whether the lines of all its entries were worked out since."""
    late = Q(looked_at=None) | Q(looked_at__lt=since)
    return not ReferralEntry.objects.filter(late, partner_id=partner_id).exists()


def list_open_quarters(partner_id: int, today: date, after: date | None) -> list[tuple[Quarter, Decimal]]:
    """Quarters that are over and not settled, each with all that is owed through its end. The newest first."""
    sums = {one: total for one, total in sum_by_quarter(partner_id).items() if after is None or one.last > after}
    if not sums:
        return []
    found, owed = [], ZERO
    for quarter in quarters_between(min(sums), Quarter.of(today).previous()):
        owed += sums.get(quarter, ZERO)
        found.append((quarter, owed))
    return found[::-1]


def list_owed(partner_ids: Iterable[int], today: date) -> dict[int, Decimal]:
    """Of each partner: what is owed through the last quarter that is over, and was not settled. One statement."""
    last = Settlement.objects.filter(partner_id=OuterRef("entry__partner_id")).order_by("-through").values("through")
    rows = AccrualLine.objects.filter(entry__partner_id__in=partner_ids).annotate(
        done=Coalesce(Subquery(last[:1], output_field=DateField()), date.min)
    )
    ends = Quarter.of(today).first - timedelta(days=1)
    rows = rows.filter(payable_on__lte=ends, payable_on__gt=F("done"))
    sums = rows.order_by().values("entry__partner_id").annotate(total=Sum("amount"))
    return {row["entry__partner_id"]: row["total"] for row in sums}


def count_to_settle(actor: Actor) -> int:
    """For the bar: partners to whom something is owed of quarters that are over."""
    if not actor.all_accounts:
        return 0
    known = ReferralEntry.objects.values_list("partner_id", flat=True)
    return sum(owed > 0 for owed in list_owed(known, seller_day(clock.now())).values())
