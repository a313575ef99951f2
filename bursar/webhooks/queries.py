"""Reads of the outgoing webhooks: endpoints, their log, and whom an event concerns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from bursar.access.actor import Actor
from bursar.audit.models import AuditLine
from bursar.core import cipher
from bursar.core.errors import NotFound
from bursar.core.retention import no_longer_kept
from bursar.outbox.models import OutboxRow, OutboxState
from bursar.outbox.store import UNDONE
from bursar.tenants.models import BillingAccount, Organisation, Workspace, WorkspaceAccount
from bursar.webhooks.models import WebhookEndpoint, WebhookMessage, WebhookSecret
from bursar.webhooks.rules import HELD_UNTIL

SECRET = "webhook secret"
KIND = "webhook_call"


def get_endpoint(actor: Actor, public_id: str) -> WebhookEndpoint:
    found = WebhookEndpoint.objects.filter(public_id=public_id).first() if actor.all_accounts else None
    if found is None:
        raise NotFound
    return found


def get_message(actor: Actor, public_id: str) -> WebhookMessage:
    found = messages().filter(public_id=public_id).first() if actor.all_accounts else None
    if found is None:
        raise no_longer_kept()
    return found


def messages() -> QuerySet[WebhookMessage]:
    """Newest first, each with its endpoint and outbox row."""
    return WebhookMessage.objects.select_related("endpoint", "row").order_by("-id")


def get_message_of(row: OutboxRow) -> WebhookMessage:
    return WebhookMessage.objects.select_related("endpoint").get(row=row)


def get_ahead(message: WebhookMessage) -> WebhookMessage | None:
    """The message that must be taken before this one may go; None when it is this one's turn, or was."""
    if message.row.state not in UNDONE:
        return None
    same = messages().filter(row__kind=message.row.kind, row__order_key=message.row.order_key, row__state__in=UNDONE)
    return same.filter(row_id__lt=message.row_id).order_by("row_id").first()


def list_endpoints() -> list[WebhookEndpoint]:
    """The living first, each with how many messages wait (`waiting`)."""
    waiting = Count("messages", filter=Q(messages__row__state__in=UNDONE))
    return list(WebhookEndpoint.objects.annotate(waiting=waiting).order_by("deleted_at", "description", "id"))


def list_waiting(endpoint: WebhookEndpoint) -> QuerySet[OutboxRow]:
    """The rows that wait to go there, held ones too."""
    return OutboxRow.objects.filter(
        kind=KIND, order_key__startswith=f"{endpoint.public_id}:", state=OutboxState.WAITING
    )


def list_holding_since(before: datetime) -> list[WebhookEndpoint]:
    """Paused, switched off and deleted endpoints for which something waits that was written before an instant."""
    held = OutboxRow.objects.filter(kind=KIND, state=OutboxState.WAITING, due_at=HELD_UNTIL)
    oldest = held.order_by("id").values_list("created_at", flat=True).first()
    if oldest is None or oldest >= before:  # nearly always: one look at an index
        return []
    old = held.filter(webhook_message__endpoint=OuterRef("pk"), created_at__lt=before)
    return list(WebhookEndpoint.objects.filter(Exists(old), is_active=False).order_by("id"))


def list_log(
    endpoint: WebhookEndpoint, *, type_: str = "", state: str = "", before: int | None = None
) -> QuerySet[WebhookMessage]:
    """`state`: “waiting”, “delivered” or “dropped”. `before`: the key of the last message of the page before."""
    found = messages().filter(endpoint=endpoint)
    if type_:
        found = found.filter(type=type_)
    if state == "delivered":
        found = found.filter(row__state=OutboxState.DONE)
    elif state == "waiting":
        found = found.exclude(row__state__in=[OutboxState.DONE, OutboxState.DROPPED])
    elif state == "dropped":
        found = found.filter(row__state=OutboxState.DROPPED)
    return found if before is None else found.filter(id__lt=before)


def list_replayable(endpoint: WebhookEndpoint, since: datetime) -> QuerySet[WebhookMessage]:
    """Delivered events since an instant, in the order in which they were written; no test and no replay."""
    found = WebhookMessage.objects.filter(endpoint=endpoint, created_at__gte=since, is_replay=False)
    return found.filter(row__state=OutboxState.DONE).exclude(subject_id="").select_related("row").order_by("id")


def list_wanting(event: str) -> QuerySet[WebhookEndpoint]:
    """The living endpoints that want this kind of event, paused ones too."""
    return WebhookEndpoint.objects.filter(Q(events=[]) | Q(events__contains=[event]), deleted_at=None).order_by("id")


def list_with_due_rows(now: datetime) -> list[str]:
    due = WebhookMessage.objects.filter(endpoint=OuterRef("pk"), row__state__in=UNDONE, row__due_at__lte=now)
    return list(WebhookEndpoint.objects.filter(Exists(due)).values_list("public_id", flat=True))


def list_stray_rows() -> QuerySet[OutboxRow]:
    """Held rows of endpoints that are active: they were on their way out while somebody resumed the endpoint."""
    active = WebhookEndpoint.objects.filter(is_active=True, deleted_at=None)
    held = OutboxRow.objects.filter(state=OutboxState.WAITING, due_at=HELD_UNTIL)
    return held.filter(webhook_message__endpoint__in=active)


def list_failing_since(before: datetime) -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.filter(is_active=True, deleted_at=None, failing_since__lt=before).order_by("id")


def list_live_secrets(endpoint: WebhookEndpoint, at: datetime) -> list[str]:
    """Newest first, readable. Raises cipher.Unreadable."""
    rows = WebhookSecret.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), endpoint=endpoint).order_by("-id")
    return [cipher.decrypt(SECRET, row.sealed) for row in rows]


@dataclass(frozen=True)
class Concern:
    """Whom a line of the book is about, in the product's ids; `account` is Bursar's, None for several or none."""

    account: str | None
    organisation: str | None
    workspaces: list[str]


def get_concern(line: AuditLine) -> Concern:
    """From what the line touches. A line about an account concerns the workspaces that drew on it at that instant."""
    accounts = BillingAccount.objects.filter(public_id__in=line.touches).select_related("organisation")
    organisation = Organisation.objects.filter(public_id__in=line.touches).first()
    workspaces = list(Workspace.objects.filter(public_id__in=line.touches).values_list("external_id", flat=True))
    if line.target_kind == "account":
        drawing = WorkspaceAccount.objects.at(line.at).filter(account__in=accounts, workspace__deleted_at=None)
        workspaces = sorted(drawing.values_list("workspace__external_id", flat=True))
    return Concern(
        account=accounts[0].public_id if len(accounts) == 1 else None,
        organisation=organisation.external_id if organisation else None,
        workspaces=workspaces,
    )


def list_names(subject_ids: list[str]) -> dict[str, str]:
    """What the subjects of messages are called today."""
    found: dict[str, str] = {}
    for model, name in ((Workspace, "name"), (BillingAccount, "shown_label"), (Organisation, "name")):
        found |= dict(model._default_manager.filter(public_id__in=subject_ids).values_list("public_id", name))
    return found
