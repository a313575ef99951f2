"""Billing details. Every function takes a set, and one is a set of one; accounts are locked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from bursar.billing.models import BillingDetails
from bursar.billing.queries import standing_of
from bursar.billing.rules import Answer, Standing
from bursar.billing.store import not_issued


@dataclass(frozen=True)
class Details:
    """Who pays, as somebody wrote it down. `country`: ISO 3166; ids as the `read_…` of `rules` write them, or empty.

    The rest as in `BillingDetails`.
    """

    name: str
    street: str
    postcode: str
    city: str
    country: str
    street_more: str = ""
    vat_id: str = ""
    legal_id: str = ""
    peppol_id: str = ""
    order_number: str = ""
    order_last_day: date | None = None
    buyer_reference: str = ""
    contract: str = ""
    payment_days: int | None = None
    language: str = "en"
    mails: tuple[str, ...] = ()


_PLAIN = [field.name for field in fields(Details) if field.name != "mails"]
WRITTEN_HERE = "It was written down here since, and that stays: say the same, or change it by “Billing details…”."


@dataclass(frozen=True)
class Asked:
    """What the register answered about `vat_id`, and under which number it keeps that."""

    vat_id: str
    answer: Answer
    consultation: str = ""


def set_details(wanted: Mapping[int, Details], now: datetime) -> dict[int, BillingDetails]:
    """By account. What is known of a VAT id stays while the id does; of a new one nothing is known."""
    rows = _load(wanted)
    for account_id, details in wanted.items():
        row = rows.setdefault(account_id, BillingDetails(account_id=account_id))
        row.is_of_file = False
        _put(row, details, now)
    _save(rows)
    not_issued.wake(rows, now)
    return rows


def put_back(account_id: int, values: Mapping[str, Any] | None, now: datetime) -> BillingDetails | None:
    """By column, as it was; None: there were none. What is not named stays."""
    row = BillingDetails.objects.get(account_id=account_id)
    if values is None:
        row.delete()
        return None
    for name, value in values.items():
        setattr(row, name, value)
    row.changed_at = now
    row.save()
    not_issued.wake({account_id: row}, now)
    return row


def take_history(lines: Sequence[tuple[int, Details]], now: datetime) -> dict[int, str]:
    """What a file says, as (account, details) in its order. Returns the places that are refused, with the sentence.

    What people here wrote down since stays. The same again changes nothing; of a VAT id nothing is known by a file.
    """
    rows, refused = _load([account_id for account_id, _ in lines]), {}
    fresh: dict[int, BillingDetails] = {}
    for place, (account_id, details) in enumerate(lines):
        row = rows.setdefault(account_id, BillingDetails(account_id=account_id, is_of_file=True))
        if row.vat_status and details_of(row) == details:
            continue
        if not row.is_of_file:
            refused[place] = WRITTEN_HERE
            continue
        _put(row, details, now)
        fresh[account_id] = row
    _save(fresh)
    not_issued.wake(fresh, now)
    return refused


def details_of(row: BillingDetails) -> Details:
    return Details(**{name: getattr(row, name) for name in _PLAIN}, mails=tuple(row.mails))


def _put(row: BillingDetails, details: Details, now: datetime) -> None:
    if row.vat_id != details.vat_id or not row.vat_status:
        _stand(row, Standing.begin(details.vat_id))
        row.is_accepted = False
    for name, value in vars(details).items():
        setattr(row, name, list(value) if name == "mails" else value)
    row.changed_at = now


def take_answers(answers: Mapping[int, Asked], now: datetime) -> dict[int, BillingDetails]:
    """By account; one whose id is another by now is left out. The register's word ends what a person accepted."""
    rows = {pk: row for pk, row in _load(answers).items() if row.vat_id == answers[pk].vat_id}
    for account_id, row in rows.items():
        asked = answers[account_id]
        _stand(row, standing_of(row).after(asked.answer, now, asked.consultation))
        row.is_accepted = row.is_accepted and asked.answer == Answer.SILENT
    _save(rows)
    return rows


def accept(account_ids: Collection[int], consultation: str, now: datetime) -> dict[int, BillingDetails]:
    """Takes their unknown ids for valid, under the number of the register's answer that somebody has."""
    rows = _load(account_ids)
    for row in rows.values():
        row.is_accepted, row.consultation, row.known_at = True, consultation, now
    _save(rows)
    return rows


def mark_silent(details_ids: Collection[int], vat_id: str, now: datetime) -> None:
    """The register was asked about this id and said nothing."""
    BillingDetails.objects.filter(pk__in=details_ids, vat_id=vat_id).update(asked_at=now)


def forget_mails(emails: Collection[str]) -> None:
    """Addresses, in small letters, that documents go to no more. Whoever is invoiced stays as they are."""
    wanted = Q(pk__in=[])
    for email in emails:
        wanted |= Q(mails__icontains=email)
    for row in BillingDetails.objects.filter(wanted):
        left = [mail for mail in row.mails if mail.lower() not in emails]
        BillingDetails.objects.filter(pk=row.pk).update(mails=left)


def reword(details_id: int, **values: str) -> None:
    """`values`: name or lines of the address, as an eraser's choice leaves them."""
    BillingDetails.objects.filter(pk=details_id).update(**values)


def _stand(row: BillingDetails, standing: Standing) -> None:
    row.vat_id, row.vat_status = standing.vat_id, standing.status
    row.known_at, row.asked_at, row.consultation = standing.known_at, standing.asked_at, standing.consultation


def _load(account_ids: Collection[int] | Mapping[int, object]) -> dict[int, BillingDetails]:
    return {row.account_id: row for row in BillingDetails.objects.filter(account_id__in=list(account_ids))}


def _save(rows: Mapping[int, BillingDetails]) -> None:
    made = [row for row in rows.values() if row.pk is None]
    stored = [row for row in rows.values() if row.pk is not None]
    BillingDetails.objects.bulk_create(made)
    names = [field.name for field in BillingDetails._meta.fields if field.name not in ("id", "account")]
    BillingDetails.objects.bulk_update(stored, names, batch_size=1000)
