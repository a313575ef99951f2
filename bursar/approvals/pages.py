"""What waits for a second person: one queue for all of it, and one of them."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.actor import Actor
from bursar.access.request import actor_of
from bursar.access.rights import Right
from bursar.actions.models import Approval, ApprovalState
from bursar.actions.spec import Case
from bursar.approvals import queries
from bursar.approvals.actions import say_what
from bursar.approvals.queues import QUEUES, Card, Queue, list_levers
from bursar.core import clock, naming
from bursar.tenants.models import BillingAccount
from bursar.ui.navigation import NavEntry, register

DECIDED_SHOWN = 20
DECIDES = ("approvals.approval.approve", "approvals.approval.deny")
TAKES_BACK = ("approvals.approval.withdraw",)


def count(actor: Actor) -> int:
    return sum(queue.count() for queue in QUEUES.values())


register(
    NavEntry(
        key="approvals",
        label="To approve",
        url_name="approvals:queue",
        order=35,
        group="money",
        icon="checks",
        help="two-people",
        count=count,
        right=Right.APPROVE_REFUND,
        holds=("approvals:approval",),
    )
)


@require_GET
def show_queue(request: HttpRequest) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    waiting = [card for queue in QUEUES.values() for card in queue.list_waiting(actor, now)]
    decided = [card for queue in QUEUES.values() for card in queue.list_decided(actor, now, DECIDED_SHOWN)]
    context = {
        "cards": sorted(waiting, key=lambda card: (card.asked_at, card.id)),
        "decided": sorted(decided, key=lambda card: (card.decided_at or now, card.id), reverse=True)[:DECIDED_SHOWN],
    }
    return render(request, "approvals/queue.html", context)


@require_GET
def show_approval(request: HttpRequest, approval_id: str) -> HttpResponse:
    """The one that a notice leads to."""
    actor = actor_of(request)
    row = queries.get_approval(actor, approval_id)
    row.asker, row.decider = naming.read((row.asker, row.decider))
    return render(request, "approvals/queue.html", {"cards": [make_card(row, actor, clock.now())], "is_one": True})


def make_card(row: Approval, actor: Actor, now: datetime) -> Card:
    """`row`: with its target, and the names of today."""
    account = row.target if isinstance(row.target, BillingAccount) else row.target.account
    waits = row.state == ApprovalState.WAITS
    is_own = actor.id == row.asker_id
    levers = list_levers("approval", TAKES_BACK if is_own else DECIDES, Case(actor, row, now)) if waits else []
    return Card(
        id=row.public_id,
        url=reverse("approvals:approval", args=[row.public_id]),
        amount=row.amount,
        whose=str(account),
        account_url=reverse("panel:account", args=[account.public_id]),
        about=say_what(row),
        state=str(row.get_state_display()),
        waits=waits,
        asked_by=row.asker,
        asked_at=row.asked_at,
        reason=row.reason,
        decided_by=row.decider,
        decided_at=row.decided_at,
        note=row.note,
        pairs=(("Why two", row.why, False),),
        levers=levers,
    )


def _cards(rows: list[Approval], actor: Actor, now: datetime) -> list[Card]:
    return [make_card(row, actor, now) for row in rows]


QUEUES.add(
    "approvals",
    Queue(
        count=queries.count_waiting,
        list_waiting=lambda actor, now: _cards(queries.list_waiting(actor), actor, now),
        list_decided=lambda actor, now, most: _cards(queries.list_decided(actor, most), actor, now),
    ),
)
