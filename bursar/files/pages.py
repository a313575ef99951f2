"""A file, streamed out of the database, or taken up into it."""

from __future__ import annotations

from pathlib import PurePath

from django.http import (
    HttpRequest,
    HttpResponseBase,
    HttpResponseNotModified,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST

from bursar.access.holders import explain_to
from bursar.access.request import actor_of
from bursar.core import clock
from bursar.core.errors import Forbidden, Invalid, NotFound, Refusal, TooLarge
from bursar.files import queries, store
from bursar.files.kinds import KINDS, Kind, Upload
from bursar.files.models import File


@require_GET
def download(request: HttpRequest, file_id: str) -> HttpResponseBase:
    return answer(request, file_id)


def answer(request: HttpRequest, file_id: str) -> HttpResponseBase:
    """For page and API."""
    return stream(request, queries.get_file(actor_of(request), file_id, clock.now()))


def stream(request: HttpRequest, file: File) -> HttpResponseBase:
    """Always as an attachment, so that no browser runs what somebody sent up. The caller has asked who may."""
    etag = f'"{file.sha256}"'
    if request.headers.get("If-None-Match", "") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    response = StreamingHttpResponse(queries.read(file), content_type=file.media_type)
    response["Content-Length"] = str(file.length)
    response["Content-Disposition"] = content_disposition_header(True, file.name)
    response["ETag"] = etag
    response["X-Content-SHA256"] = file.sha256
    if file.rows is not None:
        response["X-Row-Count"] = str(file.rows)
    return response


FRAME = 10_000
"""What a form's own fields and boundaries may add to the file, in bytes."""


@csrf_exempt  # `_take_up` checks it, once the length is known to be right: the check reads the whole body
@require_POST
def upload(request: HttpRequest, kind: str) -> HttpResponseBase:
    """A file goes up first; the action behind `then` takes its id. Leads on to there; a script is told where."""
    try:
        made = _check_upload(request, kind)
        return _take_up(request, made)
    except Refusal as refusal:
        if not request.accepts("text/html"):
            return JsonResponse({"code": refusal.code, "sentence": refusal.sentence}, status=refusal.status)
        raise


def _check_upload(request: HttpRequest, name: str) -> Kind:
    made = KINDS.get(name)
    if made is None or made.upload is None:
        raise NotFound
    actor = actor_of(request)
    if not actor.can(made.upload.right):
        raise Forbidden(explain_to(actor, made.upload.right))
    if int(request.META.get("CONTENT_LENGTH") or 0) > made.upload.most + FRAME:
        raise TooLarge(_too_large(made.upload))
    return made


def _too_large(rule: Upload) -> str:
    return f"The file is larger than {rule.most // 1_000_000} MB."


@csrf_protect
def _take_up(request: HttpRequest, made: Kind) -> HttpResponseBase:
    rule, given = made.upload, request.FILES.get("file")
    assert rule is not None
    if given is None or not given.size:
        raise Invalid("Choose a file that is not empty.")
    if len(request.FILES.getlist("file")) > 1:
        raise Invalid("One file goes up at a time here.")
    name = PurePath(given.name or "").name[:120]
    if not name.lower().endswith(rule.suffixes):
        raise Invalid(f"The name of the file must end in {' or '.join(rule.suffixes)}.")
    if given.size > rule.most:
        raise TooLarge(_too_large(rule))
    file = store.take_up(made, actor_of(request), name, given.chunks(), clock.now())
    then = rule.then(file)
    if not request.accepts("text/html"):
        return JsonResponse({"id": file.public_id, "name": file.name, "length": file.length, "then": then})
    return HttpResponseRedirect(then)
