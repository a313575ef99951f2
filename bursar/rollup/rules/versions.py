"""The versions of the rules: what each one decides otherwise. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from bursar.plans.rules import AccountState, Floor, Price, Seated, Terms, dearest_paid
from bursar.rollup.rules import first, running
from bursar.rollup.rules.running import Running
from bursar.rollup.states import HOPED_FOR, Klass


class Rules(NamedTuple):
    """`floor`: where one seat at least is paid. `freezes`: whether an amount stands still once nothing renews it.
    `in_full`: the classes whose potential leaves out trial discounts. `kept_until`: when all paid tiers end."""

    version: int
    sentence: str
    calc_running: Callable[[AccountState, Terms, Price, datetime, timedelta], Running | None]
    floor: Floor
    freezes: bool
    in_full: tuple[str, ...]
    kept_until: Callable[[Terms, list[Seated], datetime], datetime | None]


FIRST = Rules(1, first.SENTENCE, first.calc_running, first.highest_paid, False, (Klass.TRIAL,), first.kept_until)
PRESENT = Rules(
    2,
    "MRR counts paying accounts only: the amount per month after discount, without VAT (yearly ÷ 12). What was "
    "cancelled or set back counts as it stood at that instant, until what is paid ends. Past due counts for 60 days. "
    "Trials, managed accounts without a settled invoice, comped and free accounts, and one-off pilot fees are not in "
    "it. Potential is what managed and trial accounts would add, without their trial discounts.",
    running.calc_running,
    dearest_paid,
    True,
    HOPED_FOR,
    running.paid_tiers_end,
)
RULES = {rules.version: rules for rules in (FIRST, PRESENT)}
RULE_VERSION = PRESENT.version


def sentence_of(version: int) -> str:
    return RULES[version].sentence
