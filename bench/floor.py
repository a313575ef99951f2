"""The plainest SQL that answers the same, on the same tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

TOTALS = (
    "SELECT klass, count(*), sum(workspaces), sum(seats), sum(recorded_seconds), sum(mrr), sum(potential), "
    "sum(mrr) FILTER (WHERE status = 'past_due') FROM rollup_accountmonth a {join} "
    "WHERE month = %(month)s AND is_listed {where} GROUP BY klass"
)
ROWS = (
    "SELECT a.*, b.public_id, b.shown_label, o.name, o.is_partner FROM rollup_accountmonth a "
    "JOIN tenants_billingaccount b ON b.id = a.account_id JOIN tenants_organisation o ON o.id = b.organisation_id "
    "WHERE month = %(month)s AND is_listed {where} ORDER BY mrr DESC, a.account_id LIMIT 50"
)
WORKSPACES = (
    "SELECT * FROM (SELECT w.*, s.public_id, s.name, s.kind, s.visibility, row_number() OVER (PARTITION BY w.account_id "
    "ORDER BY s.sort_key, s.id) AS place FROM rollup_workspacemonth w JOIN tenants_workspace s ON s.id = w.workspace_id "
    "WHERE w.account_id = ANY(%(ids)s) AND w.month = %(month)s) t WHERE place <= 5"
)
CONTACTS = (
    "SELECT DISTINCT s.account_id, p.id, p.name, p.email, (SELECT max(day) FROM tenants_login l WHERE l.person_id = p.id) "
    "FROM tenants_workspace s JOIN tenants_workspacemembership m ON m.workspace_id = s.id AND m.valid_until IS NULL "
    "AND m.role IN ('owner', 'admin') JOIN tenants_person p ON p.id = m.person_id WHERE s.account_id = ANY(%(ids)s)"
)
PAID = (
    "SELECT DISTINCT ON (account_id) account_id, booked_at, gross FROM plans_paidperiod WHERE account_id = ANY(%(ids)s) "
    "ORDER BY account_id, booked_at DESC"
)
METERS = "SELECT workspace_id, tier, seconds FROM usage_meter WHERE workspace_id = ANY(%(spaces)s)"
SEARCH = (
    "AND (b.sort_key LIKE %(like)s OR o.sort_key LIKE %(like)s OR a.account_id IN (SELECT account_id FROM "
    "tenants_workspace WHERE sort_key LIKE %(like)s AND deleted_at IS NULL) OR a.account_id IN (SELECT s.account_id FROM "
    "tenants_workspacemembership m JOIN tenants_person p ON p.id = m.person_id JOIN tenants_workspace s ON s.id = "
    "m.workspace_id WHERE m.valid_until IS NULL AND m.role IN ('owner', 'admin') AND NOT m.is_support AND "
    "(p.sort_key LIKE %(like)s OR p.email LIKE %(like)s)))"
)
JOIN = "JOIN tenants_billingaccount b ON b.id = a.account_id JOIN tenants_organisation o ON o.id = b.organisation_id"
MOVEMENTS = (
    "SELECT month, movement, klass, sum(previous_mrr), sum(mrr), sum(potential), count(*) FROM rollup_accountmonth "
    "WHERE month >= %(first)s GROUP BY 1, 2, 3"
)
CSV = (
    "COPY (SELECT a.month, b.public_id, b.shown_label, b.scope, o.name, o.is_partner, a.klass, a.reason ->> 'code', a.tier, "
    "a.mode, a.status, a.cadence, a.discount_percent, a.discount_kind, a.workspaces, a.seats, a.recorded_seconds, a.mrr, "
    "a.potential, c.name, c.email, u.name AS manager, pay.booked_at, a.restated_at FROM rollup_accountmonth a "
    f"{JOIN} LEFT JOIN staff_staffmember f ON f.id = a.manager_id LEFT JOIN access_user u ON u.id = f.user_id "
    "LEFT JOIN LATERAL (SELECT p.name, p.email FROM tenants_workspace s JOIN tenants_workspacemembership m ON "
    "m.workspace_id = s.id AND m.valid_until IS NULL AND m.role IN ('owner', 'admin') JOIN tenants_person p ON p.id = "
    "m.person_id LEFT JOIN LATERAL (SELECT max(day) AS day FROM tenants_login l WHERE l.person_id = p.id) l ON true "
    "WHERE s.account_id = a.account_id ORDER BY l.day DESC NULLS LAST, p.sort_key LIMIT 1) c ON true "
    "LEFT JOIN LATERAL (SELECT booked_at FROM plans_paidperiod q WHERE q.account_id = a.account_id ORDER BY booked_at DESC "
    "LIMIT 1) pay ON true WHERE a.month = '{month}' AND a.is_listed ORDER BY a.mrr DESC, a.account_id) "
    "TO STDOUT (FORMAT csv, HEADER)"
)


def page(month: date, like: str = "") -> None:
    """Totals, fifty rows and what hangs on them, fetched."""
    values: dict[str, Any] = {"month": month, "like": f"%{like}%"}
    with connection.cursor() as cursor:
        cursor.execute(TOTALS.format(join=JOIN if like else "", where=SEARCH if like else ""), values)
        cursor.fetchall()
        cursor.execute(ROWS.format(where=SEARCH if like else ""), values)
        names = [column.name for column in cursor.description or []]
        values["ids"] = [row[names.index("account_id")] for row in cursor.fetchall()]
        cursor.execute(WORKSPACES, values)
        names = [column.name for column in cursor.description or []]
        values["spaces"] = [row[names.index("workspace_id")] for row in cursor.fetchall()]
        for statement in (CONTACTS, PAID, METERS):
            cursor.execute(statement, values)
            cursor.fetchall()


# Who needs a human, as one would write it by hand: all of them counted, fifty fetched, and what hangs on those.
_AT_CAP = (
    "FROM usage_meter m JOIN rollup_workspacemonth w ON w.workspace_id = m.workspace_id AND w.month = %(month)s "
    "AND w.tier = m.tier JOIN rollup_accountmonth a ON a.account_id = w.account_id AND a.month = %(month)s "
    "LEFT JOIN attention_triage t ON t.workspace_id = m.workspace_id "
    "WHERE m.seconds * 5 >= w.cap_seconds::bigint * 4 AND t.snoozed_at IS NULL"
)
_OWING = (
    "FROM rollup_accountmonth a LEFT JOIN attention_triage t ON t.account_id = a.account_id WHERE a.month = %(month)s "
    "AND a.is_listed AND (a.overdue_since IS NOT NULL OR a.klass = 'trial' AND (a.reason ->> 'until')::timestamptz <= "
    "%(now)s::timestamptz + interval '3 days') AND t.snoozed_at IS NULL"
)
AT_RISK = (
    f"SELECT CASE WHEN m.seconds < w.cap_seconds THEN 3 WHEN m.tier = 'pilot' THEN 1 ELSE 2 END, count(*) {_AT_CAP} "
    "GROUP BY 1",
    f"SELECT a.mode, a.klass, count(*) {_OWING} GROUP BY 1, 2",
)
AT_RISK_ROWS = (
    f"SELECT m.workspace_id, w.account_id, m.seconds, m.full_since, w.cap_seconds, a.mrr {_AT_CAP} ORDER BY CASE WHEN "
    "m.seconds < w.cap_seconds THEN 3 WHEN m.tier = 'pilot' THEN 1 ELSE 2 END, m.full_since, a.mrr + a.potential DESC, "
    "m.workspace_id LIMIT 50",
    f"SELECT 0, a.account_id, a.mode, a.overdue_since, a.mrr {_OWING} ORDER BY a.mode DESC, a.overdue_since, "
    "a.mrr + a.potential DESC, a.account_id LIMIT 50",
)
LOGINS = (
    "SELECT s.account_id, max(l.day), sum(l.count) FILTER (WHERE l.day > %(now)s::date - 30) FROM tenants_workspace s "
    "JOIN tenants_workspacemembership m ON m.workspace_id = s.id AND m.valid_until IS NULL AND m.role IN ('owner', 'admin') "
    "AND NOT m.is_support JOIN tenants_login l ON l.person_id = m.person_id WHERE s.account_id = ANY(%(ids)s) GROUP BY 1"
)
NAMES = (
    "SELECT s.*, b.*, o.* FROM tenants_workspace s JOIN tenants_billingaccount b ON b.id = s.account_id JOIN "
    "tenants_organisation o ON o.id = s.organisation_id WHERE s.id = ANY(%(spaces)s)",
    f"SELECT a.*, b.*, o.* FROM rollup_accountmonth a {JOIN} WHERE a.account_id = ANY(%(ids)s) AND a.month = %(month)s",
    "SELECT DISTINCT ON (workspace_id) * FROM usage_usagereset WHERE workspace_id = ANY(%(spaces)s) "
    "ORDER BY workspace_id, at DESC",
)


def at_risk(month: date, now: datetime) -> None:
    """Both counts, fifty rows of each list, and the names, contacts, logins and resets beside them, fetched."""
    values: dict[str, Any] = {"month": month, "now": now, "ids": [], "spaces": []}
    with connection.cursor() as cursor:
        for statement in AT_RISK:
            cursor.execute(statement, values)
            cursor.fetchall()
        for statement in AT_RISK_ROWS:
            cursor.execute(statement, values)
            rows = cursor.fetchall()
            values["ids"] += [row[1] for row in rows]
            values["spaces"] += [row[0] for row in rows if row[0]]
        for statement in (*NAMES, CONTACTS, LOGINS):
            cursor.execute(statement, values)
            cursor.fetchall()


ROLL = (
    "INSERT INTO rollup_workspacemonth ({workspace}, recorded_seconds) SELECT {workspace_}, 0 FROM rollup_workspacemonth "
    "WHERE month = %(before)s",
    "INSERT INTO rollup_accountmonth ({account}, recorded_seconds) SELECT {account_}, 0 FROM rollup_accountmonth "
    "WHERE month = %(before)s",
)


def roll(before: date, month: date, account: tuple[str, ...], workspace: tuple[str, ...]) -> None:
    """The rows of a month, as they stand, once more under the next; committed."""
    names = {}
    for table, columns in (("account", account), ("workspace", workspace)):
        names[table] = ", ".join((f"{table}_id", "month", *columns))
        names[f"{table}_"] = ", ".join((f"{table}_id", "%(month)s", *columns))
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in ROLL:
            cursor.execute(statement.format(**names), {"before": before, "month": month})


def movements(first: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MOVEMENTS, {"first": first})
        cursor.fetchall()


def csv(month: date) -> int:
    """COPY of the same columns; how many bytes."""
    size = 0
    with connection.cursor() as cursor, cursor.copy(CSV.replace("{month}", month.isoformat())) as rows:
        for part in rows:
            size += len(part)
    return size


def usage(events: Iterator[tuple[str, str, int, datetime, int, str]]) -> None:
    """COPY to a temporary table, INSERT … ON CONFLICT, the meters' upsert; committed."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE floor_batch (source text, event_id text, workspace_id bigint, at timestamptz, "
            "seconds int, tier text) ON COMMIT DROP"
        )
        with cursor.copy("COPY floor_batch FROM STDIN") as copy:
            for event in events:
                copy.write_row(event)
        cursor.execute(
            "INSERT INTO usage_usageevent (source, event_id, workspace_id, at, seconds, tier) SELECT * FROM floor_batch "
            "ON CONFLICT (source, event_id) DO NOTHING"
        )
        cursor.execute(
            "INSERT INTO usage_usagemonth AS k (workspace_id, month, seconds) SELECT workspace_id, "
            "date_trunc('month', at AT TIME ZONE 'UTC')::date, sum(seconds) FROM floor_batch GROUP BY 1, 2 ORDER BY 1, 2 "
            "ON CONFLICT (workspace_id, month) DO UPDATE SET seconds = k.seconds + EXCLUDED.seconds"
        )
        cursor.execute(
            "INSERT INTO usage_meter AS k (workspace_id, tier, seconds) SELECT workspace_id, tier, sum(seconds) "
            "FROM floor_batch GROUP BY 1, 2 ORDER BY 1, 2 ON CONFLICT (workspace_id, tier) DO UPDATE SET "
            "seconds = k.seconds + EXCLUDED.seconds"
        )


