"""The referral ledger for programs. Levers go through the actions' own addresses. Amounts: EUR, net, two decimals."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bursar.access.request import actor_of
from bursar.billing.seller import seller_day
from bursar.core import clock, cursors
from bursar.core.api import LIMIT
from bursar.core.money import plain
from bursar.core.reading import consistent_read
from bursar.partners.filters import read_quarter
from bursar.partners.queries import ledger
from bursar.partners.queries.statements import get_statement

router = Router(tags=["partners"])


class NamedOut(Schema):
    id: str
    name: str


class ReferralOut(Schema):
    id: str
    partner: NamedOut
    client: NamedOut
    starts_on: date
    expires_on: date | None
    share_percent: int
    with_other: bool
    client_discount_percent: int
    cap_eur: str
    received_eur: str
    accrued_eur: str
    payable_eur: str
    settled_eur: str
    notes: str


class ReferralsOut(Schema):
    referrals: list[ReferralOut]
    next_cursor: str


class StatementLineOut(Schema):
    referral: str
    client: NamedOut
    day: date
    what: str
    receipt: str
    received_eur: str
    share_eur: str
    owed_from: date


class StatementOut(Schema):
    partner: NamedOut
    quarter: str
    brought_forward_eur: str
    lines_eur: str
    total_eur: str
    settlement: str
    lines: list[StatementLineOut]


def _named(thing: Any) -> dict[str, str]:
    return {"id": thing.public_id, "name": str(thing)}


def _out(entry: Any) -> dict[str, Any]:
    latest = max(entry.terms.all(), key=lambda one: one.from_on)
    return {
        "id": entry.public_id, "partner": _named(entry.partner), "client": _named(entry.client),
        "starts_on": entry.starts_on, "expires_on": entry.expires_on, "share_percent": latest.share,
        "with_other": latest.with_other, "client_discount_percent": entry.client_discount,
        "cap_eur": plain(entry.cap), "received_eur": plain(entry.net), "accrued_eur": plain(entry.accrued),
        "payable_eur": plain(entry.payable), "settled_eur": plain(entry.settled), "notes": entry.notes,
    }  # fmt: skip


@router.get("/referrals", operation_id="referrals_list", summary="The referral ledger", response=ReferralsOut)
def list_referrals(
    request: HttpRequest,
    partner: str = Query("", description="A partner's id; empty: of all."),  # type: ignore[type-arg]  # ninja types
    cursor: str = "",
    limit: int = LIMIT,
) -> dict[str, Any]:
    """In the order in which they were made. `cap_eur` is empty where there is none."""
    rows = ledger.entries_for(actor_of(request))
    if partner:
        rows = rows.filter(partner__public_id=partner)
    if cursor:
        rows = rows.filter(pk__gt=cursors.decode_key(cursor))
    with consistent_read():
        summed = ledger.with_sums(rows, seller_day(clock.now())).prefetch_related("terms").order_by("pk")
        found = list(summed[: limit + 1])
    has_more = len(found) > limit
    return {
        "referrals": [_out(entry) for entry in found[:limit]],
        "next_cursor": cursors.encode([found[limit - 1].pk]) if has_more else "",
    }


@router.get("/referrals/{referral_id}", operation_id="referral_get", summary="One entry", response=ReferralOut)
def read_referral(request: HttpRequest, referral_id: str) -> dict[str, Any]:
    entry = ledger.get_entry(actor_of(request), referral_id)
    rows = ledger.entries_for(actor_of(request)).filter(pk=entry.pk)
    return _out(ledger.with_sums(rows, seller_day(clock.now())).prefetch_related("terms").get())


@router.get(
    "/partners/{organisation_id}/statements/{quarter}", operation_id="partner_statement", summary="A statement",
    response=StatementOut,
)  # fmt: skip
def read_statement(request: HttpRequest, organisation_id: str, quarter: str) -> dict[str, Any]:
    """Such as 2026-Q3. `settlement`: the id of what settled it; empty while it is open."""
    partner, asked = ledger.get_partner(actor_of(request), organisation_id), read_quarter(quarter)
    with consistent_read():
        one = get_statement(partner, asked)
    return {
        "partner": _named(partner), "quarter": str(one.quarter), "brought_forward_eur": plain(one.before),
        "lines_eur": plain(one.own), "total_eur": plain(one.total),
        "settlement": one.settlement.public_id if one.settlement else "",
        "lines": [
            {
                "referral": line.entry.public_id, "client": _named(line.entry.client), "day": line.on,
                "what": line.kind, "receipt": line.key, "received_eur": plain(line.net),
                "share_eur": plain(line.amount), "owed_from": line.payable_on,
            }
            for line in one.lines
        ],
    }  # fmt: skip
