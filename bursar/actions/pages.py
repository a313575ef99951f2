"""The door's own pages: the kebab's menu and the dialog. They work without JavaScript, as plain pages.

They stand twice: under the panel for staff, and beside the dashboard (namespace “own”) in the customer's hat.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bursar.access import confirm
from bursar.access.actor import Actor
from bursar.access.request import actor_of, customer_of
from bursar.actions import dialog, menu, undo
from bursar.actions.checks import why_not_permitted
from bursar.actions.registry import TARGETS, get_action, target_of
from bursar.actions.run import run
from bursar.actions.spec import Action, Case, Outcome
from bursar.core import clock
from bursar.core.bounds import read_instant
from bursar.core.errors import Invalid, NotFound, Refusal

OWN = "own_actions"


def is_own(request: HttpRequest) -> bool:
    """Whether we are on a customer's own pages."""
    return request.resolver_match is not None and request.resolver_match.namespace == OWN


def actor_at(request: HttpRequest) -> Actor:
    return customer_of(request) if is_own(request) else actor_of(request)


@require_GET
def show_menu(request: HttpRequest, slug: str, target_id: str) -> HttpResponse:
    if slug not in TARGETS or is_own(request):
        raise NotFound
    sections = menu.build(actor_of(request), slug, target_id, clock.now())
    template = "actions/menu.html" if request.headers.get("HX-Request") else "actions/menu_page.html"
    return render(request, template, {"sections": sections, "menu_id": f"menu-{target_id}"})


def _open_case(request: HttpRequest, slug: str, target_id: str, verb: str) -> tuple[Action, Case]:
    action = get_action(slug, verb)
    if action is None or (is_own(request) and not action.is_for_customers):
        raise NotFound
    actor = actor_at(request)
    target = TARGETS[slug].fetch(actor, target_id)
    return action, Case(actor, target, clock.now())


def read_fields(action: Action, posted: QueryDict) -> dict[str, Any]:
    """The posted values of the action's own fields, lists where the field takes several."""
    fields = action.form.base_fields  # type: ignore[attr-defined]  # set by Django's form metaclass
    return {
        name: field.widget.value_from_datadict(posted, MultiValueDict(), name)
        for name, field in fields.items()
        if name in posted
    }


@require_http_methods(["GET", "POST"])
def show_dialog(request: HttpRequest, slug: str, target_id: str, verb: str) -> HttpResponse:
    action, case = _open_case(request, slug, target_id, verb)
    if request.method == "POST":
        return _submit(request, action, case)
    sentence = menu.why_not(action, case)
    undoes = request.GET.get("undo", "")
    offer = undo.find_offer(undoes, target_id, action.key) if undoes else None
    form = action.form_for(case, initial=undo.fill(offer) if offer else _asked(request, action))
    initial = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    known = {k: v for k, v in initial.items() if v is not None}
    context = dialog.foresee(action, case, known, is_untouched=True) if not sentence else {}
    response = _render(request, action, case, {**context, "form": form, "blocked": sentence, "undoes": undoes}, 200)
    return _say_changed(response, case) if sentence else response


def _asked(request: HttpRequest, action: Action) -> dict[str, Any]:
    """Fields that the link to this dialog fills in already."""
    return read_fields(action, request.GET)


@require_POST
def show_preview(request: HttpRequest, slug: str, target_id: str, verb: str) -> HttpResponse:
    action, case = _open_case(request, slug, target_id, verb)
    context = dialog.foresee(action, case, read_fields(action, request.POST))
    status = 403 if why_not_permitted(action, case) else 200
    return render(request, "actions/_preview.html", {**dialog.describe(action, case), **context}, status=status)


