"""For the operator's machines: is it alive, is it ready, how does it do."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from bursar.config.slots import BUSY, SLOTS
from bursar.core import clock, heartbeat

REQUESTS = Counter("bursar_requests_total", "Answered requests.", ["method", "route", "status"])
SECONDS = Histogram("bursar_request_seconds", "How long requests took.", ["route"])
LOOPBACK = {"127.0.0.1", "::1"}
_is_migrated = False

# name, what it counts, statement
_GAUGES = [
    ("bursar_outbox_waiting", "Outbox rows that wait or are being sent.",
     "SELECT COUNT(*) FROM outbox_outboxrow WHERE state IN ('waiting', 'sending')"),
    ("bursar_outbox_failed", "Outbox rows that were given up; a person has to look.",
     "SELECT COUNT(*) FROM outbox_outboxrow WHERE state = 'failed'"),
    ("bursar_outbox_oldest_seconds", "Age of the oldest row that waits.",
     "SELECT COALESCE(EXTRACT(EPOCH FROM now() - MIN(due_at)), 0) FROM outbox_outboxrow WHERE state = 'waiting'"),
    ("bursar_unprojected_accounts", "Accounts whose figures wait to be computed.",
     "SELECT COUNT(*) FROM rollup_unsettled"),
    ("bursar_faulty_accounts", "Accounts whose figures cannot be computed; the log says why. They are tried again.",
     "SELECT COUNT(*) FROM rollup_unsettled WHERE fault <> ''"),
    ("bursar_hints_waiting", "Payments that Mollie, or somebody, told of and that were not looked at yet.",
     "SELECT COUNT(*) FROM payments_hint WHERE looked_at IS NULL OR looked_at < told_at"),
    ("bursar_hints_oldest_seconds", "Since the oldest of them was told.",
     "SELECT COALESCE(EXTRACT(EPOCH FROM now() - MIN(told_at)), 0) FROM payments_hint"
     " WHERE looked_at IS NULL OR looked_at < told_at"),
    ("bursar_payments_to_apply", "Payments whose news have not moved their account yet.",
     "SELECT COUNT(*) FROM payments_payment WHERE to_apply AND account_id IS NOT NULL"),
    ("bursar_mollie_calls_waiting", "Changes that Mollie was not told of yet.",
     "SELECT COUNT(*) FROM payments_call WHERE state IN ('waiting', 'looking')"),
    ("bursar_mollie_calls_refused", "Changes that Mollie refused within a day; a person has to look.",
     "SELECT COUNT(*) FROM payments_call WHERE state = 'refused' AND answered_at > now() - interval '1 day'"),
    ("bursar_jobs_waiting", "Jobs that wait for a worker.",
     "SELECT COUNT(*) FROM procrastinate_jobs WHERE status = 'todo'"),
    ("bursar_jobs_failed", "Jobs that failed.", "SELECT COUNT(*) FROM procrastinate_jobs WHERE status = 'failed'"),
    ("bursar_worker_age_seconds", "Since a worker last reported; -1: never.",
     "SELECT COALESCE(EXTRACT(EPOCH FROM now() - MAX(seen_at)), -1) FROM core_workerbeat"),
    ("bursar_seal_age_seconds", "Since the book was last sealed; -1: never.",
     "SELECT COALESCE(EXTRACT(EPOCH FROM now() - MAX(at)), -1) FROM audit_auditseal"),
]  # fmt: skip


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Nothing more is asked of it here."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served: a page thread is free, the database answers and is up to this release. Else 503
    and why. Asked beside the page threads (`slots.py`), so that it answers while all of them wait.
    """
    problem = (
        "busy: no page thread was free for five seconds"
        if request.META.get(BUSY) or SLOTS.is_busy()
        else why_not_ready()
    )
    body: dict[str, Any] = {"ready": problem is None, "problem": problem or ""}
    if problem is None:
        body["worker_late"] = heartbeat.is_late(clock.now(), heartbeat.seen_at())
    return JsonResponse(body, status=503, headers={"Retry-After": "5"}) if problem else JsonResponse(body)


def why_not_ready() -> str | None:
    """Pending migrations are asked for until there are none; then the process remembers."""
    global _is_migrated
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _is_migrated:
            executor = MigrationExecutor(connection)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if plan:
                return f"The database lacks {len(plan)} migrations. Run “bursar migrate”."
            _is_migrated = True
    except DatabaseError as error:
        return f"The database does not answer: {str(error).strip().splitlines()[0]}"
    return None


class DatabaseGauges:
    """What all processes share is read at the scrape, so that every one of them says the same."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with connection.cursor() as cursor:
            for name, words, statement in _GAUGES:
                cursor.execute(statement)
                yield GaugeMetricFamily(name, words, value=float(cursor.fetchone()[0]))


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, for whoever has the token; without one set, for this machine alone."""
    if not _may_scrape(request):
        return HttpResponse("Not for you.\n", status=403, content_type="text/plain")
    shared = CollectorRegistry()
    shared.register(DatabaseGauges())  # type: ignore[arg-type]  # collect() is all that is asked of it
    own: CollectorRegistry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        own = CollectorRegistry()
        MultiProcessCollector(own)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(own) + generate_latest(shared), content_type=CONTENT_TYPE_LATEST)


def _may_scrape(request: HttpRequest) -> bool:
    token = settings.BURSAR_METRICS_TOKEN
    if not token:
        return request.META.get("REMOTE_ADDR", "") in LOOPBACK and "X-Forwarded-For" not in request.headers
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(given.encode(), token.encode())
