"""Who of an organisation is trained: its people with a seat, each counted once, whoever sent them to the training."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from bursar.billing.seller import seller_day
from bursar.core.sortkey import sort_key
from bursar.plans.rules import SEAT_ROLES
from bursar.tenants.models import Organisation
from bursar.training.licence_rules import Coverage

# A person with two seats is one row of `seated`; of several licences the one counts that ends last.
_COVERAGE = """
WITH seated AS (
    SELECT DISTINCT w.organisation_id, m.person_id FROM tenants_workspace w
    JOIN tenants_workspacemembership m ON m.workspace_id = w.id
    WHERE w.organisation_id = ANY(%(ids)s) AND w.deleted_at IS NULL AND NOT m.is_support AND m.role = ANY(%(roles)s)
        AND m.valid_from <= %(at)s AND (m.valid_until IS NULL OR m.valid_until > %(at)s)
)
SELECT s.organisation_id, count(*), count(l.last_day), count(*) FILTER (WHERE l.last_day <= %(soon)s)
FROM seated s LEFT JOIN LATERAL (
    SELECT max(last_day) AS last_day FROM training_licence
    WHERE person_id = s.person_id AND last_day >= %(today)s AND valid_from <= %(today)s AND revoked_at IS NULL
        AND (%(training)s = '' OR training_id = (SELECT id FROM training_training WHERE public_id = %(training)s))
) l ON true
GROUP BY 1
"""


def calc_coverage(organisation_ids: Collection[int], at: datetime, training: str = "") -> dict[int, Coverage]:
    """By organisation, in one statement; nobody with a seat: not there. `training`: a public id; empty: any."""
    today = seller_day(at)
    values: dict[str, Any] = {
        "ids": list(organisation_ids), "at": at, "today": today, "roles": sorted(SEAT_ROLES), "training": training,
        "soon": today + timedelta(days=settings.BURSAR_LICENCE_WARNED),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_COVERAGE, values)
        return {pk: Coverage(*counts) for pk, *counts in cursor.fetchall()}


def get_coverage(organisation: Organisation, at: datetime) -> Coverage:
    return calc_coverage([organisation.pk], at).get(organisation.pk, Coverage())


def list_organisations(asked: str) -> QuerySet[Organisation]:
    """Those that are there, by name."""
    found = Organisation.objects.filter(deleted_at=None)
    if asked:
        found = found.filter(Q(sort_key__contains=sort_key(asked)) | Q(public_id=asked.lower()) | Q(external_id=asked))
    return found.order_by("sort_key", "id")