# Payments of a month, and of all months with filters: totals by status, fifty rows with their names.
_OF_MONTH = "p.dated_at >= %(start)s AND p.dated_at < %(end)s"
_BY_STATUS = (
    "SELECT status, count(*), sum(amount), sum(refunded), sum(charged_back), count(*) FILTER (WHERE refunded > 0), "
    "count(*) FILTER (WHERE charged_back > 0) FROM payments_payment p WHERE {where} GROUP BY status"
)
_NEWEST = (
    "SELECT p.*, b.public_id, b.shown_label, o.name FROM payments_payment p LEFT JOIN tenants_billingaccount b ON b.id = "
    "p.account_id LEFT JOIN tenants_organisation o ON o.id = b.organisation_id WHERE {where} "
    "ORDER BY p.dated_at DESC, p.id DESC LIMIT 50"
)
_CSV_OF_MONTH = (
    "COPY (SELECT p.dated_at, b.public_id, b.shown_label, o.name, p.source, p.kind, p.method, p.status, p.reason, p.amount, "
    "p.refunded, p.charged_back, p.at, p.paid_at, p.failed_at, p.public_id, p.mollie_id, p.description, p.mode, p.dashboard "
    "FROM payments_payment p LEFT JOIN tenants_billingaccount b ON b.id = p.account_id LEFT JOIN tenants_organisation o ON "
    "o.id = b.organisation_id WHERE p.dated_at >= '{start}' AND p.dated_at < '{end}' ORDER BY p.dated_at DESC, p.id DESC) "
    "TO STDOUT (FORMAT csv, HEADER)"
)
_GAP = (
    "SELECT c.account_id, c.id, c.gross, coalesce(p.amount, 0) FROM payments_charge c LEFT JOIN (SELECT charge_id, "
    "sum(amount) AS amount FROM payments_payment WHERE status = 'paid' AND paid_at >= %(start)s AND paid_at < %(end)s "
    "GROUP BY 1) p ON p.charge_id = c.id WHERE c.due_on >= %(first)s AND c.due_on < %(next)s AND c.state <> 'ended' "
    "AND coalesce(p.amount, 0) <> c.gross"
)


