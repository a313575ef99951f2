"""The shapes of the rollup's endpoints, and what their addresses may ask. Amounts are text with two decimals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import Field, create_model

from bursar.core.api import parameter
from bursar.plans.models import Tier
from bursar.rollup import csv, filters
from bursar.rollup.models import RevenueClass
from bursar.rollup.movements import KINDS

# The page reads the same names from its address; `filters.read` is what knows them.
FILTERS = {
    "parameters": [
        parameter("month", (), "Such as 2026-10; the current one and the twelve before it. Empty: the current one."),
        parameter("q", (), "Part of the name of an account, organisation, workspace or contact."),
        parameter("tier", Tier.values, "Any workspace of the account has it.", several=True),
        parameter("class", RevenueClass.values, "The revenue class.", several=True),
        parameter("status", filters.STATUSES, "The payment status, or managed.", several=True),
        parameter("manager", (), "The account manager's id, or nobody.", several=True),
        parameter("partner", ("yes", "no"), "Whether the organisation is a partner."),
        parameter("sort", [sign + key for key in filters.SORTS for sign in ("", "-")], "A minus turns it round."),
    ]
}  # fmt: skip
PAGED = {"parameters": [*FILTERS["parameters"], parameter("page", (), "From 1, fifty accounts each.")]}


class ClassTotalOut(Schema):
    accounts: int
    mrr_eur: str


class TotalsOut(Schema):
    accounts: int
    workspaces: int
    seats: int
    recorded_hours: str
    mrr_eur: str
    past_due_mrr_eur: str
    potential_eur: str
    forecast_eur: str
    classes: dict[str, ClassTotalOut]


_row: dict[str, Any] = {name: (str, Field(alias=name)) for name in csv.ACCOUNT_COLUMNS}
_row["klass"] = (str, Field(alias="class"))
del _row["class"]
AccountRow: Any = create_model("AccountRow", __base__=Schema, **_row)
WorkspaceRow: Any = create_model("WorkspaceRow", __base__=Schema, **dict.fromkeys(csv.WORKSPACE_COLUMNS, (str, ...)))  # type: ignore[call-overload]


class RowWithWorkspaces(AccountRow):  # type: ignore[misc]  # made just above
    workspaces_list: list[WorkspaceRow]


class RollupOut(Schema):
    month: str
    as_of: datetime
    rule_version: int
    totals: TotalsOut
    page: int
    accounts: list[AccountRow]


class AccountsOut(Schema):
    month: str
    accounts: list[RowWithWorkspaces]
    next_cursor: str


class FigureOut(Schema):
    eur: str
    accounts: int


_month_fields: dict[str, Any] = dict.fromkeys(KINDS, (FigureOut, ...))
MonthOut: Any = create_model(
    "MonthOut",
    __base__=Schema,
    month=(str, ...),
    is_first=(bool, ...),
    start_eur=(str, ...),
    end_eur=(str, ...),
    classes=(dict[str, FigureOut], ...),
    **_month_fields,
)


class MovementsOut(Schema):
    rule_version: int
    months: list[MonthOut]


class MovedRow(Schema):
    account_id: str
    account: str
    before_eur: str
    after_eur: str
    change_eur: str
    klass: str = Field(alias="class")
    moved: bool = Field(description="By a handoff: a workspace has another payer now.")


class MovedOut(Schema):
    accounts: list[MovedRow]
    next_cursor: str


class ViewOut(Schema):
    id: str
    page: str = Field(description="Whose filters these are.", examples=["rollup"])
    name: str
    owner: str
    is_shared: bool
    query: str = Field(description="The page's address parameters.", examples=["class=trial&sort=account"])
