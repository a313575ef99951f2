from django.http import HttpRequest

from bursar.access.actor import Actor


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