_OF_KINDS = (
    "SELECT kind, count(*), sum(net), sum(vat), sum(gross), sum(paid), sum(credited), sum(written_off), sum(difference), "
    "sum(open) FROM billing_invoice i WHERE {where} GROUP BY kind"
)
_BY_AGE = (
    "SELECT width_bucket(%(today)s::date - due_on, ARRAY[1, 31, 61, 91]), count(*), sum(open) FROM billing_invoice i "
    "WHERE {where} AND kind = 'invoice' AND open > 0 GROUP BY 1"
)
_OVERDUE = "SELECT count(*) FROM billing_invoice WHERE kind = 'invoice' AND open > 0 AND due_on < %(today)s"
_LATEST = (
    "SELECT i.id, i.public_id, i.number, i.kind, i.issued_on, i.due_on, i.payer, i.gross, i.paid, i.credited, i.open, "
    "i.written_off, i.difference, i.wants_e_invoice, c.number, b.public_id, b.shown_label, o.name FROM billing_invoice i "
    "JOIN tenants_billingaccount b ON b.id = i.account_id JOIN tenants_organisation o ON o.id = b.organisation_id "
    "LEFT JOIN billing_invoice c ON c.id = i.corrects_id WHERE {where} ORDER BY i.issued_at DESC, i.id DESC LIMIT 50"
)
_INVOICES_CSV = (
    "COPY (SELECT i.number, i.kind, i.issued_on, i.due_on, b.public_id, b.shown_label, o.name, i.payer, i.country, i.net, "
    "i.vat, i.gross, i.paid, i.credited, i.written_off, i.difference, i.open, i.reference, i.order_number, "
    "i.buyer_reference, c.number AS corrects, i.service_from, i.service_until, i.settled_at, i.public_id AS id FROM "
    "billing_invoice i JOIN tenants_billingaccount b ON b.id = i.account_id JOIN tenants_organisation o ON o.id = "
    "b.organisation_id LEFT JOIN billing_invoice c ON c.id = i.corrects_id ORDER BY i.issued_at DESC, i.id DESC) "
    "TO STDOUT (FORMAT csv, HEADER)"
)


