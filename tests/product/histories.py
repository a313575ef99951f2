"""A small company told in lines, for property tests: what may be said of it, and the figures that come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from hypothesis import strategies as st

from bursar.core import clock
from bursar.rollup.models import AccountMonth, WorkspaceMonth
from bursar.rollup.refresh import refresh
from bursar.rollup.rows import FACTS, WORKSPACE_FACTS
from bursar.tenants.models import BillingAccount, Workspace
from bursar.usage.models import Meter, UsageEvent
from tests.cast import bring

Line = dict[str, Any]
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
LAST = datetime(2026, 11, 24, 14, 2, 11, tzinfo=UTC)
CLOCKS = [datetime(2026, 8, 20, 9, tzinfo=UTC), datetime(2026, 9, 30, 23, 59, tzinfo=UTC), LAST]
INSTANTS = [FIRST + timedelta(days=n * 13, hours=n * 5) for n in range(20)]
TIERS = ["free", "pilot", "innovator", "changemaker", "guardian"]
POOLED = {"organisation": "o-1"}
REFERENCES: list[Line] = [
    *[{"kind": "person", "external_id": f"p-{n}", "name": f"Person {n}"} for n in range(3)],
    *[
        {"kind": "organisation", "external_id": f"o-{n}", "name": f"Organisation {n}", "is_partner": n == 2,
         "created_at": FIRST}
        for n in (1, 2)
    ],
    *[{"kind": "staff", "email": f"s{n}@agora.example", "name": f"Staff {n}", "role": "staff"} for n in range(2)],
]  # fmt: skip
WORKSPACES: dict[str, Line] = {
    "w-1": {"organisation": "o-1"},
    "w-2": {"organisation": "o-1"},
    "w-own": {"organisation": "o-1", "own_account": True},
    "w-client": {"organisation": "o-2", "type": "external_client", "data_owner": "o-1"},
}
OF_ACCOUNT = {"o-1": ("w-1", "w-2"), "w-own": ("w-own",), "w-client": ("w-client",)}

moments = st.sampled_from(INSTANTS)
past = st.sampled_from([at for at in INSTANTS if at < CLOCKS[0]])
names = st.sampled_from(list(WORKSPACES))
accounts = st.sampled_from(list(OF_ACCOUNT))


def ref(account: str) -> Line:
    return {"organisation": account} if account.startswith("o-") else {"workspace": account}


def later(start: datetime, days: int | None) -> datetime | None:
    return None if days is None else start + timedelta(days=days)


lengths = st.sampled_from([None, None, 9, 40, 100])


@st.composite
def workspace_lines(draw: Callable[..., Any]) -> Line:
    name, start = draw(names), draw(past)
    gone = later(start, draw(st.sampled_from([None, None, None, 20, 60])))
    return {
        "kind": "workspace", "external_id": name, "name": draw(st.sampled_from(["Alpha", "Beta"])),
        "created_at": start, "deleted_at": gone, **WORKSPACES[name],
    }  # fmt: skip


@st.composite
def dated_lines(draw: Callable[..., Any]) -> Line:
    name, account, start = draw(names), draw(accounts), draw(moments)
    until = later(start, draw(lengths))
    span: Line = {"from": start, "until": until}
    percent, kind = draw(st.sampled_from([10, 50, 100])), draw(st.sampled_from(["scholarship", "trial"]))
    last_day = (start + timedelta(days=35)).date()
    ends = {**span, "until": until and min(until, start + timedelta(days=35))}  # it goes no further than its last day
    choices: list[Line] = [
        {"kind": "tier", "workspace": name, "tier": draw(st.sampled_from(TIERS)), **span},
        {
            "kind": "workspace_member", "workspace": name, "person": draw(st.sampled_from(["p-0", "p-1", "p-2"])),
            "role": draw(st.sampled_from(["owner", "member", "external"])), **span,
        },
        {"kind": "payment", "account": ref(account), **draw(terms(start)), **span},
        {"kind": "manager", "account": ref(account), "staff": draw(st.sampled_from(["s0@agora.example", "s1@agora.example"])),
         **span},
        {"kind": "discount", "account": ref(account), "type": kind, "percent": percent, "end_date": last_day, **ends},
        {"kind": "discount", "workspace": name, "type": kind, "percent": percent, "end_date": last_day, **ends},
        {"kind": "price", "account": ref(account), "tier": "changemaker", "cadence": "yearly",
         "rate": draw(st.sampled_from([60, 70])), **span},
        {"kind": "grant", "workspace": name, "tier": "guardian", "type": draw(st.sampled_from(["approval", "reverse_trial"])),
         "from": start, "until": start + timedelta(days=draw(st.sampled_from([14, 45])))},
        {
            "kind": "paid", "external_id": f"i-{draw(st.integers(0, 2))}", "account": ref(account), "from": start,
            "source": draw(st.sampled_from(["mollie", "managed"])), "until": start + timedelta(days=90),
            "net": "10.00", "gross": "12.10", "booked_at": min(LAST, start + timedelta(days=draw(st.integers(0, 20)))),
        },
        {"kind": "reset", "workspace": name, "at": draw(past), "by": draw(st.sampled_from(["A", "B"])), "reason": "x"},
    ]  # fmt: skip
    chosen: Line = draw(st.sampled_from(choices))
    return chosen


@st.composite
def terms(draw: Callable[..., Any], start: datetime) -> Line:
    mode = draw(st.sampled_from(["self_serve", "managed"]))
    if mode == "managed":
        return {"mode": mode, "cadence": "monthly"}
    status = draw(st.sampled_from(["none", "active", "past_due", "cancelled"]))
    more: Line = {}
    if status == "past_due":
        more = {"past_due_since": start}
    elif status == "cancelled":
        more = {"paid_until": start + timedelta(days=draw(st.sampled_from([10, 70])))}
    return {"mode": mode, "status": status, "cadence": draw(st.sampled_from(["yearly", "monthly"])), **more}


@st.composite
def usage_lines(draw: Callable[..., Any]) -> Line:
    number = draw(st.integers(0, 30))
    at = [one for one in INSTANTS if one < CLOCKS[0]][number % 13]
    name = list(WORKSPACES)[number % 4]
    return {"kind": "usage", "source": "r", "id": f"e-{number}", "workspace": name, "at": at, "seconds": 900 + number}


def key_of(line: Line) -> tuple[Any, ...]:
    """What a line is about: of two with the same key the later one rules."""
    kind = line["kind"]
    if "external_id" in line:
        return (kind, line["external_id"])
    names = ("email", "id", "workspace", "account", "person", *(["tier"] if kind == "price" else []), "from", "at")
    return (kind, *(str(line.get(name)) for name in names))


def named_by(line: Line) -> set[str]:
    """Workspaces that must be there first."""
    if line["kind"] == "workspace":
        return set()
    account = line.get("account")
    if account is None:
        return {line["workspace"]}
    return {account["workspace"]} if "workspace" in account else {"w-1"}


@dataclass(frozen=True)
class Figures:
    """Month facts by the product's ids."""

    accounts: dict[tuple[str, date], dict[str, Any]]
    workspaces: dict[tuple[str, date], dict[str, Any]]
    events: dict[str, str]
    meters: dict[tuple[str, str], int]


