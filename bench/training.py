"""Licences: the list, who is trained, the file, and what the clock asks each minute; used by `bench.measure`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.measure import Bench

_COUNTS = (
    "SELECT count(*) FILTER (WHERE revoked_at IS NULL AND last_day >= %(today)s), count(*) FILTER (WHERE revoked_at IS "
    "NULL AND last_day BETWEEN %(today)s AND %(today)s + 30), count(*) FILTER (WHERE revoked_at IS NULL AND last_day "
    "BETWEEN %(today)s AND %(today)s + 60), count(*) FILTER (WHERE revoked_at IS NULL AND last_day BETWEEN %(today)s AND "
    "%(today)s + 90), count(*) FILTER (WHERE revoked_at IS NULL AND last_day < %(today)s), count(*) FILTER (WHERE "
    "revoked_at IS NOT NULL), count(*) FROM training_licence l WHERE {where}"
)
_ROWS = (
    "SELECT l.*, t.*, o.*, p.* FROM training_licence l JOIN training_training t ON t.id = l.training_id JOIN "
    "tenants_organisation o ON o.id = l.organisation_id LEFT JOIN tenants_person p ON p.id = l.person_id WHERE {where} "
    "AND {tab} ORDER BY {order} LIMIT 50"
)
_COVERAGE = (
    "SELECT count(*) FROM tenants_organisation WHERE deleted_at IS NULL",
    "WITH shown AS (SELECT id FROM tenants_organisation WHERE deleted_at IS NULL ORDER BY sort_key, id LIMIT 50), "
    "seats AS (SELECT DISTINCT w.organisation_id, m.person_id FROM shown JOIN tenants_workspace w ON w.organisation_id = "
    "shown.id AND w.deleted_at IS NULL JOIN tenants_workspacemembership m ON m.workspace_id = w.id AND m.valid_until IS "
    "NULL AND NOT m.is_support AND m.role <> 'observer'), best AS (SELECT l.person_id, max(l.last_day) AS last_day FROM "
    "training_licence l WHERE l.person_id IN (SELECT person_id FROM seats) AND l.revoked_at IS NULL AND l.last_day >= "
    "%(today)s GROUP BY 1) SELECT organisation_id, count(*), count(last_day), count(*) FILTER (WHERE last_day <= "
    "%(today)s + 30) FROM seats LEFT JOIN best USING (person_id) GROUP BY 1",
)
_DUE = (
    "SELECT l.* FROM training_licence l WHERE revoked_at IS NULL AND told_ending_at IS NULL AND last_day BETWEEN "
    "%(today)s AND %(today)s + 30 AND NOT EXISTS (SELECT 1 FROM training_licence m WHERE m.person_id = l.person_id AND "
    "m.training_id = l.training_id AND m.revoked_at IS NULL AND m.last_day > l.last_day)"
)
_CSV = (
    "COPY (SELECT l.name, p.email, o.name, t.title, l.valid_from, l.last_day, l.granted_at, l.revoked_at, p.public_id, "
    "p.external_id, o.external_id, l.public_id FROM training_licence l JOIN training_training t ON t.id = l.training_id "
    "JOIN tenants_organisation o ON o.id = l.organisation_id LEFT JOIN tenants_person p ON p.id = l.person_id ORDER BY "
    "last_day DESC, l.id DESC) TO STDOUT (FORMAT csv, HEADER)"
)
_ACTIVE = "l.revoked_at IS NULL AND l.last_day >= %(today)s"
_ENDS = f"{_ACTIVE} AND l.last_day <= %(today)s + 30"
_FOUND = (
    "(l.sort_key LIKE '%%person 4%%' OR l.organisation_id IN (SELECT id FROM tenants_organisation WHERE sort_key "
    "LIKE '%%person 4%%'))"
)
_PAGES = {
    "active": ("", "true", _ACTIVE, "last_day, l.id"),
    "ends in 30 days": ("show=ends_30", "true", _ENDS, "last_day, l.id"),
    "all": ("show=all", "true", "true", "last_day DESC, l.id DESC"),
    "all, search": ("show=all&q=person%204", _FOUND, "true", "last_day DESC, l.id DESC"),
}


def measure(bench: Bench) -> None:
    from bursar.billing.seller import seller_day

    values = {"today": seller_day(bench.now)}
    for what, (query, where, tab, order) in _PAGES.items():
        rows = _ROWS.format(where=where, tab=tab, order=order)
        statements = (_COUNTS.format(where=where), rows)
        _page(bench, f"licences, {what}", f"/panel/training/licences?{query}", statements, values)
    _coverage(bench, values)
    _others(bench, values)


def _page(bench: Bench, name: str, address: str, statements: tuple[str, ...], values: dict[str, Any]) -> None:
    size, whole, mine, count = bench.measured(address)
    base = _median(lambda: _run(statements, values), 11)
    bench.row(f"{name}: database", f"{mine:.1f} ms", f"{base:.1f} ms", mine / base, "≤ 1.5")
    bench.row(f"{name}: statements", str(count), target="constant")
    bench.row(f"{name}: whole", f"{whole:.0f} ms", target="reported")
    bench.row(f"{name}: size", f"{size / 1000:.0f} kB", target="≤ 200 kB")


def _coverage(bench: Bench, values: dict[str, Any]) -> None:
    """The statement beside its floor; of the page half is what every page asks."""
    from bursar.training.queries.coverage import calc_coverage, list_organisations

    ids = list(list_organisations("").values_list("pk", flat=True)[:50])
    mine, base = _median(lambda: calc_coverage(ids, bench.now), 11), _median(lambda: _run(_COVERAGE[1:], values), 11)
    bench.row("coverage of 50 organisations", f"{mine:.1f} ms", f"{base:.1f} ms", mine / base, "≤ 1.5")
    size, whole, database, count = bench.measured("/panel/training/licences/coverage")
    bench.row("coverage page: database", f"{database:.1f} ms", target="reported")
    bench.row("coverage page: statements", str(count), target="constant")
    bench.row("coverage page: whole", f"{whole:.0f} ms", target="reported")
    bench.row("coverage page: size", f"{size / 1000:.0f} kB", target="≤ 200 kB")


def _run(statements: tuple[str, ...], values: dict[str, Any]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql.replace("%(today)s", "%(today)s::date").replace("::date::date", "::date"), values)
            cursor.fetchall()


def _copy() -> None:
    from django.db import connection

    with connection.cursor() as cursor, cursor.copy(_CSV) as lines:
        for _ in lines:
            pass


def _others(bench: Bench, values: dict[str, Any]) -> None:
    from bursar.access.models import User
    from bursar.config.actors import actor_for
    from bursar.core.reading import consistent_read
    from bursar.files.csv import PLAIN
    from bursar.training import certificates, licence_csv, licence_filters
    from bursar.training.models import Licence
    from bursar.training.queries.licences import list_to_announce

    lead = actor_for(User.objects.get(email="lead@agora.example"))
    view = licence_filters.read({"show": "all"}, bench.now)

    def write() -> None:
        with consistent_read():
            licence_csv.write(view, lead, PLAIN)

    mine, base = _median(write, 3), _median(_copy, 3)
    bench.row("CSV of all licences", f"{mine:.0f} ms", f"{base:.0f} ms (COPY)", mine / base, "≤ 3")
    mine = _median(lambda: list(list_to_announce(bench.now)), 5)
    base = _median(lambda: _run((_DUE,), values), 5)
    bench.row("ends to announce, each minute", f"{mine:.1f} ms", f"{base:.1f} ms", mine / base, "reported")
    one = certificates.describe(Licence.objects.select_related("training").first() or Licence())
    certificates.draw(one, "en")
    started = time.process_time()
    for _ in range(10):
        certificates.draw(one, "en")
    bench.row("a certificate, CPU", f"{(time.process_time() - started) * 100:.0f} ms", target="reported")


def _median(run: Callable[[], object], times: int) -> float:
    from bench.measure import median

    return median(run, times)
