"""What the system could not issue or book by itself, the oldest first. A source of *To issue*."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from bursar.billing.models import NotIssued
from bursar.billing.rules.to_issue import Why
from bursar.billing.seller import seller_day
from bursar.billing.to_issue import SOURCES, ToIssue
from bursar.core.money import euros


def list_not_issued(account_id: int | None = None) -> QuerySet[NotIssued]:
    """With accounts and their organisations; of one account, or of all."""
    rows = NotIssued.objects.select_related("account__organisation").order_by("since", "id")
    return rows if account_id is None else rows.filter(account_id=account_id)


def find(now: datetime) -> list[ToIssue]:
    """Each with its sentence, and to be tried again."""
    return [
        ToIssue(
            row.account_id, Why.FAILED, f"The {row.what} of {euros(row.amount)}: {row.sentence}",
            seller_day(row.since), "try_documents_again", lever="Try again",
        )
        for row in NotIssued.objects.order_by("since", "id")
    ]  # fmt: skip


SOURCES.add("not issued", find)


def list_due(now: datetime, prefix: str, at_most: int) -> Sequence[str]:
    """What those are for that are to be looked at again, by the prefix of its ids."""
    rows = NotIssued.objects.filter(next_try_at__lte=now, made_for__startswith=prefix).order_by("next_try_at", "id")
    return list(rows.values_list("made_for", flat=True)[:at_most])
