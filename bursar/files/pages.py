"""A file, streamed out of the database."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotModified, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from bursar.access.request import actor_of
from bursar.core import clock
from bursar.files import queries


@require_GET
def download(request: HttpRequest, file_id: str) -> HttpResponseBase:
    return answer(request, file_id)


def answer(request: HttpRequest, file_id: str) -> HttpResponseBase:
    """For page and API: always as an attachment, so that no browser runs what somebody sent up."""
    file = queries.get_file(actor_of(request), file_id, clock.now())
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
