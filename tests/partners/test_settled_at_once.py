"""Two settlements of one quarter at once, and one while the job works it out: one, and what it says is what it covers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bursar.actions.run import run
from bursar.core.calendar import midnight
from bursar.core.errors import Refusal
from bursar.partners.models import Settlement
from bursar.partners.store.accruing import accrue
from bursar.partners.verify import list_faults
from tests.cast import NOW, Cast
from tests.partners.helpers import amounts, look, refer
from tests.payments import ledger as rows
from tests.support.test_at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
SETTLE = "partners.organisation.settle"


def test_two_at_once_are_one(committed: Cast) -> None:
    entry = refer(committed, committed.haarlem, date(2026, 7, 1))
    day = date(2026, 8, 1)
    rows.payment(committed.haarlem, midnight(day), owed=rows.charge(committed.haarlem, day), method="ideal")
    look(entry)

    def settle(number: str) -> Any:
        data = {"quarter": "2026-Q3", "amount": "10.00", "number": number, "on": NOW.date().isoformat()}
        return run(SETTLE, committed.iris, entry.partner.public_id, data, reason="It came by mail")

    def work() -> Any:
        accrue(entry.partner_id, NOW)
        return settle("F-3")

    said = at_once(lambda: settle("F-1"), lambda: settle("F-2"), work)
    assert sum(isinstance(one, Refusal) for one in said) == 2, said
    assert Settlement.objects.get().amount == 10 and sum(amounts(entry)) == 10
    assert list(list_faults()) == []
