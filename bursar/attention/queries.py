"""The rows with all that stands beside them, in a number of statements that does not depend on how many there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q

from bursar.access.actor import Actor
from bursar.actions.registry import target_of
from bursar.attention import rules
from bursar.attention.candidates import ACCOUNTS, WORKSPACES, Counts, Kind, Lists, Row
from bursar.attention.filters import Ask
from bursar.attention.models import OutreachTemplate, Triage
from bursar.attention.reasons import REASONS, Reason
from bursar.core.calendar import Month
from bursar.core.errors import NotFound
from bursar.payments.queries.failures import list_failures
from bursar.plans.models import Tier
from bursar.rollup.models import AccountMonth
from bursar.rollup.queries.listed import with_names
from bursar.tenants.models import BillingAccount, Workspace
from bursar.tenants.queries import Contact, list_admin_contacts, list_admin_logins
from bursar.usage.models import UsageReset

__all__ = ["ACCOUNTS", "WORKSPACES", "Ask", "Counts", "Kind", "Lists"]
NO_LOGIN = rules.LoginSignal(None, 0, 0)


@dataclass(frozen=True)
class Line:
    """One row. `reasons`: the first decides its place. `signal` and `contacts` are the account's.

    `debt`: of an account whose payment failed, how often and why.
    """

    kind: Kind
    row: Row
    target: Workspace | BillingAccount
    fact: AccountMonth
    reasons: list[Reason]
    drop: rules.Drop | None
    contacts: list[Contact]
    signal: rules.LoginSignal
    reading: str
    reset: UsageReset | None
    triage: Triage | None
    template: OutreachTemplate | None
    debt: str = ""

    @property
    def account(self) -> BillingAccount:
        return self.fact.account

    @property
    def reason(self) -> Reason:
        return self.reasons[0]

    @property
    def amount(self) -> Decimal:
        """MRR and potential, EUR per month."""
        return self.row.amount

    @property
    def share(self) -> int | None:
        """Per cent of the cap, at most 100; None without a cap."""
        cap = self.row.cap_seconds
        return min(100, (self.row.seconds or 0) * 100 // cap) if cap else None

    @property
    def tier_label(self) -> str:
        return str(Tier(self.row.tier).label)


def list_lines(lists: Lists, found: Iterable[tuple[Kind, Row]], now: datetime) -> list[Line]:
    """Everything that stands beside the given rows of either list, in the order given."""
    pairs = list(found)
    accounts = {row.account_id for _, row in pairs}
    spaces = [row.key for kind, row in pairs if kind is WORKSPACES]
    facts = _facts(accounts, now)
    targets = Workspace.objects.select_related("organisation", "account__organisation").in_bulk(spaces)
    contacts = list_admin_contacts(accounts, now)
    logins = list_admin_logins(accounts, now)
    resets = _resets(spaces, now)
    triages = _triages(spaces, [row.key for kind, row in pairs if kind is ACCOUNTS])
    debts = list_failures([row.account_id for kind, row in pairs if kind is ACCOUNTS])
    templates = {template.reason: template for template in OutreachTemplate.objects.all()}
    lines = []
    for kind, row in pairs:
        fact = facts[row.account_id]
        drop = lists.drops.get(row.key) if kind is WORKSPACES else None
        reasons = _reasons(kind, row)
        signal = rules.LoginSignal(*logins.get(row.account_id, NO_LOGIN))
        lines.append(
            Line(
                kind=kind,
                row=row,
                target=targets[row.key] if kind is WORKSPACES else fact.account,
                fact=fact,
                reasons=reasons,
                drop=drop,
                contacts=contacts.get(row.account_id, []),
                signal=signal,
                reading=_read(kind, row, signal, drop, now),
                reset=resets.get(row.key) if kind is WORKSPACES else None,
                triage=triages.get((kind.slug, row.key)),
                template=templates.get(reasons[0].key),
                debt=debts[row.account_id].words if kind is ACCOUNTS and row.account_id in debts else "",
            )
        )
    return lines


def _facts(account_ids: Collection[int], now: datetime) -> dict[int, AccountMonth]:
    rows = AccountMonth.objects.filter(account_id__in=account_ids, month=Month.of(now).first)
    return {fact.account_id: fact for fact in with_names(rows)}


def _resets(workspace_ids: list[int], now: datetime) -> dict[int, UsageReset]:
    """The newest reset of each, when one was made lately."""
    since = now - rules.RESET_IS_LATE_FOR
    rows = UsageReset.objects.filter(workspace_id__in=workspace_ids, at__gt=since, at__lte=now)
    return {row.workspace_id: row for row in rows.order_by("workspace_id", "-at").distinct("workspace_id")}


def _triages(workspace_ids: list[int], account_ids: list[int]) -> dict[tuple[str, int], Triage]:
    rows = Triage.objects.filter(Q(workspace_id__in=workspace_ids) | Q(account_id__in=account_ids))
    found = {}
    for row in rows.select_related("owner__user", "outreach_by__user"):
        kind, key = ("workspace", row.workspace_id) if row.workspace_id else ("account", row.account_id)
        found[kind, int(key or 0)] = row
    return found


def _reasons(kind: Kind, row: Row) -> list[Reason]:
    return [reason for reason in kind.reasons if reason.key in row.reasons]


def _read(kind: Kind, row: Row, signal: rules.LoginSignal, drop: rules.Drop | None, now: datetime) -> str:
    full_since = row.since if kind.reasons[row.rank - 1].is_blocked else None
    return rules.read_signal(
        signal,
        _day(now),
        is_full=full_since is not None,
        full_day=_day(full_since) if full_since else None,
        dropped=drop is not None,
    )


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def get_line(actor: Actor, target: Any, now: datetime) -> Line | None:
    """The row of one workspace or account, snoozed or not; None when nothing asks for attention there."""
    kind = WORKSPACES if isinstance(target, Workspace) else ACCOUNTS
    lists = Lists(Ask(), now, actor.staff_id, only=target.pk)
    row = lists.get_row(kind)
    return list_lines(lists, [(kind, row)], now)[0] if row else None


def count_open(actor: Actor, now: datetime) -> int:
    """Rows of both lists that are not snoozed."""
    lists = Lists(Ask(), now, actor.staff_id)
    return lists.count(WORKSPACES).of("") + lists.count(ACCOUNTS).of("")


def get_triage(target: Any) -> Triage | None:
    field = target_of(target).slug
    return Triage.objects.filter(**{field: target}).select_related("owner__user").first()


def list_templates() -> list[OutreachTemplate]:
    order = list(REASONS)
    return sorted(OutreachTemplate.objects.all(), key=lambda template: order.index(template.reason))


def get_template(actor: Actor, public_id: str) -> OutreachTemplate:
    found = OutreachTemplate.objects.filter(public_id=public_id).first()
    if found is None or not actor.all_accounts:
        raise NotFound
    return found
