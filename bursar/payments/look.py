"""Looking at Mollie: a payment is fetched with all that hangs on it and copied into the mirror. No transaction is open
while Mollie is asked. What the copy means for an account is said by `actions/apply.py`, after it is committed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import structlog
from django.conf import settings

from bursar.core import clock
from bursar.core.errors import Unavailable
from bursar.payments import objects
from bursar.payments.actions.apply import apply_payment, apply_subscription
from bursar.payments.errors import Away, NotThere, OtherCurrency, WrongMode
from bursar.payments.gateway import Gateway, get_gateway
from bursar.payments.gateway.payments import Whole
from bursar.payments.gateway.subscriptions import CANCELED
from bursar.payments.models import Mandate, MollieCustomer, Payment, PaymentLink, Subscription
from bursar.payments.states import PaymentKind
from bursar.payments.store import links, mirror
from bursar.payments.store.belonging import Owner, find_owner, get_told, own_by_link
from bursar.payments.store.mirror import Asked, Older

TRIES = 5
VALID = "valid"
ENDED = frozenset({CANCELED, "completed"})
"""Subscriptions that charge no more, for good."""
log = structlog.get_logger()


def look_at(mollie_payment_id: str) -> Payment | None:
    """The payment as it stands in the mirror now, its account moved by it; None for one that Mollie does not know, or
    that is not in our currency.

    Raises MollieProblem: nothing is known then, and the same look may work later.
    """
    gateway = get_gateway(patient=True)
    try:
        return move(keep_newest(gateway, mollie_payment_id))
    except (NotThere, WrongMode, OtherCurrency) as problem:
        log.info("payment_not_ours", id=mollie_payment_id, why=str(problem))
        return None


def keep_newest(gateway: Gateway, mollie_payment_id: str, link: PaymentLink | None = None) -> Payment:
    """Asks again while somebody else was told something newer meanwhile. `link`: whose it is, where Mollie lists it so.
    Raises MollieProblem.
    """
    for _ in range(TRIES):
        at = clock.now()
        whole = gateway.payments.get_whole(mollie_payment_id)
        with suppress(Older):
            return keep(gateway, whole, Asked(at, clock.now()), link)
    raise Away("Others look at this payment at the same time, again and again. Try again later.", maybe_done=False)


def keep(gateway: Gateway, whole: Whole, asked: Asked, link: PaymentLink | None = None) -> Payment:
    """First what the payment hangs on, as far as that is new or has reason to have changed; then the payment.

    Raises Older.
    """
    found = whole.payment
    same = None if whole.refunds or whole.chargebacks else mirror.note_same(found, asked)
    if same is not None:
        return same
    before = Payment.objects.filter(mollie_id=found.id).select_related("subscription").first()
    is_news = before is None or before.raw != found.raw
    if before is not None and before.account_id and not is_other(before, found):
        owner = Owner(before.account_id, PaymentKind(before.kind), subscription=before.subscription)
        return mirror.keep_payment(found, owner, asked, whole.refunds, whole.chargebacks)
    customer = get_customer(gateway, found.customer_id) if found.customer_id else None
    subscription = None
    if customer is not None:
        subscription = _find_subscription(gateway, found, customer, is_news=is_news)
        if found.mandate_id:
            _look_at_mandate(gateway, found.mandate_id, customer, is_news=is_news)
    owner = own_by_link(link) if link else find_owner(found, customer, subscription)
    return mirror.keep_payment(found, owner, asked, whole.refunds, whole.chargebacks)


def is_other(before: Payment, found: objects.Payment) -> bool:
    """Whether what it hangs on may have changed too: it moved on, it has a mandate now, or its money went back."""
    said = (before.status, before.mollie_mandate_id, before.charged_back)
    return said != (found.status, found.mandate_id, found.charged_back)


def take(gateway: Gateway, whole: Whole, asked: Asked) -> Payment:
    """An answer that came with something else: copied, and its account moved by it. Raises MollieProblem."""
    with suppress(Older):
        return move(keep(gateway, whole, asked))
    return Payment.objects.get(mollie_id=whole.payment.id)


def move(payment: Payment) -> Payment:
    """The account, by what the copies of its payment and of that one's subscription say."""
    if payment.to_apply:
        _try(apply_payment, payment)
    if payment.subscription is not None and payment.subscription.is_meant:
        move_subscription(payment.subscription)
    return payment


def move_subscription(subscription: Subscription) -> Subscription:
    _try(apply_subscription, subscription)
    return subscription


