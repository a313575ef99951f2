"""Stopping mail without signing in: the signed link of each mail (RFC 8058). Looking changes nothing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from bursar.access.actor import Actor, ActorKind, Door
from bursar.actions.run import run
from bursar.core.errors import NotFound
from bursar.notifications import rules
from bursar.notifications.actions import list_mailed
from bursar.notifications.compose import read_signed
from bursar.notifications.queries import get_inbox
from bursar.notifications.recipients import Recipient, find_recipient

REASON = "By the link in a mail, without signing in."


@csrf_exempt  # a mail program's one-click POST brings no cookie; the signed link itself is the proof
@never_cache
@require_http_methods(["GET", "POST"])
def stop_mail(request: HttpRequest, token: str) -> HttpResponse:
    found = read_signed(token)
    recipient = find_recipient(found[0]) if found else None
    if found is None or recipient is None:
        raise NotFound("This link is broken, or the person it was sent to is no longer here.")
    topics = {topic.value for topic in found[1] if topic in rules.MUTABLE}
    actor = _actor_of(recipient)
    mailed = set(list_mailed(get_inbox(actor, recipient.id)))
    if request.method == "POST":
        before, mailed = mailed, mailed | topics if request.POST.get("again") else mailed - topics
        if mailed != before:  # else a second click: it is so already
            run("notifications.inbox.set_mail", actor, recipient.id, {"topics": sorted(mailed)}, reason=REASON)
    context = {"topics": rules.name_topics(topics), "is_stopped": not mailed & topics, "is_staff": recipient.is_staff}
    return render(request, "notifications/stop.html", context)


def _actor_of(recipient: Recipient) -> Actor:
    """Whoever holds the link acts for its recipient, for this one thing and with no right beside it."""
    kind = ActorKind.STAFF if recipient.is_staff else ActorKind.CUSTOMER
    return Actor(kind, recipient.id, recipient.name, Door.PAGE)
