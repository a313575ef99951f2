"""What the clock owes billing: fresh answers of the register, and lines of the bank compared with what is open now."""

from __future__ import annotations

from datetime import datetime

from procrastinate.contrib.django import app

from bursar.billing import banking
from bursar.billing.asking import ask_again
from bursar.billing.queries import bank
from bursar.core.retry import JOB_AGAIN
from bursar.core.ticks import tick


@tick("billing.ask_vies")
def ask_vies(now: datetime) -> None:
    ask_again(now)


@app.task(name="billing.read_statement", lock="billing.bank", retry=JOB_AGAIN)
def read_statement(file_id: str) -> None:
    """One at a time: each compares all that waits."""
    banking.carry_out(file_id)


@tick("billing.look_at_bank_lines")
def look_at_bank_lines(now: datetime) -> None:
    """Where invoices were issued or settled since the lines that wait were compared with them."""
    if bank.is_to_look():
        banking.look(now)
