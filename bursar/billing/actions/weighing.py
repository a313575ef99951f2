"""What one colleague may book by hand alone: each of these levers has a limit and a count of its own. DOMAIN 7.

A bank line that somebody confirms, and money that Mollie tells of, prove themselves: they pass none of these levers.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings

from bursar.actions.second import add_waiting
from bursar.actions.spec import Case, Cleaned, Weighed
from bursar.approvals.rules import Words, why_not_alone
from bursar.billing.models import Invoice
from bursar.billing.queries import by_hand
from bursar.billing.store import ledger as books
from bursar.core.money import ZERO

MARK_PAID = "billing.invoice.mark_paid"
WRITE_OFF = "billing.invoice.write_off"
PAY_BACK = "billing.account.pay_back_credit"
MARK_OWED_PAID, WRITE_OFF_OWED = "billing.account.mark_owed_paid", "billing.account.write_off_owed"
PAID = Words("of this invoice are marked as paid by hand", "of this account are marked as paid by hand")
GIVEN_UP = Words("of this invoice are given up", "of this account are given up")
PAID_BACK = Words("go back in one booking", "of credit go back to this account")
OWED_PAID = Words("of what is owed are marked as paid in one booking", PAID.of_account)
OWED_GIVEN_UP = Words("of what is owed are given up in one booking", GIVEN_UP.of_account)


def weigh_paid(case: Case, data: Cleaned) -> Weighed:
    row: Invoice = case.target
    of_one, lately = by_hand.add_received_of(row.pk), _add_paid(row.account_id, case)
    return _weigh(data["amount"], of_one, lately, settings.BURSAR_MARK_PAID_LIMIT, PAID)


def weigh_owed_paid(case: Case, data: Cleaned) -> Weighed:
    lately = _add_paid(case.target.pk, case)
    return _weigh(data["amount"], ZERO, lately, settings.BURSAR_MARK_PAID_LIMIT, OWED_PAID)


def _add_paid(account_id: int, case: Case) -> Decimal:
    waits = add_waiting(MARK_PAID, account_id) + add_waiting(MARK_OWED_PAID, account_id)
    return by_hand.add_received(account_id, case.now) + waits


def weigh_write_off(case: Case, data: Cleaned) -> Weighed:
    row: Invoice = case.target
    of_one, lately = by_hand.add_given_up_of(row.pk), _add_given_up(row.account_id, case)
    return _weigh(row.open, of_one, lately, settings.BURSAR_WRITE_OFF_LIMIT, GIVEN_UP)


def weigh_write_off_owed(case: Case, data: Cleaned) -> Weighed:
    owed, lately = -books.get_credit(case.target), _add_given_up(case.target.pk, case)
    return _weigh(owed, ZERO, lately, settings.BURSAR_WRITE_OFF_LIMIT, OWED_GIVEN_UP)


def _add_given_up(account_id: int, case: Case) -> Decimal:
    """Of invoices, and of what was owed beside them."""
    waits = add_waiting(WRITE_OFF, account_id) + add_waiting(WRITE_OFF_OWED, account_id)
    return by_hand.add_given_up(account_id, case.now) + waits


def weigh_pay_back(case: Case, data: Cleaned) -> Weighed:
    account_id = case.target.pk
    lately = by_hand.add_paid_back(account_id, case.now) + add_waiting(PAY_BACK, account_id)
    return _weigh(data["amount"], ZERO, lately, settings.BURSAR_PAY_BACK_LIMIT, PAID_BACK)


def _weigh(amount: Decimal, of_one: Decimal, lately: Decimal, limit: Decimal, words: Words) -> Weighed:
    return Weighed(amount, why_not_alone(amount, of_one, lately, limit, words))
