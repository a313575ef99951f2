"""What Mollie says of its payouts."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from bursar.billing.models import BankLine
from bursar.payments.models import Payout
from bursar.payments.rules.payouts import Made


def explain(line: BankLine, settlement_id: str, made: Made, counts: dict[str, int], problem: str, at: datetime) -> None:
    said = {**vars(made), "settlement_id": settlement_id, "counts": counts, "problem": problem}
    _note(line, said, at)


def put_off(line: BankLine, problem: str, at: datetime) -> None:
    """Nothing could be learned."""
    _note(line, {"problem": problem}, at)


def _note(line: BankLine, said: dict[str, object], at: datetime) -> None:
    Payout.objects.get_or_create(line=line, defaults={"asked_at": at})
    Payout.objects.filter(line=line).update(**said, asked_at=at, tries=F("tries") + 1)
