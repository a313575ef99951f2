"""Organisations that are led from outside: what each signal is seen by. Three statements, however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection

from bursar.attention.models import Triage
from bursar.attention.needs import NEEDS, Need
from bursar.attention.rules import rests
from bursar.billing.seller import seller_day
from bursar.core.days import say_day
from bursar.partners.models import ReferralEntry
from bursar.partners.queries.ledger import with_sums
from bursar.partners.rules import leading as rules
from bursar.partners.rules.leading import Reason, Signal
from bursar.tenants.models import Organisation

_ONLY = "AND (%(only)s::bigint IS NULL OR {column} = %(only)s)"
# An organisation whose maker had sat as a guest in a partner's workspace before.
_FOUNDED = f"""
SELECT DISTINCT ON (o.id) o.id, o.created_at, p.name, w.name, w.id, f.name
FROM tenants_organisation o JOIN tenants_person p ON p.id = o.creator_id
JOIN tenants_workspacemembership m ON m.person_id = p.id AND m.role IN ('external', 'observer')
    AND NOT m.is_support AND m.valid_from < o.created_at
JOIN tenants_workspace w ON w.id = m.workspace_id
JOIN tenants_organisation f ON f.id = w.organisation_id AND f.is_partner AND f.id <> o.id
WHERE o.deleted_at IS NULL AND NOT o.is_partner AND o.created_at > %(founded_since)s AND o.created_at <= %(now)s
    {_ONLY.format(column="o.id")}
ORDER BY o.id, m.valid_from, m.id
"""
# The client's people are known by the mail domain of whoever answers for its data; where the partner's own people have
# that domain too, it tells nobody apart.
_SPACES = f"""
WITH spaces AS (
    SELECT w.id, w.name, w.data_owner_id, w.organisation_id, lower(split_part(w.data_owner_email, '@', 2)) AS domain
    FROM tenants_workspace w JOIN tenants_organisation o ON o.id = w.data_owner_id
    WHERE w.kind = 'external_client' AND w.deleted_at IS NULL AND o.deleted_at IS NULL AND w.data_owner_email <> ''
        {_ONLY.format(column="w.data_owner_id")}
), apart AS (
    SELECT s.* FROM spaces s WHERE NOT EXISTS (
        SELECT 1 FROM tenants_organisationmembership m JOIN tenants_person p ON p.id = m.person_id
        WHERE m.organisation_id = s.organisation_id AND m.valid_from <= %(now)s
            AND (m.valid_until IS NULL OR m.valid_until > %(now)s) AND lower(split_part(p.email, '@', 2)) = s.domain)
)
"""
_LEADS = f"""{_SPACES}
SELECT s.data_owner_id, s.name, s.domain, COALESCE(SUM(l.count) FILTER (WHERE l.is_own), 0), COALESCE(SUM(l.count), 0)
FROM apart s CROSS JOIN LATERAL (
    SELECT g.count, lower(split_part(p.email, '@', 2)) = s.domain AS is_own
    FROM (SELECT DISTINCT m.person_id FROM tenants_workspacemembership m WHERE m.workspace_id = s.id
        AND NOT m.is_support AND m.valid_from <= %(now)s AND (m.valid_until IS NULL OR m.valid_until > %(now)s)) seat
    JOIN tenants_person p ON p.id = seat.person_id
    JOIN tenants_login g ON g.person_id = p.id AND g.day > %(logins_since)s AND g.day <= %(today)s
) l GROUP BY s.id, s.data_owner_id, s.name, s.domain
"""
_INVITES = f"""{_SPACES}
SELECT s.data_owner_id, s.name, MIN(p.name), COUNT(*), MAX(i.invited_at)
FROM apart s JOIN tenants_invitation i ON i.workspace_id = s.id AND i.invited_at > %(invited_since)s
    AND i.invited_at <= %(now)s
JOIN tenants_person p ON p.id = i.invited_by_id AND lower(split_part(p.email, '@', 2)) = s.domain
GROUP BY s.id, s.data_owner_id, s.name
"""


@dataclass
class Led:
    """One organisation. `signals`: the strongest first. `entries`: of the ledger, of its accounts, with their sums."""

    organisation: Organisation
    signals: list[Signal]
    triage: Triage | None = None
    entries: list[Any] = field(default_factory=list)

    def rests(self, now: datetime) -> bool:
        triage, first = self.triage, self.signals[0]
        if triage is None:
            return False
        is_worse = rules.is_worse(first.reason, triage.snoozed_reason)
        return rests(triage.snoozed_at, triage.snoozed_until, first.since, now, is_worse=is_worse)


def find_signals(now: datetime, only: int | None = None) -> dict[int, list[Signal]]:
    """By the key of the organisation. `only`: of this one alone."""
    today: date = now.astimezone(UTC).date()
    values = {
        "now": now, "today": today, "only": only, "founded_since": now - rules.FOUNDED_WITHIN,
        "invited_since": now - rules.INVITED_WITHIN, "logins_since": today - rules.LOGINS_WITHIN,
    }  # fmt: skip
    found: dict[int, list[Signal]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_FOUNDED, values)
        for pk, at, person, space, _, partner in cursor.fetchall():
            said = f"{person} made it on {say_day(at)}, and had been a guest in {space} of {partner} before."
            found[pk].append(Signal(Reason.FOUNDED, said, at))
        cursor.execute(_LEADS, values)
        for pk, space, domain, own, whole in cursor.fetchall():
            if rules.leads(own, whole):
                said = f"{own} of {whole} logins of people in {space} in 30 days are of people at {domain}."
                found[pk].append(Signal(Reason.LEADS, said))
        cursor.execute(_INVITES, values)
        for pk, space, person, count, at in cursor.fetchall():
            people = "one person" if count == 1 else f"{count} people"
            said = f"{person} or a colleague invited {people} to {space}, last on {say_day(at)}."
            found[pk].append(Signal(Reason.INVITES, said, at))
    return {pk: rules.in_order(signals) for pk, signals in found.items()}


def list_led(now: datetime) -> list[Led]:
    """The strongest signal first, of one strength those with more of them."""
    signals = find_signals(now)
    organisations = Organisation.objects.in_bulk(signals)
    triages = Triage.objects.filter(organisation_id__in=signals).select_related("owner__user")
    by_organisation = {triage.organisation_id: triage for triage in triages}
    entries = _list_entries(signals, now)
    rows = [Led(organisations[pk], signals[pk], by_organisation.get(pk), entries.get(pk, [])) for pk in signals]
    return sorted(
        rows,
        key=lambda row: (
            rules.STRENGTH.index(row.signals[0].reason),
            -len({one.reason for one in row.signals}),
            row.organisation.sort_key,
            row.organisation.pk,
        ),
    )


def _list_entries(organisation_ids: Iterable[int], now: datetime) -> dict[int, list[Any]]:
    """Entries that run, of these organisations' accounts."""
    today = seller_day(now)
    rows = ReferralEntry.objects.filter(client__organisation_id__in=list(organisation_ids), starts_on__lte=today)
    rows = rows.exclude(expires_on__lt=today).select_related("partner", "client__organisation")
    found: dict[int, list[Any]] = defaultdict(list)
    for entry in with_sums(rows, today).order_by("pk"):
        found[entry.client.organisation_id].append(entry)
    return found


def find_need(organisation: Organisation, now: datetime) -> Need | None:
    signals = find_signals(now, organisation.pk).get(organisation.pk)
    return Need(signals[0].reason.value, signals[0].since) if signals else None


NEEDS.add("organisation", find_need)
