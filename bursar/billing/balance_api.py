"""“Balances” for programs: credit of accounts, and what they owe beside their invoices."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema

from bursar.billing.models import AccountCredit
from bursar.billing.queries.balances import Side, calc_balances, list_balances
from bursar.billing.to_issue_api import PAGE
from bursar.core.money import plain
from bursar.core.reading import consistent_read
from bursar.ui.lists import PAGE_SIZE

router = Router(tags=["invoices"])


class BalanceOut(Schema):
    """EUR. `credit_eur`: what stands to the account's good; below 0, what it owes beside its invoices, because more
    went back to it than had come. `given_up_eur`: what it owed so and is asked for no more. `moved_on`: the day of the
    last move.
    """

    account: str
    label: str
    credit_eur: str
    given_up_eur: str
    moved_on: date


class BalancesOut(Schema):
    """`count`: of all pages. `credit_eur`, `owed_eur`: of all accounts, whatever is shown; both above 0."""

    page: int
    count: int
    has_more: bool
    credit_eur: str
    owed_eur: str
    balances: list[BalanceOut]


@router.get(
    "/balances",
    operation_id="balances",
    summary="Credit of accounts, and what they owe beside their invoices",
    response=BalancesOut,
)
def read_balances(request: HttpRequest, side: Literal["", "credit", "owed"] = "", page: int = PAGE) -> dict[str, Any]:
    """Those that owe most come first. What invoices ask for stands at the invoices."""
    start, shown = (page - 1) * PAGE_SIZE, Side(side) if side else None
    with consistent_read():
        every = calc_balances()
        rows = list(list_balances(shown)[start : start + PAGE_SIZE])
    count = every.accounts[shown] if shown else sum(every.accounts.values())
    return {
        "page": page,
        "count": count,
        "has_more": count > start + PAGE_SIZE,
        "credit_eur": plain(every.credit),
        "owed_eur": plain(every.owed),
        "balances": [_row(one) for one in rows],
    }


def _row(one: AccountCredit) -> dict[str, Any]:
    return {
        "account": one.account.public_id, "label": str(one.account), "credit_eur": plain(one.amount),
        "given_up_eur": plain(one.given_up), "moved_on": one.moved_on,  # type: ignore[attr-defined]  # annotated
    }  # fmt: skip
