"""The tables in which others' words about a person may stand, and how a row of each is written anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from bursar.actions.models import Approval, BulkResult, BulkRun, IdempotencyKey, UndoOffer
from bursar.actions.second import reword as reword_approval
from bursar.actions.undo import drop as drop_offer
from bursar.attention.models import Triage
from bursar.billing.models import BillingDetails, Draft, Handover, Hold, Reminder
from bursar.billing.store import reword as reword_details
from bursar.billing.store.drafts import reword as reword_draft
from bursar.billing.store.sending import reword_handover, reword_hold, reword_reminder
from bursar.core.days import say_day
from bursar.notifications.models import Mail
from bursar.outbox.models import OutboxRow, OutboxState
from bursar.outbox.store import UNDONE
from bursar.partners.models import ReferralEntry
from bursar.partners.store.entries import reword as reword_referral
from bursar.payments.models import PaymentLink, Refund
from bursar.payments.store.links import reword as reword_link
from bursar.payments.store.refunds import reword as reword_refund
from bursar.product.traces import Traces
from bursar.requests.models import UpgradeRequest
from bursar.support.models import SupportRequest, SupportSession
from bursar.support.store import reword_request, reword_session
from bursar.training.models import TrainingSession
from bursar.training.store.sessions import reword as reword_training
from bursar.usage.models import UsageReset
from bursar.usage.store import reword

OFFERED = (
    "was", "name", "street", "street_more", "city", "order_number", "buyer_reference", "contract", "lines", "notes",
    "note", "subject", "body", "place", "why", "description",
)  # fmt: skip
"""Of what an action can be taken back by, the parts that somebody wrote: an offer with the words in them goes."""


Put = Callable[[Any, dict[str, Any]], None]


def _put_mail(mail: Mail, values: dict[str, Any]) -> None:
    """Its HTML goes: it says the same again, between marks that no reader of the text has seen."""
    Mail.objects.filter(pk=mail.pk).update(**values, html="")


@dataclass(frozen=True)
class Source:
    """A table in which such text stands. `parts`: of a field with JSON, the keys under which people read it.

    `put`: how a row is written where that is more than its fields; a table with a pen has its pen do it.
    """

    what: Callable[[Any], str]
    rows: Callable[[Traces], QuerySet[Any]]
    fields: tuple[str, ...]
    parts: tuple[str, ...] = ()
    put: Put | None = None

    def texts(self, row: Any) -> dict[str, Any]:
        values = {name: getattr(row, name) for name in self.fields}
        if not self.parts:
            return values
        return {name: {key: value[key] for key in self.parts if key in value} for name, value in values.items()}

    def whole(self, row: Any, changed: dict[str, Any]) -> dict[str, Any]:
        return {name: {**getattr(row, name), **value} if self.parts else value for name, value in changed.items()}

    def narrow(self, traces: Traces) -> QuerySet[Any]:
        """The rows with the letters of the words in them; whether they stand as words is looked at afterwards."""
        rows, wanted = self.rows(traces), Q(pk__in=[])
        for name in self.fields:
            for word in traces.words:
                if self.parts:
                    rows = rows.annotate(**{f"{name}_text": Cast(name, TextField())})
                    wanted |= Q(**{f"{name}_text__contains": json.dumps(word, ensure_ascii=False)[1:-1]})
                else:
                    wanted |= Q(**{f"{name}__contains": word})
        return rows.filter(wanted).order_by("-pk")


def _others_mail(traces: Traces) -> QuerySet[Mail]:
    mails = Mail.objects.exclude(recipient_id__in=traces.references).defer("html")
    for email in traces.emails:
        mails = mails.exclude(recipient_id="", email__iexact=email)
    return mails


def _others_letters(traces: Traces) -> QuerySet[OutboxRow]:
    waiting = OutboxRow.objects.filter(kind="mail", state__in=UNDONE, payload__has_key="to")
    return waiting.exclude(payload__has_key="recipient", payload__recipient__in=traces.references)


SOURCES: dict[str, Source] = {
    "mail": Source(
        lambda mail: f"Mail to {mail.name or mail.email}, {say_day(mail.created_at)}",
        _others_mail,
        ("subject", "text", "calendar"),
        put=_put_mail,
    ),
    "letter": Source(
        lambda row: f"Mail on its way to {row.payload.get('name') or row.payload['to']}",
        _others_letters,
        ("payload",),
        ("subject", "text", "calendar"),
    ),
    "delivery": Source(
        lambda row: f"Why a delivery stopped, {say_day(row.due_at)}",
        lambda traces: OutboxRow.objects.filter(state__in=(OutboxState.DROPPED, OutboxState.FAILED)),
        ("last_error",),
    ),
    "message": Source(
        lambda made: f"Message of a request, {say_day(made.requested_at)}",
        lambda traces: UpgradeRequest.objects.exclude(requester=traces.person),
        ("message",),
    ),
    "note": Source(
        lambda made: f"Answer to a request, {say_day(made.requested_at)}",
        lambda traces: UpgradeRequest.objects.all(),
        ("note",),
    ),
    "wish": Source(
        lambda made: f"What was asked of a training, {say_day(made.requested_at)}",
        lambda traces: TrainingSession.objects.exclude(requested_by=traces.person),
        ("message",),
        put=lambda row, values: reword_training(row.pk, **values),
    ),
    "place": Source(
        lambda made: f"Place of a training for {made.organisation}",
        lambda traces: TrainingSession.objects.select_related("organisation"),
        ("place",),
        put=lambda row, values: reword_training(row.pk, **values),
    ),
    "support": Source(
        lambda made: f"Support request for {made.workspace}, {say_day(made.requested_at)}",
        lambda traces: SupportRequest.objects.select_related("workspace"),
        ("note", "answer"),
        put=lambda row, values: reword_request(row.pk, **values),
    ),
    "visit": Source(
        lambda made: f"Support visit to {made.workspace}, {say_day(made.joined_at)}",
        lambda traces: SupportSession.objects.select_related("workspace"),
        ("why",),
        put=lambda row, values: reword_session(row.pk, **values),
    ),
    "reset": Source(
        lambda made: f"Usage reset of {made.workspace}, {say_day(made.at)}",
        lambda traces: UsageReset.objects.select_related("workspace"),
        ("reason",),
        put=lambda row, values: reword(row.pk, **values),
    ),
    "resetter": Source(
        lambda made: f"Who reset the usage of {made.workspace}, {say_day(made.at)}",
        lambda traces: UsageReset.objects.exclude(by_ref__in=traces.references).select_related("workspace"),
        ("by_name",),
        put=lambda row, values: reword(row.pk, **values),
    ),
    "payer": Source(
        lambda details: f"Billing details of {details.account}",
        lambda traces: BillingDetails.objects.select_related("account"),
        ("name", "street", "street_more"),
        put=lambda row, values: reword_details(row.pk, **values),
    ),
    "draft": Source(
        lambda draft: f"Draft of an invoice of {draft.account}, {say_day(draft.changed_at)}",
        lambda traces: Draft.objects.select_related("account"),
        ("data", "says"),
        ("lines", "items", "buyer", "order_number", "buyer_reference", "contract"),
        put=lambda row, values: reword_draft(row.pk, **values),
    ),
    "hold": Source(
        lambda made: f"Why {made.invoice} is on hold",
        lambda traces: Hold.objects.select_related("invoice"),
        ("note",),
        put=lambda row, values: reword_hold(row.pk, **values),
    ),
    "reminder": Source(
        lambda made: f"What came of asking for {made.invoice}, {say_day(made.on)}",
        lambda traces: Reminder.objects.select_related("invoice"),
        ("note",),
        put=lambda row, values: reword_reminder(row.pk, **values),
    ),
    "handover": Source(
        lambda made: f"Why the network refused {made.invoice}",
        lambda traces: Handover.objects.select_related("invoice"),
        ("why",),
        put=lambda row, values: reword_handover(row.pk, **values),
    ),
    "refund": Source(
        lambda made: f"Why a refund was asked for, or denied, {say_day(made.created_at)}",
        lambda traces: Refund.objects.all(),
        ("reason", "note"),
        put=lambda row, values: reword_refund(row.pk, **values),
    ),
    "link": Source(
        lambda made: f"Description of a payment link of {made.account}, {say_day(made.made_at)}",
        lambda traces: PaymentLink.objects.select_related("account"),
        ("description",),
        put=lambda row, values: reword_link(row.pk, **values),
    ),
    "referral": Source(
        lambda made: f"Notes of the referral entry of {made}",
        lambda traces: ReferralEntry.objects.select_related("client", "partner"),
        ("notes",),
        put=lambda row, values: reword_referral(row.pk, **values),
    ),
    "approval": Source(
        lambda made: f"Reason, message or note of what waited for a second person, {say_day(made.asked_at)}",
        lambda traces: Approval.objects.all(),
        ("reason", "message", "note"),
        put=lambda row, values: reword_approval(row.pk, **values),
    ),
    "outreach": Source(
        lambda made: f"Subject of the last outreach to {made.workspace or made.account}",
        lambda traces: Triage.objects.select_related("workspace", "account"),
        ("outreach_subject",),
    ),
    "bulk": Source(
        lambda run: f"Reason or message of a bulk run, {say_day(run.created_at)}",
        lambda traces: BulkRun.objects.all(),
        ("reason", "message"),
    ),
    "result": Source(
        lambda result: f"Result in a bulk run, {say_day(result.run.created_at)}",
        lambda traces: BulkResult.objects.select_related("run"),
        ("sentence",),
    ),
    "undo": Source(
        lambda made: f"What can be undone of an action, {say_day(made.created_at)}",
        lambda traces: UndoOffer.objects.all(),
        ("data", "left"),
        OFFERED,
        put=lambda row, values: drop_offer(row),
    ),
    "answer": Source(
        lambda kept: f"Answer kept for a repeated submit, {say_day(kept.created_at)}",
        lambda traces: IdempotencyKey.objects.exclude(outcome=None),
        ("outcome",),
        ("sentence", "changes", "effects"),
    ),
}
