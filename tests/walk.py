"""Every address of the house, its places filled with the cast's ids: for the tests that walk all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver

from bursar.actions.registry import TARGETS
from bursar.config.urls import urlpatterns
from bursar.notifications.compose import sign
from tests.cast import Cast

# The places that name no target. An address with another one leads to a 404, and tests/browser/test_every_page.py says so.
PLAIN = {"public_id": "account", "target_id": "account"}
WORDS = {
    "slug": "account",
    "verb": "set_discount",
    "month": "2026-10",
    "kind": "new",
    "pk": "1",
    "provider_id": "product",
    "quarter": "2026-Q3",
}


def addresses(patterns: Any = urlpatterns, prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern).replace("^", "").replace("$", "").replace(r"\Z", "")
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


ROUTES = sorted({route for route in addresses() if "(?P" not in route})


def filled(route: str, cast: Cast, more: dict[str, str] | None = None) -> str:
    """The route with an id in each place; `more` knows places by name, before everything else."""

    if route.startswith("/notices/stop/"):
        return route.replace("<str:token>", sign(cast.ada.id, ["usage"]))

    if route.startswith("/certificates/"):
        return route.replace("<str:token>", cast.licence().token)

    def value(match: re.Match[str]) -> str:
        name = match[0].strip("<>").rpartition(":")[2]
        if more and name in more:
            return more[name]
        slug = PLAIN.get(name, name.removesuffix("_id"))
        return cast.target_id(slug) if slug in TARGETS else WORDS.get(name, "x")

    return re.sub(r"<[^>]+>", value, route)
