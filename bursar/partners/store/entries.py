"""Entries of the ledger, and their terms. The client's account is locked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bursar.partners.models import ReferralEntry, ReferralTerms, SelfBillingSeries, Settlement
from bursar.partners.rules.accrual import Terms
from bursar.partners.rules.settling import Way
from bursar.tenants.models import Organisation


def add(values: dict[str, Any], share: int, *, with_other: bool) -> ReferralEntry:
    made = ReferralEntry.objects.create(**values)
    ReferralTerms.objects.create(entry=made, from_on=made.starts_on, share=share, with_other=with_other)
    return made


def put(entry: ReferralEntry, **values: Any) -> None:
    """The job looks at it next."""
    for name, value in values.items():
        setattr(entry, name, value)
    entry.looked_at = None
    entry.save(update_fields=[*values, "looked_at"])


def reword(pk: int, **values: str) -> None:
    """Of what somebody wrote there: a person's name was erased."""
    ReferralEntry.objects.filter(pk=pk).update(**values)


def set_terms(entry: ReferralEntry, from_on: date, share: int, *, with_other: bool) -> None:
    """From that day on; what was said on that day before is forgotten."""
    terms = {"share": share, "with_other": with_other}
    ReferralTerms.objects.update_or_create(entry=entry, from_on=from_on, defaults=terms)


def put_terms(entry: ReferralEntry, terms: Sequence[Terms]) -> None:
    """These and no others."""
    ReferralTerms.objects.filter(entry=entry).exclude(from_on__in=[one.from_on for one in terms]).delete()
    for one in terms:
        set_terms(entry, one.from_on, one.share, with_other=one.with_other)


def withdraw(entry: ReferralEntry) -> None:
    """It was made by mistake, and nothing was counted of it."""
    ReferralTerms.objects.filter(entry=entry).delete()
    entry.delete()


def take_number(year: int) -> int:
    """The next place in the year's series of self-billing invoices, locked until the transaction ends: no gaps."""
    SelfBillingSeries.objects.get_or_create(year=year)
    series = SelfBillingSeries.objects.select_for_update(no_key=True).get(year=year)
    series.last += 1
    series.save(update_fields=["last"])
    return series.last


def settle(
    partner: Organisation, through: date, amount: Decimal, way: Way, number: str, on: date, now: datetime, **more: Any
) -> Settlement:
    """The partner's entries are held (`accruing.hold`)."""
    return Settlement.objects.create(
        partner=partner, through=through, amount=amount, way=way.value, number=number, on=on, made_at=now, **more
    )