def invoices(today: date, where: str) -> None:
    """Totals, ageing, what is overdue, and fifty rows, fetched."""
    with connection.cursor() as cursor:
        for statement in (_OF_KINDS, _BY_AGE, _OVERDUE, _LATEST):
            cursor.execute(statement.format(where=where), {"today": today})
            cursor.fetchall()


def invoices_csv() -> None:
    with connection.cursor() as cursor, cursor.copy(_INVOICES_CSV) as rows:
        for _ in rows:
            pass


def payments(start: datetime, end: datetime, where: str = "") -> None:
    values = {"start": start, "end": end}
    with connection.cursor() as cursor:
        for statement in (_BY_STATUS, _NEWEST):
            cursor.execute(statement.format(where=where or _OF_MONTH), values)
            cursor.fetchall()


def payments_csv(start: datetime, end: datetime) -> None:
    sql = _CSV_OF_MONTH.format(start=start.isoformat(), end=end.isoformat())
    with connection.cursor() as cursor, cursor.copy(sql) as rows:
        for _ in rows:
            pass


def gap(start: datetime, end: datetime, first: date, after: date) -> None:
    """Which charges are not even, fetched; why is not asked."""
    with connection.cursor() as cursor:
        cursor.execute(_GAP, {"start": start, "end": end, "first": first, "next": after})
        cursor.fetchall()
