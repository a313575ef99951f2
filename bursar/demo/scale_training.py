"""Licences of any number for a company of any size, made inside the database: for measuring, not for looking.

Licence i is one of an account's people; everybody has several, begun on a day of the last 700. One in fifty is revoked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from bursar.billing.seller import seller_day
from bursar.demo.scale_payments import Progress, id_of, insert, run_all
from bursar.training.models import Licence, Training

AT_ONCE = 50_000
PEOPLE = 3  # of an account, as `scale` makes them
_X = (
    "WITH x AS (SELECT i, 1 + (i - 1) % %(people)s AS p, %(today)s::date - (i * 7919 % 700)::int AS day "
    "FROM generate_series(%(first)s::bigint, %(last)s::bigint) i) "
)
_COLUMNS = {
    "id": "i", "public_id": id_of("lic", "i"), "token": "md5('token' || i)", "training_id": "%(training)s",
    "organisation_id": f"1 + (p - 1) / {PEOPLE}", "person_id": "p", "name": "'Person ' || p",
    "sort_key": "'person ' || p", "valid_from": "day", "last_day": "(day + interval '1 year')::date",
    "granted_at": "day + interval '12 hours'", "revoked_at": "CASE WHEN i % 50 = 0 THEN day + interval '9 days' END",
}  # fmt: skip


def load_licences(now: datetime, accounts: int, licences: int, progress: Progress) -> None:
    """Into a company that `scale.load` made, which has none yet."""
    training = Training.objects.order_by("id").values_list("pk", flat=True).first()
    values: dict[str, Any] = {"today": seller_day(now), "people": accounts * PEOPLE, "training": training}
    for first in range(1, licences + 1, AT_ONCE):
        last = min(first + AT_ONCE - 1, licences)
        run_all([insert(Licence, _X, "x", _COLUMNS)], {**values, "first": first, "last": last})
        progress("licences", last, licences)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('training_licence', 'id'), MAX(id)) FROM training_licence")
        cursor.execute("VACUUM ANALYZE training_licence")
