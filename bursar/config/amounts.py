"""An amount never parts from its currency sign at the end of a line.

Done to the finished page, as the sentences that people read are the same that files, programs and the book hold, where
a space is a plain space.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from bursar.core.money import SIGN, SIGN_AND_SPACE

_PARTED, _WHOLE = SIGN_AND_SPACE.encode(), f"{SIGN}\N{NO-BREAK SPACE}".encode()


class AmountsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, HttpResponse) and response.get("Content-Type", "").startswith("text/html"):
            response.content = hold_together(response.content)
        return response


def hold_together(page: bytes) -> bytes:
    """What stands in a tag or a text field stays as it is: it is what people typed, and is sent back."""
    first, *others = page.split(_PARTED)
    made, has_fields, is_in_tag, is_in_field = [first], b"<textarea" in page, False, False
    for before, part in zip([first, *others], others, strict=False):
        is_in_tag = _is_left_open(before, b"<", b">", is_in_tag)
        is_in_field = has_fields and _is_left_open(before, b"<textarea", b"</textarea", is_in_field)
        made += [_PARTED if is_in_tag or is_in_field else _WHOLE, part]
    return b"".join(made)


def _is_left_open(part: bytes, opens: bytes, closes: bytes, was: bool) -> bool:
    opened, closed = part.rfind(opens), part.rfind(closes)
    return opened > closed if opened != closed else was
