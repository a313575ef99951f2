"""The reason for which a row needs a human says what is likely in its kebab."""

from __future__ import annotations

from bursar.actions.registry import Hint, likely
from bursar.actions.spec import Case
from bursar.attention.actions.shared import TARGETS, line_of
from bursar.attention.likely import LEVERS


def _by_reason(case: Case) -> list[Hint]:
    line = line_of(case)
    return [Hint(key, reason.label) for reason in (line.reasons if line else ()) for key in LEVERS[reason.key]]


for _slug, _ in TARGETS:
    likely("attention", _slug)(_by_reason)
