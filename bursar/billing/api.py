"""Who pays, and what is known of VAT ids, for programs. Writes go through the actions' own addresses."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bursar.access.request import actor_of
from bursar.billing import queries
from bursar.billing.models import BillingDetails
from bursar.billing.rules import VatDecision
from bursar.billing.seller import seller_day
from bursar.core import clock
from bursar.tenants.queries import get_account

router = Router(tags=["billing"])
PAGE: int = Query(1, ge=1, le=100_000, description="Fifty VAT ids a page.")  # type: ignore[type-arg]  # ninja types
PAGE_SIZE = 50


class VatOut(Schema):
    """`rate` is per cent; `state` is whose VAT it is, empty for none. `remarks`: what somebody should look at."""

    treatment: Literal["charged", "reverse_charge", "outside_scope", "exempt"]
    rate: str
    state: str
    is_oss: bool
    remarks: list[str]


class DetailsOut(Schema):
    """`legal_id`: a KvK number or an OIN; `peppol_id`: scheme and value; `payment_days`: null for the usual term."""

    name: str
    street: str
    street_more: str
    postcode: str
    city: str
    country: str
    vat_id: str
    vat_id_status: Literal["none", "valid", "invalid", "unknown"]
    is_accepted: bool
    known_at: datetime | None
    asked_at: datetime | None
    consultation: str
    legal_id: str
    peppol_id: str
    order_number: str
    order_last_day: date | None
    buyer_reference: str
    contract: str
    payment_days: int | None
    language: Literal["en", "nl"]
    mails: list[str]
    changed_at: datetime


class BillingOut(Schema):
    """`details` is null until somebody wrote them down; `vat` holds for a sale of today all the same."""

    account: str
    label: str
    details: DetailsOut | None
    vat: VatOut


class VatIdsOut(Schema):
    page: int
    has_more: bool
    vat_ids: list[BillingOut]


def _details(row: BillingDetails) -> dict[str, Any]:
    names = [name for name in DetailsOut.model_fields if name != "vat_id_status"]
    return {**{name: getattr(row, name) for name in names}, "vat_id_status": row.vat_status}


def _vat(decision: VatDecision) -> dict[str, Any]:
    told = decision.as_json()
    return {name: told[name] for name in VatOut.model_fields}


def _out(account: Any, row: BillingDetails | None, now: datetime) -> dict[str, Any]:
    return {
        "account": account.public_id,
        "label": str(account),
        "details": _details(row) if row else None,
        "vat": _vat(queries.decide_for(row, seller_day(now))),
    }


@router.get(
    "/accounts/{account_id}/billing",
    operation_id="account_billing",
    summary="Who pays for an account, and whose VAT it bears today",
    response=BillingOut,
)
def read_billing(request: HttpRequest, account_id: str) -> dict[str, Any]:
    account = get_account(actor_of(request), account_id)
    return _out(account, queries.get_details(account.pk), clock.now())


@router.get(
    "/vat-ids", operation_id="vat_ids", summary="What is known of VAT ids, the oldest answer first", response=VatIdsOut
)
def list_vat_ids(
    request: HttpRequest,
    show: Literal["unknown", "invalid", "old", "accepted", "all"] = "unknown",
    q: str = Query("", max_length=100, description="Part of a VAT id, of a payer's name or of an account's."),  # type: ignore[type-arg]  # ninja types
    page: int = PAGE,
) -> dict[str, Any]:
    now, start = clock.now(), (page - 1) * PAGE_SIZE
    rows = list(queries.list_ids(show, q.strip(), now)[start : start + PAGE_SIZE + 1])
    shown = [_out(row.account, row, now) for row in rows[:PAGE_SIZE]]
    return {"page": page, "has_more": len(rows) > PAGE_SIZE, "vat_ids": shown}
