"""What both APIs share: one shape of refusal, described for every address, whoever wrote the endpoint."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError
from pydantic import Field

REFUSED = {
    400: "The request itself is broken: no JSON, an unknown filter, a cursor that was cut.",
    401: "Nobody, or a key that does not live.",
    403: "A right or a scope is missing, or the person must confirm that it is them.",
    404: "There is nothing here, or nothing that the caller may know of.",
    409: "It cannot be done to this thing now; the sentence says why.",
    413: "The body is too large.",
    422: "Some fields need another look; `fields` says which.",
    429: "Too many tries. Wait a minute.",
}


class RefusalBody(Schema):
    code: str = Field(examples=["refused"])
    sentence: str = Field(examples=["There is no organisation “org-9”."])
    fields: dict[str, list[str]] = {}


class DescribedAPI(NinjaAPI):
    """Refusals are raised, not returned; so they are described here, where an endpoint did not do it itself."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
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
    return JsonResponse({"code": code, "sentence": sentence, "fields": fields or {}}, status=status)


def _refuse_broken(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What ninja itself could not read."""
    if error.status_code == 400:
        return refusal(400, "bad_request", "The body is not JSON.")
    return refusal(error.status_code, "refused", str(error))
