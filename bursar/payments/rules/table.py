"""What news of a payment mean for its account: the one table of states. Pure. DOMAIN 6.

A payment is looked at as it stands now, against what its account was moved by. So news may come late, twice, in any
order or never: what is read here is the difference, and each row of the table says what follows from it.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from bursar.core.money import ZERO
from bursar.payments.states import ChargeKind, ChargeState, PaymentState
from bursar.plans.rules import Terms, is_managed
from bursar.plans.states import Status


class Stand(StrEnum):
    """How an account stands: the status of its terms, with two more that decide otherwise.

    OWING: cancelled, and the interval that runs was taken back or never arrived. MANAGED: it is paid by invoice.
    """

    NONE = "none"
    PENDING = "pending"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELLED = "cancelled"
    OWING = "owing"
    MANAGED = "managed"


class News(StrEnum):
    """OPEN: the customer was sent to the checkout. UNDER_WAY: with the bank. ENDED: cancelled or expired before
    anything was paid. TAKEN_BACK: charged back. GIVEN_BACK: that was reversed.
    """

    OPEN = "open"
    UNDER_WAY = "under_way"
    PAID = "paid"
    FAILED = "failed"
    ENDED = "ended"
    TAKEN_BACK = "taken_back"
    GIVEN_BACK = "given_back"
    REFUNDED = "refunded"


class Role(StrEnum):
    """What the payment is for, as things stand.

    FIRST: a checkout that was never paid. INTERVAL: the newest interval that was paid or failed. EARLIER: one before
    it. EXTRA: seats, an upgrade, what staff asked for. METHOD: the proof of a new method. SPARE: nobody owes it (any
    more), or another payment has paid it.
    """

    FIRST = "first"
    INTERVAL = "interval"
    EARLIER = "earlier"
    EXTRA = "extra"
    METHOD = "method"
    SPARE = "spare"


class Verb(StrEnum):
    """The action of the system on the account: `payments.account.<verb>`."""

    AWAIT_FIRST = "await_first"
    START_PAYING = "start_paying"
    END_CHECKOUT = "end_checkout"
    NOTE_UNDER_WAY = "note_under_way"
    RENEW = "renew"
    SETTLE = "settle"
    FALL_BEHIND = "fall_behind"
    NOTE_FAILED_TRY = "note_failed_try"
    LOSE_PAYMENT = "lose_payment"
    NOTE_TAKEN_BACK = "note_taken_back"
    NOTE_GIVEN_BACK = "note_given_back"
    TAKE_METHOD = "take_method"
    NOTE_REFUND = "note_refund"
    NOTE_UNEXPECTED = "note_unexpected"


class Move(NamedTuple):
    """`to`: how the account stands afterwards; None: as before."""

    verb: Verb
    to: Stand | None = None


PAID_BY_MOLLIE = (Stand.ACTIVE, Stand.PAST_DUE)
EVERY = tuple(Stand)


def _all(move: Move, *stands: Stand) -> dict[Stand, Move]:
    return dict.fromkeys(stands or EVERY, move)


_WAIT = _all(Move(Verb.NOTE_UNDER_WAY))
_ANOTHER_TRY_FAILED = _all(Move(Verb.NOTE_FAILED_TRY))
_FAILED = {
    **_ANOTHER_TRY_FAILED,
    Stand.ACTIVE: Move(Verb.FALL_BEHIND, Stand.PAST_DUE),
    Stand.CANCELLED: Move(Verb.FALL_BEHIND, Stand.OWING),
}
_CHECKOUT_ENDED = {**_all(Move(Verb.END_CHECKOUT)), Stand.PENDING: Move(Verb.END_CHECKOUT, Stand.NONE)}

TABLE: dict[tuple[Role, News], dict[Stand, Move]] = {
    **{(role, News.OPEN): _WAIT for role in Role if role is not Role.SPARE},
    (Role.FIRST, News.UNDER_WAY): {
        Stand.NONE: Move(Verb.AWAIT_FIRST, Stand.PENDING),
        Stand.PENDING: Move(Verb.AWAIT_FIRST, Stand.PENDING),
        **_all(Move(Verb.NOTE_UNDER_WAY), Stand.CANCELLED, Stand.OWING),
    },
    (Role.FIRST, News.PAID): {
        **_all(Move(Verb.START_PAYING, Stand.ACTIVE), Stand.NONE, Stand.PENDING, Stand.CANCELLED, Stand.OWING),
        **_all(Move(Verb.NOTE_UNEXPECTED), *PAID_BY_MOLLIE, Stand.MANAGED),
    },
    (Role.FIRST, News.FAILED): _CHECKOUT_ENDED,
    (Role.FIRST, News.ENDED): _CHECKOUT_ENDED,
    (Role.INTERVAL, News.UNDER_WAY): _WAIT,
    (Role.INTERVAL, News.PAID): {
        **_all(Move(Verb.SETTLE)),
        **_all(Move(Verb.RENEW, Stand.ACTIVE), *PAID_BY_MOLLIE),
        Stand.OWING: Move(Verb.SETTLE, Stand.CANCELLED),
    },
    (Role.INTERVAL, News.FAILED): _FAILED,
    (Role.INTERVAL, News.ENDED): _FAILED,
    (Role.INTERVAL, News.TAKEN_BACK): {
        **_all(Move(Verb.NOTE_TAKEN_BACK)),
        Stand.ACTIVE: Move(Verb.LOSE_PAYMENT, Stand.PAST_DUE),
        Stand.CANCELLED: Move(Verb.LOSE_PAYMENT, Stand.OWING),
    },
    (Role.INTERVAL, News.GIVEN_BACK): {
        **_all(Move(Verb.NOTE_GIVEN_BACK)),
        Stand.PAST_DUE: Move(Verb.NOTE_GIVEN_BACK, Stand.ACTIVE),
        Stand.OWING: Move(Verb.NOTE_GIVEN_BACK, Stand.CANCELLED),
    },
    (Role.EARLIER, News.UNDER_WAY): _WAIT,
    (Role.EARLIER, News.PAID): _all(Move(Verb.SETTLE)),
    (Role.EARLIER, News.FAILED): _ANOTHER_TRY_FAILED,
    (Role.EARLIER, News.ENDED): _ANOTHER_TRY_FAILED,
    (Role.EARLIER, News.TAKEN_BACK): _all(Move(Verb.NOTE_TAKEN_BACK)),
    (Role.EARLIER, News.GIVEN_BACK): _all(Move(Verb.NOTE_GIVEN_BACK)),
    (Role.EXTRA, News.UNDER_WAY): _WAIT,
    (Role.EXTRA, News.PAID): _all(Move(Verb.SETTLE)),
    (Role.EXTRA, News.FAILED): _ANOTHER_TRY_FAILED,
    (Role.EXTRA, News.ENDED): _ANOTHER_TRY_FAILED,
    (Role.EXTRA, News.TAKEN_BACK): _all(Move(Verb.NOTE_TAKEN_BACK)),
    (Role.EXTRA, News.GIVEN_BACK): _all(Move(Verb.NOTE_GIVEN_BACK)),
    (Role.METHOD, News.UNDER_WAY): _WAIT,
    (Role.METHOD, News.PAID): _all(Move(Verb.TAKE_METHOD)),
    (Role.METHOD, News.FAILED): _all(Move(Verb.END_CHECKOUT)),
    (Role.METHOD, News.ENDED): _all(Move(Verb.END_CHECKOUT)),
    (Role.SPARE, News.PAID): _all(Move(Verb.NOTE_UNEXPECTED)),
    (Role.SPARE, News.GIVEN_BACK): _all(Move(Verb.NOTE_UNEXPECTED)),
    **{(role, News.REFUNDED): _all(Move(Verb.NOTE_REFUND)) for role in Role},
}
"""What is not in it moves nothing: the mirror says what happened, and that is all."""


def find_move(role: Role, news: News, stand: Stand) -> Move | None:
    """None: the account stays as it is."""
    return TABLE.get((role, news), {}).get(stand)


def stand_of(terms: Terms) -> Stand:
    if is_managed(terms):
        return Stand.MANAGED
    if terms.status == Status.CANCELLED and terms.past_due_since is not None:
        return Stand.OWING
    return Stand(terms.status)


def status_of(stand: Stand) -> Status:
    """The status that terms keep; MANAGED has none."""
    return {Stand.OWING: Status.CANCELLED, Stand.MANAGED: Status.NONE}.get(stand) or Status(stand.value)


class Told(NamedTuple):
    """A payment as the mirror has it, or as its account was last moved by it. EUR."""

    status: str
    refunded: Decimal = ZERO
    charged_back: Decimal = ZERO


_OF_STATUS = {
    PaymentState.OPEN: News.OPEN,
    PaymentState.PENDING: News.UNDER_WAY,
    PaymentState.AUTHORIZED: News.UNDER_WAY,
    PaymentState.PAID: News.PAID,
    PaymentState.FAILED: News.FAILED,
    PaymentState.CANCELED: News.ENDED,
    PaymentState.EXPIRED: News.ENDED,
}


def read_news(applied: Told, now: Told) -> News | None:
    """The first of what is new, one at a time: status, then what was charged back, then what was refunded."""
    if now.status != applied.status:
        return _OF_STATUS[PaymentState(now.status)]
    if now.charged_back != applied.charged_back:
        return News.TAKEN_BACK if now.charged_back > applied.charged_back else News.GIVEN_BACK
    return News.REFUNDED if now.refunded != applied.refunded else None


EXTRAS = frozenset({ChargeKind.SEAT, ChargeKind.UPGRADE, ChargeKind.LINK, ChargeKind.INVOICE})
INTERVALS = frozenset({ChargeKind.FIRST, ChargeKind.RENEWAL})


_OF_ONE_TRY = frozenset({News.FAILED, News.ENDED, News.OPEN, News.UNDER_WAY})
_OF_MONEY_GONE = frozenset({News.FAILED, News.TAKEN_BACK, News.GIVEN_BACK})
ASK_OF_OTHERS = _OF_ONE_TRY | _OF_MONEY_GONE
"""News whose meaning depends on the other payments of the charge."""


class Owed(NamedTuple):
    """A charge, as far as its payments' news ask.

    `was_paid`: some payment settled it once. `is_newest`: no later interval was paid or failed. `others_live`: another
    payment of it is open, under way or paid; `others_paid`: another has paid it (asked only by `ASK_OF_OTHERS`).
    """

    kind: str
    state: str
    was_paid: bool
    is_newest: bool
    others_live: bool
    others_paid: bool


def role_of(news: News, owed: Owed | None, applied: Told) -> Role:
    """`applied`: what the payment's account was last moved by."""
    if owed is None or owed.state == ChargeState.ENDED:
        return Role.SPARE
    if news is News.PAID and owed.state == ChargeState.PAID and owed.kind != ChargeKind.LINK:  # that is credit then
        return Role.SPARE
    if news in _OF_ONE_TRY and owed.others_live and applied.status != PaymentState.PAID:
        return Role.SPARE
    if news in _OF_MONEY_GONE and owed.others_paid:
        return Role.SPARE
    if owed.kind == ChargeKind.METHOD:
        return Role.METHOD
    if owed.kind in EXTRAS:
        return Role.EXTRA
    if owed.kind == ChargeKind.FIRST and not owed.was_paid:
        return Role.FIRST
    return Role.INTERVAL if owed.is_newest else Role.EARLIER
