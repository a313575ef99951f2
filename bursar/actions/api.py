"""`POST /api/v1/<target>/<id>/actions/<verb>`: one route an action, made from its declaration."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Header, Router, Schema
from ninja.decorators import decorate_view

from bursar.access.actor import Actor, Door
from bursar.access.request import actor_of
from bursar.actions import bulk, runs
from bursar.actions.models import BulkRun
from bursar.actions.registry import ACTIONS, is_inverse
from bursar.actions.run import check_right, run
from bursar.actions.schema import body_model, check_data
from bursar.actions.spec import Action, Change, Outcome
from bursar.core.api import RefusalBody


class ChangeOut(Schema):
    label: str
    before: str
    after: str

    @staticmethod
    def resolve_label(change: Change) -> str:
        return change.heading


class UndoOut(Schema):
    key: str
    data: dict[str, Any]


class OutcomeOut(Schema):
    sentence: str
    undo: UndoOut | None = None
    secret: str = ""
    secret_was_shown: bool = False
    next: str = ""
    changes: list[ChangeOut]
    effects: list[ChangeOut]
    data: dict[str, Any]
    line_id: str
    group: str


class BulkIn(Schema):
    action: str
    ids: list[str]
    data: dict[str, Any] = {}
    reason: str = ""
    message: str = ""
    message_for_billing: bool = False


class BulkRow(Schema):
    id: str
    status: int
    sentence: str


class BulkOut(Schema):
    id: str
    state: str
    fault: str
    done: int
    total: int
    results: list[BulkRow]


IDEMPOTENCY_KEY: Any = Header("", alias="Idempotency-Key", max_length=100)  # type: ignore[type-arg]  # ninja types
UNREAD = (400, 415, 422)  # the body is no JSON, or fits no schema
REFUSALS: dict[int, type[Schema]] = dict.fromkeys((401, 403, 404, 409, 422), RefusalBody)


def _actor(request: HttpRequest) -> Actor:
    return actor_of(request).through(Door.API)


def _bulk_out(made: BulkRun) -> BulkOut:
    rows = [BulkRow(id=r.target_id, status=r.status, sentence=r.sentence) for r in bulk.list_rows(made)]
    return BulkOut(
        id=made.public_id, state=made.state, fault=made.fault, done=len(rows), total=len(made.target_ids), results=rows
    )


def build_router() -> Router:
    """Called once the registries are closed."""
    router = Router(tags=["actions"])
    for action in ACTIONS.values():
        _add(router, action)
    router.post("/bulk", response={200: BulkOut, **REFUSALS}, operation_id="bulk_start", summary="Bulk")(start_bulk)
    router.get("/bulk/{run_id}", response={200: BulkOut, **REFUSALS}, operation_id="bulk_get")(get_bulk)
    return router


def start_bulk(request: HttpRequest, body: BulkIn, idempotency_key: str = IDEMPOTENCY_KEY) -> BulkOut:
    """The same action on many targets; beyond 20 a job does them, and the address of the run shows how far it is.

    The same key and body get the same run again. `state`: running, done, halted (it cannot go on by itself; `fault`
    says why, and the actions of `bulk_run` go on with it or stop it), or stopped.
    """
    bulk.check_right(body.action, _actor(request))
    check_data(ACTIONS[body.action], body.data)
    actor, words = _actor(request), (body.reason, body.message, body.message_for_billing)
    return _bulk_out(bulk.start(body.action, actor, body.ids, body.data, *words, idempotency_key=idempotency_key))


def get_bulk(request: HttpRequest, run_id: str) -> BulkOut:
    return _bulk_out(runs.get_run(_actor(request), run_id))


def _add(router: Router, action: Action) -> None:
    summary = action.title
    router.add_api_operation(
        f"/{action.target_slug}/{{target_id}}/actions/{action.verb_name}",
        ["POST"],
        decorate_view(_right_first(action))(_view(action)),
        response={200: OutcomeOut, **REFUSALS},
        operation_id=action.key.replace(".", "_"),
        summary=summary,
        description=action.help,
    )


def _right_first(action: Action) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """The body is read before the door is reached; whoever may not pull the lever still hears that, not its faults."""

    def decorate(answer: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(answer)
        def ask(request: HttpRequest, target_id: str) -> HttpResponse:
            response = answer(request, target_id=target_id)
            if response.status_code in UNREAD:
                check_right(action.key, _actor(request), target_id)
            return response

        return ask

    return decorate


def _view(action: Action) -> Callable[..., Outcome]:
    def perform(request: HttpRequest, target_id: str, body: Any, idempotency_key: str = "") -> Outcome:
        sent = body.model_dump(exclude_unset=True, mode="json")
        return run(
            action.key,
            _actor(request),
            target_id,
            {name: value for name, value in sent.get("data", {}).items() if value is not None},
            reason=sent.get("reason", ""),
            message=sent.get("message", ""),
            message_for_billing=sent.get("message_for_billing", False),
            idempotency_key=idempotency_key,
            undoes=sent.get("undoes", ""),
        )

    # ninja reads the annotations; they differ from action to action, so they are set here
    perform.__annotations__.update(body=body_model(action, takes_back=is_inverse(action.key)), idempotency_key=str)
    perform.__defaults__ = (IDEMPOTENCY_KEY,)
    perform.__name__ = action.key.replace(".", "_")
    return perform
