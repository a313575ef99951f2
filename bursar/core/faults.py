"""Which of the database's errors are nobody's fault: it was busy or away, and the same call may work in a moment."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError
from django.db.transaction import TransactionManagementError

from bursar.core.errors import Unavailable

DEADLOCK = "40P01"
SERIALIZATION = "40001"
LOCK_TIMEOUT = "55P03"
CANCELLED = "57014"
_BUSY = {
    LOCK_TIMEOUT: "Somebody else is changing this right now. Nothing was changed here; try again in a few seconds.",
    CANCELLED: "This took longer than it may, and was stopped. Nothing was changed; try again in a while.",
    DEADLOCK: "Another change came between. Nothing was changed here; try again in a few seconds.",
    SERIALIZATION: "Another change came between. Nothing was changed here; try again in a few seconds.",
}
AWAY = "The database does not answer at the moment. Try again in a few seconds."


def sqlstate_of(error: BaseException | None) -> str:
    """PostgreSQL's code for it; empty for anything else, and where there was no answer at all."""
    return getattr(error, "sqlstate", None) or getattr(getattr(error, "__cause__", None), "sqlstate", None) or ""


def _origin(error: BaseException) -> BaseException:
    """What ended the transaction, where somebody still asked inside it and was told only that it is over."""
    return error.__cause__ or error if isinstance(error, TransactionManagementError) else error


def as_busy(error: BaseException) -> Unavailable | None:
    """When the connection still stands, and the transaction alone was ended: by a limit, or in favour of another."""
    error = _origin(error)
    sentence = _BUSY.get(sqlstate_of(error)) if isinstance(error, OperationalError) else None
    return Unavailable(sentence) if sentence else None


def is_away(error: BaseException) -> bool:
    """Whether the database could not be reached, or went away meanwhile. What it may have done last is not known."""
    error = _origin(error)
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    return sqlstate_of(error) not in _BUSY


def as_unavailable(error: BaseException) -> Unavailable | None:
    """For whoever answers a caller: a sentence and 503. None for what is a fault of ours, which stays loud."""
    return as_busy(error) or (Unavailable(AWAY) if is_away(error) else None)