def _submit(request: HttpRequest, action: Action, case: Case) -> HttpResponse:
    data = read_fields(action, request.POST)
    if _must_confirm(action, case) and not why_not_permitted(action, case):
        sentence = confirm.try_confirm(request, request.POST.get("confirm", ""))
        if sentence:
            refused = _as_refused(action, case, request.POST, Invalid())
            return _render(request, action, case, {**refused, "errors": [], "confirm_errors": [sentence]}, 403)
        case = replace(case, actor=replace(case.actor, confirmed_at=case.now))
    try:
        outcome = run(
            action.key,
            case.actor,
            case.target.public_id,
            data,
            reason=request.POST.get("reason", ""),
            message=request.POST.get("message", "") if action.takes_message else "",
            idempotency_key=request.POST.get("idempotency_key", "")[:100],
            seen=_read_seen(request.POST.get("seen", "")),
            undoes=request.POST.get("undoes", "")[:24],
            message_for_billing=action.asks_for_whom and bool(request.POST.get("message_for_billing")),
        )
    except Refusal as refusal:
        if refusal.status in (404, 503):
            raise
        answer = _render(request, action, case, _as_refused(action, case, request.POST, refusal), refusal.status)
        return _say_changed(answer, case) if refusal.status == 409 else answer
    if outcome.secret:
        template = "actions/secret.html" if request.headers.get("HX-Request") else "actions/secret_page.html"
        is_path = outcome.secret.startswith("/")
        secret = request.build_absolute_uri(outcome.secret) if is_path else outcome.secret
        response = render(request, template, {"outcome": outcome, "secret": secret, "next": _next_url(request)})
        return _say_changed(response, case)
    return _done(request, case, outcome)


def _must_confirm(action: Action, case: Case) -> bool:
    """Then the dialog asks for it in passing; whether it is enough, the door says."""
    return action.danger and confirm.is_needed(case.actor, case.now)


def _read_seen(text: str) -> datetime | None:
    try:
        return read_instant(text) if text else None
    except ValueError:
        return None


def _as_refused(action: Action, case: Case, posted: QueryDict, refusal: Refusal) -> dict[str, Any]:
    """Everything typed stays; each fault stands beside its field."""
    form = action.form_for(case, posted)
    form.is_valid()
    faults = refusal.fields if isinstance(refusal, Invalid) else {}
    return {
        "form": form,
        "errors": [] if faults else [refusal.sentence],
        "reason": posted.get("reason", ""),
        "message": posted.get("message", ""),
        "message_for_billing": posted.get("message_for_billing", ""),
        "reason_errors": faults.get("reason", []),
        "message_errors": faults.get("message", []),
        "idempotency_key": posted.get("idempotency_key", ""),
        "seen": posted.get("seen", ""),
        "undoes": posted.get("undoes", ""),
        **dialog.foresee(action, case, read_fields(action, posted)),
    }


def _render(request: HttpRequest, action: Action, case: Case, more: dict[str, Any], status: int) -> HttpResponse:
    address = [action.target_slug, case.target.public_id, action.verb_name]
    here = request.resolver_match.namespace if request.resolver_match else ""
    beside = [action.target_slug, case.target.public_id, action.beside.rpartition(".")[2]]
    context = {
        **dialog.describe(action, case),
        "beside_url": reverse("actions:dialog", args=beside, current_app=here) if action.beside else "",
        "frame": "ui/customer.html" if is_own(request) else "ui/panel.html",
        "post_url": reverse("actions:dialog", args=address, current_app=here),
        "preview_url": reverse("actions:preview", args=address, current_app=here),
        "next": _next_url(request),
        "idempotency_key": secrets.token_urlsafe(16),
        "seen": case.now.isoformat(),
        "confirm_needed": _must_confirm(action, case),
        **more,
    }
    is_htmx = bool(request.headers.get("HX-Request"))
    return render(request, "actions/dialog.html" if is_htmx else "actions/page.html", context, status=status)


def _next_url(request: HttpRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next") or request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(asked, {request.get_host()}):
        return asked
    return "/" if is_own(request) else "/panel/"


def _done(request: HttpRequest, case: Case, outcome: Outcome) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        messages.success(request, outcome.sentence)
        return HttpResponseRedirect(outcome.next or _next_url(request))
    if outcome.next:
        return HttpResponse(status=204, headers={"HX-Redirect": outcome.next})
    toast = {
        "text": outcome.sentence,
        "tone": "good",
        "undo": _undo_url(case, outcome),
        "about": case.target.public_id,
        "on": target_of(case.target).name(case.target),
    }
    return _say_changed(HttpResponse(status=204), case, {"toast": toast, "close-dialog": True})


def _say_changed(response: HttpResponse, case: Case, more: dict[str, Any] | None = None) -> HttpResponse:
    """What is shown of the target fetches itself anew: it was done, or the target stands otherwise than the page says,
    for somebody else was quicker. `more`: other events of the page.
    """
    changed = {"ids": target_of(case.target).touches(case.target)}
    response["HX-Trigger"] = json.dumps({"changed": changed, **(more or {})})
    return response


def _undo_url(case: Case, outcome: Outcome) -> str:
    return menu.undo_url(outcome.undo.key, case.target.public_id, outcome.line_id) if outcome.undo else ""
