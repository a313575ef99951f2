"""What was sent: the list, one mail as text, and as HTML in a sandbox of its own."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bursar.access.request import actor_of
from bursar.core import naming
from bursar.core.cursors import read_key
from bursar.core.errors import NotFound
from bursar.notifications import queries
from bursar.notifications.compose import stop_url
from bursar.notifications.models import Mail
from bursar.ui.navigation import NavEntry, register

PAGE_SIZE = 50
SANDBOX = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HIDDEN = "the-link-is-the-recipients-own"

register(
    NavEntry(
        key="mail",
        label="Sent mail",
        url_name="notifications:mails",
        order=82,
        group="house",
        icon="mail",
        help="notices-and-mail",
        holds=("notifications:mail",),
    )
)


@require_GET
def show_mails(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:100]
    found = queries.mails_for(actor_of(request), text).defer("text", "html")
    if before := read_key(request.GET.get("before", "")):
        found = found.filter(id__lt=before)
    mails = list(found[: PAGE_SIZE + 1])
    older = {**({"q": text} if text else {}), "before": mails[PAGE_SIZE - 1].pk} if len(mails) > PAGE_SIZE else {}
    shown = mails[:PAGE_SIZE]
    rows, subjects = queries.rows_of(shown), naming.read([mail.subject for mail in shown])
    context = {
        "mails": [
            {"mail": mail, "subject": subject, "row": rows.get(mail.public_id)}
            for mail, subject in zip(shown, subjects, strict=True)
        ],
        "q": text,
        "older_url": f"?{urlencode(older)}" if older else "",
        "leaves": settings.BURSAR_MAIL_LEAVES,
        "kept_days": settings.BURSAR_MAIL_KEPT.days,
    }
    return render(request, "notifications/mails.html", context)


@require_GET
def show_mail(request: HttpRequest, mail_id: str) -> HttpResponse:
    mail = queries.get_mail(actor_of(request), mail_id)
    row = queries.rows_of([mail]).get(mail.public_id)
    subject, text = naming.read([mail.subject, _without_key(mail, mail.text)])
    context = {"mail": mail, "subject": subject, "row": row, "text": text, "leaves": settings.BURSAR_MAIL_LEAVES}
    return render(request, "notifications/mail.html", context)


@require_GET
def show_html(request: HttpRequest, mail_id: str) -> HttpResponse:
    mail = queries.get_mail(actor_of(request), mail_id)
    if not mail.html:
        raise NotFound("This mail is kept without its HTML.")
    response = HttpResponse(naming.read(_without_key(mail, mail.html), as_html=True))
    response["Content-Security-Policy"] = SANDBOX
    return response


def _without_key(mail: Mail, body: str) -> str:
    """The link that stops mail works for whoever has it: colleagues who read the mail do not get it."""
    stop = stop_url(mail)
    return body.replace(stop.rsplit("/", 1)[1], HIDDEN) if stop else body
