"""What every part of the product's door shares: the key behind a request, and how a refusal looks."""

from __future__ import annotations

from typing import Annotated, Any

from allauth.core.internal.httpkit import get_client_ip
from django.http import HttpRequest
from ninja import Header, Path
from ninja.security import HttpBearer

from bursar.access.actor import Actor
from bursar.core import clock
from bursar.core.api import RefusalBody
from bursar.core.errors import Forbidden, TooMany
from bursar.core.limits import is_over
from bursar.product import queries
from bursar.product.models import ApiKey, Scope

Id = Annotated[str, Path(max_length=100)]


BAD_KEYS = 30
REFUSALS: dict[int, Any] = dict.fromkeys((401, 403, 404, 409, 413, 422), RefusalBody)

ONCE: Any = Header(  # type: ignore[type-arg]  # ninja types
    "", alias="Idempotency-Key", max_length=100, description="The same key and body get the first answer again."
)


class KeyAuth(HttpBearer):
    """The actor behind the key; a 401 for none, quietly slowed down for whoever guesses.

    With a scope, raises Forbidden when the key lacks it: before the body is read, whatever it says.
    """

    def __init__(self, scope: Scope | None = None) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        key = ApiKey.find(token.strip(), clock.now())
        if key is not None:
            return self._with_scope(queries.actor_of_key(key))
        if is_over("product key", get_client_ip(request) or "", BAD_KEYS, 60):
            raise TooMany
        return None

    def _with_scope(self, actor: Actor) -> Actor:
        if self.scope is not None and self.scope.value not in actor.scopes:
            raise Forbidden(f"This key lacks the scope “{self.scope.value}”.")
        return actor


def needs(scope: Scope) -> dict[str, Any]:
    """For the declaration of an address: keys with this scope alone, and it stands under the scope's name."""
    return {"tags": [scope.value.replace("_", "-")], "auth": KeyAuth(scope)}


def key_of(request: HttpRequest) -> Actor:
    """The key as an actor, as the address's `KeyAuth` let it in."""
    actor: Actor = request.auth  # type: ignore[attr-defined]  # set by ninja
    return actor
