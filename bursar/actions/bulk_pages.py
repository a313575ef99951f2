"""One action on the rows that were picked: the dialog, then a result per row, with progress while it lasts."""

from __future__ import annotations

import json
import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bursar.access.actor import Actor
from bursar.access.request import actor_of
from bursar.actions import bulk, dialog, runs
from bursar.actions.cards import Card, Watcher, add_up
from bursar.actions.checks import why_not_permitted
from bursar.actions.lasting import find_ending, say_mail
from bursar.actions.models import BulkRun, BulkState
from bursar.actions.pages import is_own, read_fields
from bursar.actions.registry import TARGETS, get_action
from bursar.actions.run import preview
from bursar.actions.spec import Action, Case
from bursar.core import clock
from bursar.core.errors import BadRequest, Invalid, NotFound, Refusal

FORESEEN = bulk.AT_ONCE
TOLD = 200
LEVERS: dict[str, tuple[str, ...]] = {BulkState.RUNNING: ("stop",), BulkState.HALTED: ("go_on", "stop")}
OVER = ("take_back",)


def _open(request: HttpRequest, slug: str, verb: str) -> tuple[Action, list[str], Case]:
    """The action, the picked ids, and the case of the first of them, which gives the form its defaults."""
    action = get_action(slug, verb)
    if action is None or not action.bulk or is_own(request):
        raise NotFound
    given = request.POST if request.method == "POST" else request.GET
    if not given.getlist(slug):
        raise BadRequest("No row is picked. Tick the rows first.")
    ids = bulk.check_ids(given.getlist(slug))
    target = TARGETS[slug].fetch(actor_of(request), ids[0])
    return action, ids, Case(actor_of(request), target, clock.now(), is_one_of_several=len(ids) > 1)


@require_http_methods(["GET", "POST"])
def show_bulk(request: HttpRequest, slug: str, verb: str) -> HttpResponse:
    action, ids, case = _open(request, slug, verb)
    form = action.form_for(case)
    if request.method == "GET":
        return _render(request, action, case, ids, {"form": form}, 200)
    data = read_fields(action, request.POST)
    try:
        bulk.check_right(action.key, case.actor)
        if not action.form_for(case, request.POST).is_valid():
            raise Invalid
        key = request.POST.get("idempotency_key", "")[:100]
        run = bulk.start(action.key, case.actor, ids, data, *_read_words(action, request), idempotency_key=key)
    except Refusal as refusal:
        form = action.form_for(case, request.POST)
        faults = refusal.fields if isinstance(refusal, Invalid) else {}
        form.is_valid()
        more = {
            "form": form,
            "errors": [] if faults or isinstance(refusal, Invalid) else [refusal.sentence],
            "reason": request.POST.get("reason", ""),
            "message": request.POST.get("message", ""),
            "message_for_billing": request.POST.get("message_for_billing", ""),
            "reason_errors": faults.get("reason", []),
        }
        return _render(request, action, case, ids, more, refusal.status)
    response = _render_run(request, run, action)
    if run.state == BulkState.DONE:
        response["HX-Trigger"] = json.dumps({"changed": {"ids": _touched(run, slug, case.actor)}})
    return response


@require_POST
def show_preview(request: HttpRequest, slug: str, verb: str) -> HttpResponse:
    """While somebody fills it in."""
    action, ids, case = _open(request, slug, verb)
    told = {**dialog.describe(action, case), **_tell(action, case, ids, read_fields(action, request.POST))}
    status = 403 if why_not_permitted(action, case) else 200
    return render(request, "actions/_bulk_preview.html", told, status=status)


def _read_words(action: Action, request: HttpRequest) -> tuple[str, str, bool]:
    narrow = action.asks_for_whom and bool(request.POST.get("message_for_billing"))
    return request.POST.get("reason", ""), request.POST.get("message", ""), narrow


def _render(
    request: HttpRequest, action: Action, case: Case, ids: list[str], more: dict[str, Any], status: int
) -> HttpResponse:
    form = more["form"]
    initial = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    data = read_fields(action, request.POST) if form.is_bound else initial
    address = [action.target_slug, action.verb_name]
    context = {
        **dialog.describe(action, case),
        **_tell(action, case, ids, {k: v for k, v in data.items() if v is not None}),
        "ids": ids,
        "slug": action.target_slug,
        "post_url": reverse("actions:bulk", args=address),
        "preview_url": reverse("actions:bulk_preview", args=address),
        "idempotency_key": request.POST.get("idempotency_key") or secrets.token_urlsafe(16),
        **more,
    }
    return _answer(request, "actions/bulk.html", context, status)


