"""What the 360° pages show beside the rollup's row: the dated terms, the months, the people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max, Q, QuerySet, Sum

from bursar.core.days import say_day, say_end
from bursar.core.money import format_money
from bursar.plans import rules as plans
from bursar.plans.models import (
    AccountManager,
    BaseTier,
    Discount,
    PaidPeriod,
    PaymentStatus,
    PaymentTerms,
    PinnedPrice,
    TierGrant,
)
from bursar.tenants.models import (
    BillingAccount,
    Invitation,
    Organisation,
    OrganisationMembership,
    Person,
    Workspace,
    WorkspaceMembership,
)
from bursar.tenants.queries import list_invitations
from bursar.usage.models import UsageReset

TERMS_SHOWN = 60
PEOPLE_SHOWN = 50


@dataclass(frozen=True)
class Term:
    """One dated row in words. `until` None: still."""

    what: str
    value: str
    since: datetime
    until: datetime | None
    where: str = ""

    def is_live(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


def list_account_terms(account: BillingAccount) -> list[Term]:
    """The account's own terms and its workspaces', newest first, at most `TERMS_SHOWN`."""
    found = [
        *_payment_terms(account),
        *_discounts(Q(account=account)),
        *_prices(account),
        *_managers(account),
        *_periods(account),
        *_tiers(Q(workspace__account=account)),
        *_discounts(Q(workspace__account=account)),
    ]
    return sorted(found, key=lambda term: term.since, reverse=True)[:TERMS_SHOWN]


def list_workspace_terms(workspace: Workspace) -> list[Term]:
    found = [*_tiers(Q(workspace=workspace)), *_discounts(Q(workspace=workspace)), *_resets(workspace)]
    return sorted(found, key=lambda term: term.since, reverse=True)[:TERMS_SHOWN]


def _newest(rows: Any) -> Any:
    return rows.order_by("-valid_from")[:TERMS_SHOWN]


def _payment_terms(account: BillingAccount) -> Iterator[Term]:
    for row in _newest(PaymentTerms.objects.filter(account=account)):
        words = [row.get_mode_display()]
        words += [row.get_status_display()] if row.status != PaymentStatus.NONE else []
        words += [f"billed {row.cadence}"] if row.cadence else []
        words += [f"paid until {say_end(row.paid_until)}"] if row.paid_until else []
        words += [f"tiers kept until {say_end(row.lapses_at)}"] if row.lapses_at else []
        words += ["what was paid ended at once"] if row.ends_paid else []
        yield Term("Payment", ", ".join(words), row.valid_from, row.valid_until)


def _discounts(condition: Q) -> Iterator[Term]:
    for row in _newest(Discount.objects.filter(condition).select_related("workspace")):
        words = plans.describe_discount(row.get_kind_display(), row.percent, row.end_date)
        yield Term("Discount", words, row.valid_from, row.valid_until, row.workspace.name if row.workspace else "")


def _prices(account: BillingAccount) -> Iterator[Term]:
    for row in _newest(PinnedPrice.objects.filter(account=account)):
        words = f"{row.get_tier_display()} € {row.rate:.2f} per seat and month, {row.cadence}"
        yield Term("Price kept", words, row.valid_from, row.valid_until)


def _managers(account: BillingAccount) -> Iterator[Term]:
    for row in _newest(AccountManager.objects.filter(account=account).select_related("staff__user")):
        yield Term("Account manager", str(row.staff), row.valid_from, row.valid_until)


def _periods(account: BillingAccount) -> Iterator[Term]:
    for row in PaidPeriod.objects.filter(account=account).order_by("-service_from")[:TERMS_SHOWN]:
        words = f"€ {format_money(row.net)} net, € {format_money(row.gross)} with VAT, by {row.get_source_display()}"
        words += f"; credited {say_day(row.credited_at)}" if row.credited_at else ""
        yield Term("Paid period", words, row.service_from, row.service_until)


def _tiers(condition: Q) -> Iterator[Term]:
    for row in _newest(BaseTier.objects.filter(condition).select_related("workspace")):
        yield Term("Tier", row.get_tier_display(), row.valid_from, row.valid_until, row.workspace.name)
    for grant in _newest(TierGrant.objects.filter(condition).select_related("workspace", "granted_by__user")):
        by = f", by {grant.granted_by}" if grant.granted_by else ""
        words = f"{grant.get_tier_display()}, {grant.get_kind_display()}{by}"
        yield Term("Timed grant", words, grant.valid_from, grant.valid_until, grant.workspace.name)


def _resets(workspace: Workspace) -> Iterator[Term]:
    for row in UsageReset.objects.filter(workspace=workspace).order_by("-at")[:TERMS_SHOWN]:
        yield Term("Usage reset", f"by {row.by_name}: {row.reason}", row.at, row.at)


@dataclass(frozen=True)
class PersonLine:
    person: Person
    places: list[str]
    has_seat: bool


def list_people(condition: Q, at: datetime, page: int) -> tuple[list[PersonLine], int]:
    """People with a live direct membership, by name, one page; and how many there are in all."""
    live = WorkspaceMembership.objects.at(at).filter(condition, workspace__deleted_at=None)
    found = Person.objects.filter(pk__in=live.values("person_id"))
    start = (page - 1) * PEOPLE_SHOWN
    people = list(found.annotate(last=Max("logins__day")).order_by("sort_key", "id")[start : start + PEOPLE_SHOWN])
    places: dict[int, list[WorkspaceMembership]] = {}
    rows = live.filter(person__in=people).select_related("workspace").order_by("workspace__sort_key", "id")
    for row in rows:
        places.setdefault(row.person_id, []).append(row)
    return [_person_line(person, places[person.pk]) for person in people], found.count()


def _person_line(person: Person, rows: list[WorkspaceMembership]) -> PersonLine:
    words = [f"{row.get_role_display()}{_more(row)} · {row.workspace.name}" for row in rows]
    return PersonLine(person, words, any(row.role in plans.SEAT_ROLES and not row.is_support for row in rows))


def _more(row: WorkspaceMembership) -> str:
    return ", support" if row.is_support else ", waiting for the product" if row.is_commanded else ""


def list_invited(condition: Q, at: datetime, page: int) -> tuple[list[Invitation], int]:
    """Invitations that wait for an answer, newest first, one page; and how many there are in all."""
    found = list_invitations(condition, at)
    start = (page - 1) * PEOPLE_SHOWN
    return list(found[start : start + PEOPLE_SHOWN]), found.count()


def list_organisation_members(organisation: Organisation, at: datetime) -> QuerySet[OrganisationMembership]:
    rows = OrganisationMembership.objects.at(at).filter(organisation=organisation)
    return rows.select_related("person").order_by("person__sort_key", "id")[:PEOPLE_SHOWN]


def list_workspaces(organisation: Organisation, page: int = 1) -> list[Workspace]:
    """One page by name, the deleted ones last."""
    rows = Workspace.objects.filter(organisation=organisation).select_related("account", "data_owner")
    start = (page - 1) * PEOPLE_SHOWN
    ordered = rows.order_by(F("deleted_at").asc(nulls_first=True), "sort_key", "id")
    return list(ordered[start : start + PEOPLE_SHOWN])


def count_workspaces(organisation: Organisation) -> int:
    return Workspace.objects.filter(organisation=organisation).count()


@dataclass(frozen=True)
class MembershipLine:
    role: str
    where: str
    since: datetime
    until: datetime | None
    waits: bool
    place_id: str = ""


def list_memberships(person: Person) -> list[MembershipLine]:
    """The live first. `waits`: a colleague's command that the product has yet to say."""
    found = [
        MembershipLine(
            m.get_role_display(), m.workspace.name, m.valid_from, m.valid_until, m.is_commanded, m.workspace.public_id
        )
        for m in person.workspace_memberships.select_related("workspace").order_by("-valid_from")[:PEOPLE_SHOWN]
    ]
    found += [
        MembershipLine(m.get_role_display(), m.organisation.name, m.valid_from, m.valid_until, m.is_commanded)
        for m in person.organisation_memberships.select_related("organisation").order_by("-valid_from")[:PEOPLE_SHOWN]
    ]
    return sorted(found, key=lambda line: (line.until is not None, line.where))


def count_logins(person: Person, at: datetime) -> int:
    """Sign-ins to the product in the last 30 days."""
    since = (at - timedelta(days=30)).date()
    return int(person.logins.filter(day__gt=since).aggregate(total=Sum("count"))["total"] or 0)
