"""What is answered, refusals among it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
TITLES = {
    400: "Bad Request",
    401: "Unauthorized Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
}
DOCUMENTATION = {"href": "https://docs.mollie.com/reference/handling-errors", "type": "text/html"}


class ApiError(Exception):
    """A refusal, as Mollie words it."""

    def __init__(self, status: int, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.field = status, detail, field

    @property
    def body(self) -> Json:
        body: Json = {"status": self.status, "title": TITLES[self.status], "detail": self.detail}
        if self.field:
            body["field"] = self.field
        return {**body, "_links": {"documentation": DOCUMENTATION}}


def unprocessable(detail: str, field: str | None = None) -> ApiError:
    return ApiError(422, detail, field)


@dataclass(frozen=True)
class Answer:
    """body: None for 204."""

    status: int
    body: Json | None = None
    headers: dict[str, str] = field(default_factory=dict)