def figures(now: datetime) -> Figures:
    """Marks of restatement, and when a row was projected, are no part of the figures."""
    refresh(now)
    payers = {
        account.pk: (
            account.organisation.external_id
            if account.scope == "organisation"
            else account.workspaces.get().external_id
        )
        for account in BillingAccount.objects.select_related("organisation")
    }
    homes = dict(Workspace.objects.values_list("pk", "external_id"))
    facts = [name for name in FACTS if name not in ("settled_at", "restated_at", "manager_id")]
    accounts = {
        (payers[row["account_id"]], row["month"]): {k: v for k, v in row.items() if k != "account_id"}
        for row in AccountMonth.objects.values(
            "account_id", "month", "recorded_seconds", "manager__user__email", *facts
        )
    }
    columns = ("workspace_id", "month", "recorded_seconds", *WORKSPACE_FACTS)
    workspaces = {
        (homes[row["workspace_id"]], row["month"]): {
            k: payers[v] if k == "account_id" else v for k, v in row.items() if k != "workspace_id"
        }
        for row in WorkspaceMonth.objects.values(*columns)
    }
    events = dict(UsageEvent.objects.values_list("event_id", "tier"))
    meters = {(homes[m.workspace_id], m.tier): m.seconds for m in Meter.objects.all()}
    return Figures(accounts, workspaces, events, meters)


class _Undo(Exception):
    pass


def in_an_empty_database(tell: Callable[[], Figures]) -> Figures:
    """What `tell` finds; nothing of it stays."""
    found: list[Figures] = []
    try:
        with transaction.atomic():
            found.append(tell())
            raise _Undo
    except _Undo:
        return found[0]


def bring_at(now: datetime, lines: list[Line]) -> None:
    with clock.frozen(now):
        report = bring(*lines)
        assert not report.bad, report.bad
