"""What every part of the product's door shares: the key behind a request, and how a refusal looks."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path

from bursar.access.actor import Actor
from bursar.core.api import RefusalBody
from bursar.core.errors import Forbidden
from bursar.product.models import Scope

Id = Annotated[str, Path(max_length=100)]


REFUSALS: dict[int, Any] = dict.fromkeys((401, 403, 404, 409, 413, 422), RefusalBody)


def key_with(request: HttpRequest, scope: Scope) -> Actor:
    """The key as an actor. Raises Forbidden when it lacks the scope."""
    actor: Actor = request.auth  # type: ignore[attr-defined]  # set by ninja
    if scope.value not in actor.scopes:
        raise Forbidden(f"This key lacks the scope “{scope.value}”.")
    return actor
