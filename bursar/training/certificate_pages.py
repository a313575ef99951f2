"""The public page of a certificate, and the customer's own download of it.

Whoever has the certificate's address reads whether it holds and whose it is, and nothing else. It sets no cookie, is
kept by nobody on the way and found by no search engine; an address that is none says the same as one that was.
"""

from __future__ import annotations

from typing import Any

from allauth.core.internal.httpkit import get_client_ip
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language_from_request
from django.views.decorators.http import require_GET

from bursar.access.request import customer_of
from bursar.billing.seller import get_name, seller_day
from bursar.core import clock
from bursar.core.limits import is_over
from bursar.training.certificates import LANGUAGES
from bursar.training.licence_pages import answer_certificate
from bursar.training.licence_rules import LicenceState, state_of
from bursar.training.queries.licences import find_by_token, get_licence

TRIES = 60
"""Looks a minute from one address: enough for a queue at a door, too few to search."""
_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "en": {
        "active": ("Valid", "This certificate holds today."),
        "expired": ("Expired", "This certificate was valid, and is over."),
        "revoked": ("Revoked", "This certificate was taken back. It does not hold."),
        "unknown": ("Unknown", "There is no such certificate. Compare the address with the one on the certificate."),
        "too_many": ("Too many looks", "Too many certificates were looked up from here. Try again in a minute."),
        "labels": ("Certificate", "The person was erased at their request; no name is kept."),
    },
    "nl": {
        "active": ("Geldig", "Dit certificaat geldt vandaag."),
        "expired": ("Verlopen", "Dit certificaat was geldig en is verlopen."),
        "revoked": ("Ingetrokken", "Dit certificaat is ingetrokken. Het geldt niet."),
        "unknown": ("Onbekend", "Dit certificaat bestaat niet. Vergelijk het adres met dat op het certificaat."),
        "too_many": ("Te vaak opgezocht", "Er is hier te vaak gezocht. Probeer het over een minuut opnieuw."),
        "labels": ("Certificaat", "De persoon is op verzoek gewist; er wordt geen naam bewaard."),
    },
}


@require_GET
def verify(request: HttpRequest, token: str) -> HttpResponse:
    if is_over("certificate", get_client_ip(request) or "", TRIES, 60):
        return _answer(request, "too_many", 429)
    licence = find_by_token(token)
    if licence is None:
        return _answer(request, "unknown", 404)
    state = state_of(licence.last_day, licence.revoked_at is not None, seller_day(clock.now()))
    return _answer(request, state.value, 200, name=licence.name, is_erased=not licence.whose)


def _answer(request: HttpRequest, state: str, status: int, **more: Any) -> HttpResponse:
    """Without the request: its context would bring a cookie."""
    asked = get_language_from_request(request)[:2]
    language = asked if asked in LANGUAGES else LANGUAGES[0]
    words = _WORDS[language]
    title, sentence = words[state]
    context = {
        "language": language,
        "seller": get_name(),
        "state": state,
        "is_good": state == LicenceState.ACTIVE,
        "title": title,
        "sentence": sentence,
        "label": words["labels"][0],
        "erased": words["labels"][1],
        **more,
    }
    answer = HttpResponse(render_to_string("training/certificate.html", context), status=status)
    answer["Cache-Control"] = "no-store"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    answer["Referrer-Policy"] = "no-referrer"
    answer["Content-Language"] = language
    patch_vary_headers(answer, ["Accept-Language"])
    return answer


@login_required
@require_GET
def show_own(request: HttpRequest, licence_id: str) -> HttpResponse:
    """For whoever it certifies, and for the owners and admins of their organisation."""
    return answer_certificate(request, get_licence(customer_of(request), licence_id, clock.now()))
