"""Expected refusals. Each carries the sentence a person reads and the HTTP status a program reads."""

from __future__ import annotations

from bursar.core.naming import Said


class Refusal(Exception):
    """Base of everything that Bursar says no to on purpose: quiet, 4xx, nothing changed."""

    status = 409
    code = "refused"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = Said(sentence)


class NotFound(Refusal):
    """No such thing, or none that this actor may know of."""

    status = 404
    code = "not_found"

    def __init__(self, sentence: str = "There is nothing here with this id.") -> None:
        super().__init__(sentence)


class Forbidden(Refusal):
    """A colleague without the right."""

    status = 403
    code = "forbidden"


class Blocked(Refusal):
    """The lever is off for this target now, whatever is filled in."""

    code = "blocked"


class Refused(Refusal):
    """What was filled in cannot be done to this target now."""


class BadRequest(Refusal):
    """An address that asks for what does not exist: an unknown month, sort or filter."""

    status = 400
    code = "bad_request"


class Invalid(Refusal):
    """The form is not right; `fields` names each fault."""

    status = 422
    code = "invalid"

    def __init__(self, sentence: str = "Some fields need another look.", fields: dict[str, list[str]] | None = None):
        super().__init__(sentence)
        self.fields = fields or {}


class TooLarge(Refusal):
    """More than a request may carry."""

    status = 413
    code = "too_large"

    def __init__(self, sentence: str = "The body is larger than 20 MB. Send less at once.") -> None:
        super().__init__(sentence)


class Unsupported(Refusal):
    """A body of another kind than is read here."""

    status = 415
    code = "unsupported"


class TooMany(Refusal):
    """Tried too often; the same call may work in a while. `seconds`: how long that is at most."""

    status = 429
    code = "too_many"

    def __init__(self, sentence: str = "Too many tries from this address. Wait a minute.", seconds: int = 60) -> None:
        super().__init__(sentence)
        self.seconds = seconds


class Unavailable(Refusal):
    """Something outside is away or busy for the moment; the same call may work in `seconds`."""

    status = 503
    code = "unavailable"

    def __init__(self, sentence: str, seconds: int = 5) -> None:
        super().__init__(sentence)
        self.seconds = seconds
