from django.conf import settings
from django.http import HttpRequest

from bursar.access.actor import Actor, ActorKind
from bursar.access.models import User


def actor_of(request: HttpRequest) -> Actor:
    """The actor that the middleware found for this request. Only for addresses behind a gate: never None there."""
    actor = getattr(request, "actor", None)
    if actor is None:
        raise RuntimeError("This address must stand behind a gate: it needs someone signed in.")
    assert isinstance(actor, Actor)
    return actor


def customer_of(request: HttpRequest) -> Actor:
    """As `actor_of`, in the customer's hat: for the pages that everybody has for themselves."""
    return actor_of(request).as_customer()


def whom_to_ask(request: HttpRequest) -> str:
    """For somebody at the company's own address whom nobody gave a role yet: the way in, as a sentence. Else empty."""
    user = request.user
    is_colleague = isinstance(user, User) and user.email.endswith(f"@{settings.BURSAR_MAIL_DOMAIN}")
    if not is_colleague or actor_of(request).kind is ActorKind.STAFF:
        return ""
    return f"Your account isn't set up as staff. To get into the staff panel, ask {settings.BURSAR_STAFF_HELP}."
