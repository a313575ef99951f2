"""When money moves by one colleague alone, and who decides where it does not. Pure. DOMAIN 6 and 7."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from bursar.core.money import euros

COUNTED_FOR = timedelta(days=30)


class Words(NamedTuple):
    """How the sums are said, such as “of this payment go back” and “go back to this account”."""

    of_one: str
    of_account: str


def why_not_alone(amount: Decimal, of_one: Decimal, of_account: Decimal, limit: Decimal, words: Words) -> str | None:
    """None, or why a second person decides. EUR. `of_one`: what moved already of this very invoice, payment or booking;
    `of_account`: of its account within the days that are counted; both without this one, and with what waits.
    """
    if of_one + amount > limit:
        return f"Together {euros(of_one + amount)} {words.of_one}, and {euros(limit)} is the limit."
    if of_account + amount > limit:
        together = f"Together {euros(of_account + amount)} {words.of_account} within {COUNTED_FOR.days} days"
        return f"{together}, and {euros(limit)} is the limit."
    return None


def why_not_decide(state: str, waits: str, asker: str | int | None, decides: str | int | None) -> str | None:
    """`waits`: the state in which it does. `asker`, `decides`: who; None is nobody who can be told apart, as at the
    shell.
    """
    if state != waits:
        return f"It waits for nobody any more: it is {state.replace('_', ' ')}."
    if decides is None:
        return "A second person decides, by name: a colleague, in the panel or by a token of their own."
    if decides == asker:
        return "You asked for this yourself. Somebody else decides."
    return None
