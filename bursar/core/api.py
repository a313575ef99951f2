"""What both APIs share: one shape of refusal, described for every address, whoever wrote the endpoint."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Query, Schema
from ninja.errors import HttpError
from ninja.parser import Parser
from pydantic import Field

from bursar.core import strictjson
from bursar.core.errors import BadRequest, Refusal, Unsupported

REFUSED = {
    400: "The request itself is broken: no JSON, an unknown filter, a cursor that was cut.",
    401: "Nobody, or a key that does not live.",
    403: "A right or a scope is missing, or the person must confirm that it is them.",
    404: "There is nothing here, or nothing that the caller may know of.",
    409: "It cannot be done to this thing now; the sentence says why.",
    413: "The body is too large.",
    415: "The body is no JSON by its Content-Type, or packed by a Content-Encoding that is not taken here.",
    422: "Some fields need another look; `fields` says which.",
    429: "Too many tries. Wait a minute.",
    503: "Busy, or the database is away for a moment. The same call may work after `Retry-After` seconds.",
}


LIMIT: int = Query(50, ge=1, le=200, description="How many rows; at most 200.")  # type: ignore[type-arg]  # ninja types


def parameter(name: str, values: Iterable[str], words: str, *, several: bool = False) -> dict[str, Any]:
    """What an address may ask beside its path, for the description; the page's own reader of addresses reads it."""
    known = list(values)
    one = {"type": "string", **({"enum": known} if known else {})}
    schema = {"type": "array", "items": one} if several else one
    return {"name": name, "in": "query", "required": False, "description": words, "schema": schema}


class RefusalBody(Schema):
    code: str = Field(examples=["refused"])
    sentence: str = Field(examples=["There is no organisation “org-9”."])
    fields: dict[str, list[str]] = {}


def check_media(request: HttpRequest, *encodings: str) -> None:
    """Raises Unsupported for a body that is no JSON by its own account, or packed otherwise than by `encodings`."""
    kind = (request.content_type or "").lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise Unsupported(f"Send JSON, as “Content-Type: application/json”; this says “{kind[:100]}”.")
    packed = request.headers.get("Content-Encoding", "").strip().lower() or "identity"
    if packed not in ("identity", *encodings):
        raise Unsupported(f"The Content-Encoding “{packed[:100]}” is not taken here.")


def read_body(body: bytes) -> Any:
    """Raises BadRequest for what is no JSON, or not as strict as every door wants it."""
    try:
        return strictjson.loads(body)
    except ValueError as error:
        raise BadRequest(f"The body cannot be read: {error}.") from None


class JsonParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        check_media(request)
        return read_body(request.body)


class DescribedAPI(NinjaAPI):
    """Refusals are raised, not returned; so they are described here, where an endpoint did not do it itself."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"parser": JsonParser(), "docs_decorator": require_safe, **options})
        self.add_exception_handler(HttpError, _refuse_broken)  # type: ignore[arg-type]  # ninja wants Exception

    def get_openapi_schema(self, **options: Any) -> Any:
        made = super().get_openapi_schema(**options)
        made["components"].setdefault("schemas", {})["RefusalBody"] = RefusalBody.model_json_schema()
        body = {"application/json": {"schema": {"$ref": "#/components/schemas/RefusalBody"}}}
        for path in made["paths"].values():
            for operation in path.values():
                known = {str(status) for status in operation["responses"]}
                more = {status: words for status, words in REFUSED.items() if str(status) not in known}
                operation["responses"] |= {
                    status: {"description": words, "content": body} for status, words in more.items()
                }
        return made


def refusal(status: int, code: str, sentence: str, fields: dict[str, list[str]] | None = None) -> JsonResponse:
    return JsonResponse(error_body(code, sentence, fields), status=status)


def error_body(code: str, sentence: str, fields: dict[str, list[str]] | None = None) -> dict[str, Any]:
    return {"code": code, "sentence": sentence, "fields": fields or {}}


def _refuse_broken(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What ninja itself could not read; a refusal of our parser comes wrapped."""
    if isinstance(error.__cause__, Refusal):
        return refusal(error.__cause__.status, error.__cause__.code, error.__cause__.sentence)
    if error.status_code == 400:
        return refusal(400, "bad_request", "The body is not JSON.")
    return refusal(error.status_code, "refused", str(error))
