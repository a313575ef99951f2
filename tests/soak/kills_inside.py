"""What the soak of kills does inside the house that it kills: `python -m tests.soak.kills_inside WORD …`, JSON out.

A process of its own, so that the one which kills never has a connection to lose.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

SECRET = "a secret that only the soak of kills knows"
ACCOUNTS, READERS = 26, 30


def found(receiver: str) -> dict[str, Any]:
    """The cast, enough accounts for a job, a colleague for each digest, an endpoint, and keys to both APIs."""
    from bursar.access.keys import digest_of
    from bursar.access.rights import Right
    from bursar.actions.run import run
    from bursar.audit.models import AuditLine
    from bursar.core import clock
    from bursar.notifications.models import Notification
    from bursar.product.models import ApiKey, Scope
    from bursar.staff.models import ApiToken, StaffMember
    from bursar.tenants.models import BillingAccount, Workspace
    from tests.cast import Cast, bring_all, organisation, workspace

    now = clock.now()
    cast, old = Cast.gather(now), now - timedelta(days=100)
    readers = [f"reader{n}@agora.example" for n in range(READERS)]
    bring_all(*[{"kind": "staff", "email": who, "name": who, "role": "auditor"} for who in readers])
    for n in range(ACCOUNTS):
        bring_all(*organisation(f"k{n}", f"K {n}", old), *workspace(f"k{n}", f"k{n}", "W", old))
    rights = [right.value for right in Right]
    ApiToken.objects.create(
        member_id=cast.iris.staff_id or 0, name="soak", digest=digest_of(SECRET), hint="h", rights=rights
    )
    ApiKey.objects.create(name="soak", digest=digest_of(SECRET), hint="h", scopes=Scope.values, created_by="t")
    data = {"url": receiver, "description": "Product", "events": []}
    run("webhooks.company.create_endpoint", cast.iris, "company", data, reason="The product listens")
    line = AuditLine.objects.latest("id")
    for member in StaffMember.objects.filter(user__email__in=readers).select_related("user"):
        Notification.objects.create(
            recipient_id=member.public_id, who=member.user.public_id, line=line, topic="usage",
            at=now - timedelta(days=2), waits=True,
        )  # fmt: skip
    return {
        "workspaces": list(Workspace.objects.order_by("id").values_list("external_id", "public_id")),
        "accounts": list(BillingAccount.objects.order_by("id").values_list("public_id", flat=True)),
    }


def go_on() -> dict[str, Any]:
    """What a quarter of an hour later would do by itself: half-sent rows are retaken, whatever waits goes out."""
    from bursar.core import clock
    from bursar.core.ticks import TICKS
    from bursar.outbox.models import OutboxRow, OutboxState
    from tests.webhooks.receiver import deliver

    for minutes in (0, 11, 30, 60, 120):
        left, before = OutboxRow.objects.filter(state=OutboxState.WAITING).count(), -1
        while left != before:  # fifty messages an endpoint each time
            deliver(timedelta(minutes=minutes))
            left, before = OutboxRow.objects.filter(state=OutboxState.WAITING).count(), left
        with clock.frozen(clock.now() + timedelta(minutes=minutes)):
            TICKS["notifications.set_aside"](clock.now())
    return {}


def count() -> dict[str, Any]:
    """What is there."""
    from django.db.models import Sum

    from bursar.actions.models import BulkRun
    from bursar.audit.models import AuditLine
    from bursar.files.models import File
    from bursar.notifications.models import Mail
    from bursar.outbox.models import OutboxRow
    from bursar.rollup.models import WorkspaceMonth
    from bursar.tenants.models import Workspace
    from bursar.usage.models import UsageEvent
    from bursar.webhooks.models import WebhookMessage

    events = UsageEvent.objects.filter(source="soak")
    groups = Counter(AuditLine.objects.filter(group__startswith="blk_").values_list("group", flat=True))
    runs = [
        {
            "id": made.public_id, "state": made.state, "targets": len(made.target_ids), "results": made.results.count(),
            "done": made.results.filter(status=200).count(), "lines": groups[made.public_id],
            "odd": sorted(set(made.results.exclude(status__in=(200, 409, 503)).values_list("sentence", flat=True))),
        }
        for made in BulkRun.objects.order_by("id")
    ]  # fmt: skip
    notes = AuditLine.objects.filter(key="tenants.workspace.add_note").values_list("changes__0__after", flat=True)
    digests = Mail.objects.filter(kind="digest").values_list("recipient_id", flat=True)
    return {
        "events": sorted(events.values_list("event_id", flat=True)),
        "seconds": events.aggregate(sum=Sum("seconds"))["sum"] or 0,
        "facts": WorkspaceMonth.objects.filter(workspace__usage_events__source="soak").distinct().count(),
        "notes": sorted(notes),
        "runs": runs,
        "exports": AuditLine.objects.filter(key="rollup.company.export").count(),
        "files": File.objects.exclude(finished_at=None).count(),
        "imported": sorted(
            Workspace.objects.filter(external_id__startswith="imp-").values_list("external_id", flat=True)
        ),
        "digests": dict(Counter(digests)),
        "outbox": dict(Counter(f"{kind} {state}" for kind, state in OutboxRow.objects.values_list("kind", "state"))),
        "messages": sorted(set(WebhookMessage.objects.values_list("message_id", flat=True))),
    }


WORDS: dict[str, Callable[..., dict[str, Any]]] = {"found": found, "go_on": go_on, "count": count}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bursar.config.settings")
    django.setup()
    sys.stdout.write(json.dumps(WORDS[sys.argv[1]](*sys.argv[2:])) + "\n")
