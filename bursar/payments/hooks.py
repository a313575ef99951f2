"""Where Mollie tells that something happened to a payment. Anybody can: of what comes only the payment's id is taken.

Answered in milliseconds, before anything is asked. An id that Mollie does not know, and what is no id, get the same
answer, so that nobody learns here what exists.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bursar.core import clock
from bursar.core.addresses import split_address
from bursar.core.strictjson import loads
from bursar.payments.gateway.caller import is_signed
from bursar.payments.ids import IdKind, is_id
from bursar.payments.store import hints, links

BODY_AT_MOST = 200_000
"""Bytes. The old kind is an id; an event of the newer kind may hold a whole payment."""


@csrf_exempt
@require_POST
def hear(request: HttpRequest, token: str = "") -> HttpResponse:
    """The old kind: `id=tr_…` in a form, unsigned. The newer kind: JSON, taken only under one of our secrets.

    `token`: of a payment link, whose own list of payments is then asked for too.
    """
    if int(request.META.get("CONTENT_LENGTH") or 0) > BODY_AT_MOST:
        return _quiet(413)
    if request.content_type == "application/json":
        return _hear_event(request)
    told = request.POST.get("id", "") if request.content_type == "application/x-www-form-urlencoded" else ""
    if is_id(told, IdKind.PAYMENT):
        hints.hint(told, clock.now())
        if token:
            links.note_told(token, clock.now())
    return _quiet(200)


def _hear_event(request: HttpRequest) -> HttpResponse:
    try:
        if not is_signed(
            request.body.decode(), request.headers.get("X-Mollie-Signature", ""), settings.BURSAR_MOLLIE_EVENTS_SECRET
        ):
            return _quiet(403)
        event = loads(request.body)
    except ValueError:
        return _quiet(400)
    told = find_payment_id(event) if isinstance(event, dict) else ""
    now = clock.now()
    with transaction.atomic():
        if told and hints.is_first(str(event.get("id", "")), now):
            hints.hint(told, now)
    return _quiet(200)


def find_payment_id(event: dict[str, Any]) -> str:
    """Of an event, or of the bare thing that it is about, as Mollie's own documents disagree; empty for none.

    Events of refunds and chargebacks name their payment in the thing, or in its address alone.
    """
    embedded = event.get("_embedded")
    entity = embedded.get("entity") if isinstance(embedded, dict) else None
    about = entity if isinstance(entity, dict) else {}
    said = [event.get("entityId"), about.get("id"), about.get("paymentId"), event.get("paymentId"), event.get("id")]
    said += _address_of(event).split("/")
    return next((one for one in said if isinstance(one, str) and is_id(one, IdKind.PAYMENT)), "")


def _address_of(event: dict[str, Any]) -> str:
    links = event.get("_links")
    entity = links.get("entity") if isinstance(links, dict) else None
    href = entity.get("href") if isinstance(entity, dict) else None
    return split_address(href).path if isinstance(href, str) else ""


def _quiet(status: int) -> HttpResponse:
    return HttpResponse(status=status, content_type="text/plain; charset=utf-8")
