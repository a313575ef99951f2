"""`/api/product/v1`: what the product pushes and asks. A key is the only way in; no cookie is looked at."""

from __future__ import annotations

import hashlib
import zlib
from datetime import datetime
from typing import Annotated, Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from ninja import Path, Schema, Status
from ninja.errors import AuthenticationError, ValidationError
from pydantic import Field

from bursar.actions.run import run
from bursar.core import body_words, clock
from bursar.core.api import DescribedAPI, check_media, read_body, refusal
from bursar.core.errors import BadRequest, Invalid, Refusal, TooLarge
from bursar.core.fields import HappenedDay
from bursar.product import pushed, queries
from bursar.product.actions.pushes import Batch
from bursar.product.document_api import router as documents_router
from bursar.product.doors import REFUSALS, Id, KeyAuth, key_of, needs
from bursar.product.licence_api import router as licences_router
from bursar.product.models import Scope
from bursar.product.request_api import router as requests_router
from bursar.product.support_api import router as support_router
from bursar.product.usage_events import USAGE_OPENAPI, read_events
from bursar.webhooks.events import describe_openapi

ITEMS_AT_MOST = 1000
BODY_AT_MOST = 20_000_000
CREATED = {"created": 201, "refused": 409}


class ItemOut(Schema):
    result: str = Field(examples=["updated"], description="created, updated, unchanged, stale or refused")
    sentence: str = ""


class BatchIn(Schema):
    items: list[Any] = Field(
        min_length=1,
        max_length=ITEMS_AT_MOST,
        description="Objects, each judged by itself.",
        examples=[[{"kind": "person", "external_id": "per-1", "name": "Maud", "changed_at": "2026-11-24T09:00:00Z"}]],
    )


class InvitationOut(Schema):
    external_id: str
    workspace: str
    email: str
    role: str
    state: str
    invited_at: datetime


class BatchOut(Schema):
    results: list[ItemOut]


class UsageOut(Schema):
    taken: int
    repeated: int
    refused: int
    results: list[ItemOut]


class EntitlementOut(Schema):
    workspace: str = Field(examples=["ws-1"])
    tier: str = Field(examples=["free"])
    cap_seconds: int | None = Field(examples=[3600])
    counted_seconds: int = Field(examples=[1260])
    state: str = Field(examples=["ok"], description="ok, approaching, at_cap or hard_blocked")
    may_record: bool
    uploads_locked: bool
    is_deleted: bool
    valid_until: str | None = Field(description="The clock alone changes nothing before this instant; null: unknown.")


class LinkIn(Schema):
    person: str = Field(max_length=100, examples=["per-1"])


class LinkOut(Schema):
    path: str = Field(examples=["/sign-in/link/…"], description="Works once, within five minutes. Empty: nobody may.")
    sentence: str


api = DescribedAPI(
    title="Bursar, the product's door",
    version="1",
    auth=KeyAuth(),
    urls_namespace="product_api",
    docs_url=None,
    openapi_extra={"webhooks": describe_openapi()},
)


def _push_one(request: HttpRequest, item: dict[str, Any]) -> Status[dict[str, Any]]:
    actor = key_of(request)
    outcome = run("product.company.push", actor, "company", {"batch": Batch([item], _digest(request.body))})
    result = outcome.data["results"][0]
    if result["result"] == "refused":
        return Status(409, {"code": "refused", "sentence": result["sentence"], "fields": {}})
    return Status(CREATED.get(result["result"], 200), result)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _fields(body: pushed.Pushed) -> dict[str, Any]:
    """What the body itself says: of what it leaves out, nothing is said."""
    return body.model_dump(mode="json", exclude_unset=True)


ANSWERS = {200: ItemOut, 201: ItemOut, **REFUSALS}


@api.put("/organisations/{external_id}", response=ANSWERS, operation_id="put_organisation", **needs(Scope.PUSH))
def put_organisation(request: HttpRequest, external_id: Id, body: pushed.OrganisationIn) -> Any:
    """Makes or changes an organisation. `deleted: true` hides it; nothing is erased."""
    return _push_one(request, {"kind": "organisation", "external_id": external_id, **_fields(body)})


@api.put("/people/{external_id}", response=ANSWERS, operation_id="put_person", **needs(Scope.PUSH))
def put_person(request: HttpRequest, external_id: Id, body: pushed.PersonIn) -> Any:
    """Makes or changes a person. One who was erased here stays erased."""
    return _push_one(request, {"kind": "person", "external_id": external_id, **_fields(body)})


@api.put("/workspaces/{external_id}", response=ANSWERS, operation_id="put_workspace", **needs(Scope.PUSH))
def put_workspace(request: HttpRequest, external_id: Id, body: pushed.WorkspaceIn) -> Any:
    """Makes or changes a workspace; its billing account is made with it when needed."""
    return _push_one(request, {"kind": "workspace", "external_id": external_id, **_fields(body)})


@api.put(
    "/organisations/{organisation}/members/{person}",
    response=ANSWERS,
    operation_id="put_organisation_member",
    **needs(Scope.PUSH),
)
def put_organisation_member(
    request: HttpRequest, organisation: Id, person: Id, body: pushed.OrganisationMemberIn
) -> Any:
    """Somebody's role in an organisation, from now on; null ends it."""
    item = {"kind": "organisation_member", "organisation": organisation, "person": person}
    return _push_one(request, {**item, **_fields(body)})


@api.put(
    "/workspaces/{workspace}/members/{person}",
    response=ANSWERS,
    operation_id="put_workspace_member",
    **needs(Scope.PUSH),
)
def put_workspace_member(request: HttpRequest, workspace: Id, person: Id, body: pushed.WorkspaceMemberIn) -> Any:
    """Somebody's role in a workspace, from now on; null ends it. A newer command of staff is not undone."""
    return _push_one(request, {"kind": "workspace_member", "workspace": workspace, "person": person, **_fields(body)})


