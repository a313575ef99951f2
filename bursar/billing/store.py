"""The only pen of billing details. Every function takes a set, and one is a set of one; accounts are locked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from bursar.billing.models import BillingDetails
from bursar.billing.rules import Answer, Standing, VatIdStatus


@dataclass(frozen=True)
class Details:
    """Who pays, as somebody wrote it down. `country`: ISO 3166; `vat_id`: as `read_vat_id` writes it, or empty."""

    name: str
    street: str
    postcode: str
    city: str
    country: str
    street_more: str = ""
    vat_id: str = ""
    mails: tuple[str, ...] = ()


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
        if row.vat_id != details.vat_id or not row.vat_status:
            _stand(row, Standing.begin(details.vat_id))
            row.is_accepted = False
        for name, value in vars(details).items():
            setattr(row, name, list(value) if name == "mails" else value)
        row.changed_at = now
    _save(rows)
    return rows


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


def standing_of(row: BillingDetails) -> Standing:
    return Standing(row.vat_id, VatIdStatus(row.vat_status), row.known_at, row.asked_at, row.consultation)


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
