"""The referral ledger as files tell it: an entry is known by its client and its first day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from bursar.audit.queries import list_settled
from bursar.audit.rules import why_not_overrule
from bursar.partners.models import ReferralEntry, ReferralTerms
from bursar.partners.queries.ledger import find_overlap
from bursar.partners.rules.settling import why_not_refer, why_overlap
from bursar.partners.store import entries
from bursar.tenants.models import BillingAccount, Organisation


class Told(NamedTuple):
    """One line. Days of the seller's, both included; `cap` in EUR; `share` in per cent."""

    partner_id: int
    client_id: int
    starts_on: date
    expires_on: date | None
    cap: Decimal | None
    share: int
    with_other: bool
    notes: str


def take_history(lines: Sequence[Told], now: datetime) -> dict[int, str]:
    """Returns the places that are refused, with the sentence. What was changed here since stays."""
    partners = Organisation.objects.in_bulk({line.partner_id for line in lines})
    clients = BillingAccount.objects.in_bulk({line.client_id for line in lines})
    known = {
        (row.client_id, row.starts_on): row
        for row in ReferralEntry.objects.filter(client_id__in=clients).select_related("partner")
    }
    settled, refused = list_settled(known.values()), {}
    for place, line in enumerate(lines):
        row, partner = known.get((line.client_id, line.starts_on)), partners[line.partner_id]
        why = _why_not(line, row, partner, clients[line.client_id], settled)
        if why:
            refused[place] = why
        elif row is None or row.public_id not in settled:
            known[line.client_id, line.starts_on] = _put(row, line, now)
    return refused


def _why_not(
    line: Told, row: ReferralEntry | None, partner: Organisation, client: BillingAccount, settled: set[str]
) -> str | None:
    if row is not None and row.public_id in settled:
        return why_not_overrule(_otherwise(row, line))
    sentence = why_not_refer(
        partner_id=partner.pk,
        organisation_id=client.organisation_id,
        is_partner=partner.is_partner,
        partner=partner.name,
    )
    other = find_overlap(client, line.starts_on, line.expires_on, row.pk if row else 0)
    return sentence or (why_overlap(other.partner.name, other.starts_on, other.expires_on) if other else None)


def _otherwise(row: ReferralEntry, line: Told) -> list[str]:
    said = {name: getattr(line, name) for name in ("partner_id", "expires_on", "cap", "notes")}
    names = [name for name, value in said.items() if getattr(row, name) != value]
    stands = ReferralTerms.objects.filter(entry=row, from_on=row.starts_on)
    return names if stands.filter(share=line.share, with_other=line.with_other).exists() else [*names, "share"]


def _put(row: ReferralEntry | None, line: Told, now: datetime) -> ReferralEntry:
    values = {"partner_id": line.partner_id, "expires_on": line.expires_on, "cap": line.cap, "notes": line.notes}
    if row is None:
        first = {"client_id": line.client_id, "starts_on": line.starts_on, "created_at": now}
        return entries.add({**values, **first}, line.share, with_other=line.with_other)
    entries.put(row, **values)
    entries.set_terms(row, row.starts_on, line.share, with_other=line.with_other)
    return row