@api.get(
    "/invitations/{external_id}", response={200: InvitationOut, **REFUSALS}, operation_id="get_invitation",
    **needs(Scope.PUSH),
)  # fmt: skip
def get_invitation(request: HttpRequest, external_id: Id) -> dict[str, Any]:
    """One that was made here, or pushed. One that has ended keeps no address."""
    return queries.get_invitation(external_id)


@api.put("/invitations/{external_id}", response=ANSWERS, operation_id="put_invitation", **needs(Scope.PUSH))
def put_invitation(request: HttpRequest, external_id: Id, body: pushed.InvitationIn) -> Any:
    """Makes or changes an invitation to a workspace. It is shown and never billed: no seat before it is accepted."""
    return _push_one(request, {"kind": "invitation", "external_id": external_id, **_fields(body)})


@api.put("/people/{person}/logins/{day}", response=ANSWERS, operation_id="put_login", **needs(Scope.PUSH))
def put_login(request: HttpRequest, person: Id, day: Annotated[HappenedDay, Path()], body: pushed.LoginIn) -> Any:
    """How often somebody signed in to the product on a UTC day; a higher count replaces a lower one."""
    return _push_one(request, {"kind": "login", "person": person, "day": day.isoformat(), **_fields(body)})


@api.post("/batch", response={200: BatchOut, **REFUSALS}, operation_id="push_batch", **needs(Scope.PUSH))
def push_batch(request: HttpRequest, body: BatchIn) -> Any:
    """Up to 1 000 items of any kind in one transaction, applied in order; a refused one leaves the others alone."""
    actor = key_of(request)
    batch = Batch(body.items, _digest(request.body))
    return run("product.company.push", actor, "company", {"batch": batch}).data


@api.post(
    "/usage",
    response={200: UsageOut, **REFUSALS},
    operation_id="post_usage",
    **needs(Scope.USAGE),
    openapi_extra=USAGE_OPENAPI,
)
def post_usage(request: HttpRequest) -> HttpResponse:
    """Up to 10 000 events in the shape of CloudEvents, gzip allowed. The same event again changes nothing."""
    actor = key_of(request)
    body = _inflated(request)
    read = read_events(read_body(body))
    batch = Batch(read.events, _digest(body))
    done = run("product.company.take_usage", actor, "company", {"batch": batch}).data if read.events else {}
    results: list[dict[str, str]] = [{"result": "taken"}] * read.total
    for place in done.get("repeated", []):
        results[read.places[place]] = {"result": "repeated"}
    refused = {**read.refused, **{read.places[place]: why for place, why in done.get("refused", {}).items()}}
    for place, sentence in refused.items():
        results[place] = {"result": "refused", "sentence": sentence}
    counts = {"taken": done.get("taken", 0), "repeated": len(done.get("repeated", [])), "refused": len(refused)}
    return HttpResponse(orjson.dumps({**counts, "results": results}), content_type="application/json")


def _inflated(request: HttpRequest) -> bytes:
    """The body; a gzip is unpacked no further than 20 MB, whatever it claims."""
    check_media(request, "gzip")
    body = request.body
    if request.headers.get("Content-Encoding", "").strip().lower() == "gzip":
        unpacker = zlib.decompressobj(wbits=31)
        try:
            body = unpacker.decompress(body, BODY_AT_MOST + 1)
        except zlib.error:
            raise BadRequest("The body is no gzip, although Content-Encoding says so.") from None
        if len(body) <= BODY_AT_MOST and (unpacker.unused_data or not unpacker.eof):
            raise BadRequest("The gzip was cut off, or something follows it.")
    if len(body) > BODY_AT_MOST:
        raise TooLarge
    return body


@api.get(
    "/entitlements/{workspace}",
    response={200: EntitlementOut, 304: None, **REFUSALS},
    operation_id="get_entitlements",
    **needs(Scope.ENTITLEMENTS),
)
def get_entitlements(request: HttpRequest, workspace: Id) -> Any:
    """What a workspace may do now. Send the ETag back in If-None-Match; 304 says that nothing changed."""
    made = queries.get_entitlement(workspace, clock.now())
    body = orjson.dumps(made)
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    response = HttpResponse(body, content_type="application/json")
    response["ETag"], response["Cache-Control"] = etag, "private, no-cache"
    return get_conditional_response(request, etag=etag, response=response)


@api.post(
    "/sign-in-links", response={200: LinkOut, **REFUSALS}, operation_id="make_sign_in_link", **needs(Scope.SIGN_IN)
)
def make_sign_in_link(request: HttpRequest, body: LinkIn) -> Any:
    """A link that signs a customer in once; the product sends them there."""
    actor = key_of(request)
    outcome = run("product.company.make_sign_in_link", actor, "company", {"person": body.person})
    return {"path": outcome.secret, "sentence": outcome.sentence}


api.add_router("", requests_router)
api.add_router("", documents_router)
api.add_router("", licences_router)
api.add_router("", support_router)


@api.exception_handler(AuthenticationError)
def refuse_unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = refusal(401, "unauthenticated", "Send a live key as “Authorization: Bearer …”.")
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(Refusal)
def refuse(request: HttpRequest, error: Refusal) -> HttpResponse:
    return refusal(error.status, error.code, error.sentence, error.fields if isinstance(error, Invalid) else {})


@api.exception_handler(ValidationError)
def refuse_malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = body_words.collect(error.errors, ("body", "path", "data"))
    return refusal(422, "invalid", "Some fields need another look.", fields)