def _try(apply: Callable[[int, datetime], None], row: Payment | Subscription) -> None:
    """What goes wrong here is loud, and takes nothing back of what was learned: the sweeper tries again."""
    try:
        apply(row.pk, clock.now())
    except Unavailable as busy:
        log.info("not_applied_yet", id=row.mollie_id, why=busy.sentence)
    except Exception:
        log.exception("not_applied", id=row.mollie_id)


def get_customer(gateway: Gateway, customer_id: str) -> MollieCustomer:
    """From the mirror; one that nobody here knows is asked for once. Raises MollieProblem."""
    known = MollieCustomer.objects.filter(mollie_id=customer_id).first()
    if known is not None:
        return known
    at = clock.now()
    found = gateway.customers.get(customer_id)
    with suppress(Older):
        return mirror.keep_customer(found, Asked(at, clock.now()))
    return MollieCustomer.objects.get(mollie_id=customer_id)


def look_at_subscription(gateway: Gateway, customer: MollieCustomer, subscription_id: str) -> Subscription:
    """Mollie sends no news of subscriptions: they are asked for. Raises MollieProblem."""
    at = clock.now()
    try:
        found = gateway.subscriptions.get(customer.mollie_id, subscription_id)
    except NotThere:
        return _lose_subscription(subscription_id, Asked(at, clock.now()))
    return take_subscription(found, customer, Asked(at, clock.now()))


def _lose_subscription(subscription_id: str, asked: Asked) -> Subscription:
    """Raises NotThere for one that was never known here either."""
    known = Subscription.objects.filter(mollie_id=subscription_id).first()
    if known is None:
        raise NotThere("Mollie does not know this subscription.")
    with suppress(Older):
        mirror.lose_subscription(known, asked)
    return Subscription.objects.get(pk=known.pk)


def take_subscription(found: objects.Subscription, customer: MollieCustomer, asked: Asked) -> Subscription:
    """Ours may wait for Mollie's answer still: the metadata says which it is."""
    told = get_told(found.metadata, "subscription")
    ours = Subscription.objects.filter(public_id=told, mollie_id="").first() if told else None
    with suppress(Older):
        return mirror.keep_subscription(found, customer, asked, ours=ours)
    return Subscription.objects.get(mollie_id=found.id)


def _find_subscription(
    gateway: Gateway, found: objects.Payment, customer: MollieCustomer, *, is_news: bool
) -> Subscription | None:
    """Each charge moves its next day; a failure may have ended it."""
    if not found.subscription_id:
        return None
    known = Subscription.objects.filter(mollie_id=found.subscription_id).first()
    if known is not None and not is_news:
        return known
    return look_at_subscription(gateway, customer, found.subscription_id)


def _look_at_mandate(gateway: Gateway, mandate_id: str, customer: MollieCustomer, *, is_news: bool) -> None:
    known = Mandate.objects.filter(mollie_id=mandate_id).first()
    if known is not None and known.status == VALID and not is_news:
        return
    look_at_mandate(gateway, customer, mandate_id)


def look_at_mandate(gateway: Gateway, customer: MollieCustomer, mandate_id: str) -> None:
    """A mandate that Mollie does not know any more is not valid. Raises MollieProblem."""
    at = clock.now()
    with suppress(Older):
        try:
            found = gateway.mandates.get(customer.mollie_id, mandate_id)
        except NotThere:
            for known in Mandate.objects.filter(mollie_id=mandate_id):
                mirror.lose_mandate(known, Asked(at, clock.now()))
        else:
            mirror.keep_mandate(found, customer, Asked(at, clock.now()))


def look_at_link(link: PaymentLink) -> None:
    """What Mollie says of it, and each of its payments, known or not. Raises MollieProblem."""
    gateway, at = get_gateway(patient=True), clock.now()
    with suppress(Older):
        links.keep(gateway.links.get(link.mollie_id), link, Asked(at, clock.now()))
    next_id: str | None = None
    while True:
        page = gateway.links.list_payments(link.mollie_id, next_id)
        known = dict(Payment.objects.filter(link=link).values_list("mollie_id", "status"))
        for one in page.items:
            if known.get(one.id) != one.status:
                move(keep_newest(gateway, one.id, link))
        next_id = page.next_id
        if next_id is None:
            return


def get_hook(token: str = "") -> str:
    """Where Mollie tells of payments; with the token of a link, of that one's."""
    return f"{settings.BURSAR_ADDRESS}/mollie/hook" + (f"/{token}" if token else "")
