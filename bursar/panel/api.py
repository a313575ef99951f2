"""What the 360° pages read, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from ninja import Query, Router

from bursar.access.request import actor_of
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.days import tell_end
from bursar.core.hours import plain_hours
from bursar.core.money import plain
from bursar.core.reading import consistent_read
from bursar.panel import queries
from bursar.panel.schemas import AccountOut, OrganisationOut, PersonOut, WorkspaceOut
from bursar.rollup import words
from bursar.rollup.movements import first_month
from bursar.rollup.queries.months import get_breakdown, list_account_months, list_workspace_months
from bursar.rollup.refresh import refresh
from bursar.rollup.rules import Breakdown
from bursar.tenants.queries import accounts_for, get_account, get_organisation, get_person, get_workspace
from bursar.usage.queries import get_recorded, get_standing
from bursar.usage.rules import Shares

router = Router(tags=["accounts"])
PAGE: int = Query(1, ge=1, le=1_000_000, description="Fifty people a page.")  # type: ignore[type-arg]  # ninja types
INVITED: int = Query(1, ge=1, le=1_000_000, description="Fifty pending invitations a page.")  # type: ignore[type-arg]  # ninja types


def _term(term: queries.Term, now: datetime) -> dict[str, Any]:
    return {"what": term.what, "value": term.value, "where": term.where, "from": term.since.isoformat(),
            **tell_end(term.until), "is_live": term.is_live(now)}  # fmt: skip


def _invited(condition: Q, now: datetime, page: int) -> dict[str, Any]:
    invitations, count = queries.list_invited(condition, now, page)
    rows = [
        {"id": one.public_id, "email": one.email, "role": one.role, "invited_at": one.invited_at.isoformat(),
         "workspace": {"id": one.workspace.public_id, "name": one.workspace.name},
         "invited_by": {"id": one.invited_by.public_id, "name": one.invited_by.name} if one.invited_by else None}
        for one in invitations
    ]  # fmt: skip
    return {"count": count, "page": page, "invitations": rows}


def _people(condition: Q, now: datetime, page: int) -> dict[str, Any]:
    people, count = queries.list_people(condition, now, page)
    rows = [
        {"id": line.person.public_id, "name": line.person.name, "email": line.person.email, "places": line.places,
         "has_seat": line.has_seat}
        for line in people
    ]  # fmt: skip
    return {"count": count, "page": page, "people": rows}


@router.get(
    "/accounts/{account_id}",
    operation_id="account_get",
    summary="One account from every side",
    response=AccountOut,
    by_alias=True,
)
def read_account(request: HttpRequest, account_id: str, people: int = PAGE, invited: int = INVITED) -> dict[str, Any]:
    """Its months, price line by line, terms with their history, workspaces and people."""
    now = clock.now()
    account = get_account(actor_of(request), account_id)
    refresh(now)
    with consistent_read():
        price, start = get_breakdown(account, now), first_month()
        return {
            "id": account.public_id,
            "label": str(account),
            "scope": account.scope,
            "organisation": {"id": account.organisation.public_id, "name": account.organisation.name},
            "months": [_account_month(row, start) for row in list_account_months(account, now)],
            "price": _price(price) if price else None,
            "terms": [_term(term, now) for term in queries.list_account_terms(account)],
            "workspaces": [{"id": w.public_id, "name": w.name} for w in account.workspaces.order_by("sort_key")[:200]],
            "people": _people(Q(workspace__account=account), now, people),
            "invited": _invited(Q(workspace__account=account), now, invited),
        }  # fmt: skip


def _price(price: Breakdown) -> dict[str, Any]:
    lines = [
        {"tier": line.tier, "seats": line.seats, "rate_eur": plain(line.rate), "percent_off": line.percent,
         "amount_eur": plain(line.amount), "is_floor": line.is_floor}
        for line in price.lines
    ]  # fmt: skip
    frozen_at = price.frozen_at.isoformat() if price.frozen_at else None
    return {"cadence": price.cadence, "total_eur": plain(price.total), "frozen_at": frozen_at, "lines": lines}


def _account_month(row: Any, start: Month | None) -> dict[str, Any]:
    return {
        "month": str(Month.of(row.month)),
        "class": row.klass,
        "reason": words.explain(row.reason),
        "tier": row.tier,
        "seats": row.seats,
        "workspaces": row.workspaces,
        "recorded_hours": plain_hours(row.recorded_seconds),
        "mrr_eur": plain(row.mrr),
        "potential_eur": plain(row.potential),
        "movement": row.movement if Month.of(row.month) != start else "",
        "rule_version": row.rule_version,
        "restated": row.restated_at is not None,
        "ended_at": row.ended_at and row.ended_at.isoformat(),
    }


@router.get(
    "/workspaces/{workspace_id}",
    operation_id="workspace_get",
    summary="One workspace from every side",
    response=WorkspaceOut,
    by_alias=True,
)
def read_workspace(
    request: HttpRequest, workspace_id: str, people: int = PAGE, invited: int = INVITED
) -> dict[str, Any]:
    now = clock.now()
    workspace = get_workspace(actor_of(request), workspace_id)
    refresh(now)
    with consistent_read():
        standing = get_standing(workspace, now)
        return {
            "id": workspace.public_id,
            "external_id": workspace.external_id,
            "name": workspace.name,
            "kind": workspace.kind,
            "visibility": workspace.visibility,
            "account": {"id": workspace.account.public_id, "label": str(workspace.account)},
            "organisation": {"id": workspace.organisation.public_id, "name": workspace.organisation.name},
            "deleted_at": workspace.deleted_at.isoformat() if workspace.deleted_at else None,
            "counted_seconds": standing.counted,
            "cap_seconds": standing.cap,
            "state": standing.state.key,
            "recorded_by": _recorded_by(get_recorded(workspace, standing, now).to_staff()),
            "months": [
                {"month": str(Month.of(row.month)), "tier": row.tier, "seats": row.seats,
                 "recorded_hours": plain_hours(row.recorded_seconds),
                 "ended_at": row.ended_at and row.ended_at.isoformat()}
                for row in list_workspace_months(workspace, now)
            ],
            "terms": [_term(term, now) for term in queries.list_workspace_terms(workspace)],
            "people": _people(Q(workspace=workspace), now, people),
            "invited": _invited(Q(workspace=workspace), now, invited),
        }  # fmt: skip


def _recorded_by(shares: Shares) -> dict[str, Any]:
    return {
        "period": "cap" if shares.is_counted else "month",
        "since": shares.since.isoformat() if shares.since else None,
        "seconds": shares.total,
        "lines": [
            {"kind": line.kind, "id": line.public_id or None, "name": line.label, "seconds": line.seconds}
            for line in shares.lines
        ],
    }


@router.get(
    "/organisations/{organisation_id}",
    operation_id="organisation_get",
    summary="One organisation",
    response=OrganisationOut,
    by_alias=True,
)
def read_organisation(request: HttpRequest, organisation_id: str, invited: int = INVITED) -> dict[str, Any]:
    now, actor = clock.now(), actor_of(request)
    organisation = get_organisation(actor, organisation_id)
    accounts = accounts_for(actor).filter(organisation=organisation).order_by("sort_key")[:200]
    return {
        "id": organisation.public_id,
        "external_id": organisation.external_id,
        "name": organisation.name,
        "country": organisation.country,
        "is_partner": organisation.is_partner,
        "accounts": [{"id": account.public_id, "label": str(account)} for account in accounts],
        "workspaces": [
            {"id": w.public_id, "name": w.name, "account": w.account.public_id, "is_deleted": w.deleted_at is not None}
            for w in queries.list_workspaces(organisation)
        ],
        "members": [
            {"id": m.person.public_id, "name": m.person.name, "role": m.role}
            for m in queries.list_organisation_members(organisation, now)
        ],
        "invited": _invited(Q(workspace__organisation=organisation), now, invited),
    }


@router.get(
    "/people/{person_id}",
    operation_id="person_get",
    summary="One person: where they are, and how often",
    response=PersonOut,
    by_alias=True,
)
def read_person(request: HttpRequest, person_id: str) -> dict[str, Any]:
    person = get_person(actor_of(request), person_id)
    return {
        "id": person.public_id,
        "external_id": person.external_id,
        "name": person.name,
        "email": person.email,
        "is_erased": person.erased_at is not None,
        "memberships": [
            {
                "role": m.role,
                "where": m.where,
                "from": m.since.isoformat(),
                **tell_end(m.until),
            }
            for m in queries.list_memberships(person)
        ],
        "logins_30_days": queries.count_logins(person, clock.now()),
    }