def _tell(action: Action, case: Case, ids: list[str], data: dict[str, Any]) -> dict[str, Any]:
    """What will happen, as far as it is filled in."""
    foreseen = _foresee(action, case.actor, ids, data)
    return {
        "foreseen": foreseen,
        "together": _add_up(foreseen),
        "unseen": max(0, len(ids) - FORESEEN),
        "ending": find_ending(action, case, None),
        "mailed": say_mail(action),
    }


def _foresee(action: Action, actor: Actor, ids: list[str], data: dict[str, Any]) -> list[dict[str, Any]]:
    """What would happen to each of the first rows, by rehearsal; `card`: as far as it could be rehearsed."""
    rows: list[dict[str, Any]] = []
    for target_id in ids[:FORESEEN]:
        target = TARGETS[action.target_slug].fetch(actor, target_id)
        sentence, is_refused, watcher = action.help, False, Watcher()
        try:
            sentence = preview(action.key, actor, target_id, data, watcher).sentence
        except Invalid:
            pass  # nothing is filled in yet
        except Refusal as refusal:
            sentence, is_refused = refusal.sentence, True
        said = {"label": str(target), "sentence": sentence, "is_refused": is_refused, "card": watcher.card}
        rows.append({**said, "accounts": set(TARGETS[action.target_slug].accounts(target))})
    return rows


def _add_up(rows: list[dict[str, Any]]) -> Card | None:
    """What moves in all of them together; None where two are of one account, whose amounts would count twice."""
    done = [row for row in rows if row["card"].is_rehearsed]
    accounts = [pk for row in done for pk in row["accounts"]]
    if len(done) < 2 or len(accounts) > len(set(accounts)):
        return None
    card = add_up([row["card"] for row in done])
    return card if card.changed else None


@require_GET
def show_run(request: HttpRequest, run_id: str) -> HttpResponse:
    if is_own(request):
        raise NotFound
    run = runs.get_run(actor_of(request), run_id)
    action = get_action(*run.action_key.split(".")[1:])
    assert action is not None
    response = _render_run(request, run, action)
    if run.state == BulkState.DONE:
        slug = run.action_key.split(".")[1]
        response["HX-Trigger"] = json.dumps({"changed": {"ids": _touched(run, slug, actor_of(request))}})
    return response


def _render_run(request: HttpRequest, run: BulkRun, action: Action) -> HttpResponse:
    slug = action.target_slug
    results = bulk.list_rows(run)
    labels = dict.fromkeys(run.target_ids, "")
    for thing in TARGETS[slug].model._base_manager.filter(public_id__in=run.target_ids):  # type: ignore[attr-defined]
        labels[thing.public_id] = str(thing)
    context = {
        "run": run,
        "action": action,
        "title": f"Undo {action.title}" if run.undoes else action.title,
        "rows": [{"label": labels.get(r.target_id) or r.target_id, "result": r} for r in results],
        "done": len(results),
        "total": len(run.target_ids),
        "failed": sum(r.status != 200 for r in results),
        "is_running": run.state == BulkState.RUNNING,
        "levers": [get_action("bulk_run", verb) for verb in LEVERS.get(run.state, OVER if action.inverse else ())],
        "left": len(run.target_ids) - len(results),
    }
    return _answer(request, "actions/bulk_run.html", context, 200)


def _answer(request: HttpRequest, template: str, context: dict[str, Any], status: int) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(request, template, context, status=status)
    return render(request, "actions/bulk_page.html", {**context, "part": template}, status=status)


def _touched(run: BulkRun, slug: str, actor: Actor) -> list[str]:
    """The ids that rows and timelines listen for."""
    ids: set[str] = set()
    for target_id in run.target_ids[:TOLD]:
        try:
            ids.update(TARGETS[slug].touches(TARGETS[slug].fetch(actor, target_id)))
        except NotFound:
            continue
    return sorted(ids)
