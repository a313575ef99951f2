"""What happens beside plain renewals, once each: every state, cause of a gap and kind of drift has its account.

Each is told of one client; where there are fewer clients than oddities, the last ones do not happen.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bursar.billing.seller import seller_day
from bursar.demo.till import Client, Till, with_vat
from bursar.payments.models import Charge, Payment
from bursar.payments.words import CARD, DIRECT_DEBIT
from bursar.staff.models import StaffMember
from bursar.tenants.models import BillingAccount

SEAT, LINK = Decimal("75.00"), Decimal("349.00")
DAY = timedelta(days=1)
Oddity = Callable[[Till, Client], None]


def tell_all(till: Till, clients: list[Client]) -> None:
    """`clients`: those whose subscription charges. From the newest, so that the first customers stay plain."""
    for oddity, client in zip(ODDITIES, reversed(clients), strict=False):
        oddity(till, client)
    for method in (DIRECT_DEBIT, CARD):
        _tell_causes(till, method, [one for one in clients if one.method == method])
    _tell_strangers(till)
    _tell_the_gone(till)


def _extra(till: Till, one: Client, days_ago: float, state: str = "paid", kind: str = "seat", **more: Any) -> Charge:
    net = more.pop("net", SEAT if kind == "seat" else LINK)
    at = till.now - days_ago * DAY
    amount = with_vat(net, one.decision, one.quote.tier, 1 if kind == "seat" else 0)
    return till.charge(one.account, kind, state, amount, at, one.decision, **more)


def _pay(till: Till, one: Client, charge: Charge | None, days_ago: float, status: str = "paid", **more: Any) -> Payment:
    at = till.now - days_ago * DAY
    by = {"mollie_mandate_id": one.mandate.mollie_id}
    return till.payment(one.customer, charge, more.pop("method", one.method), status, at, **{**by, **more})


def _seat(till: Till, one: Client) -> None:
    _pay(till, one, _extra(till, one, 12), 12)


def _under_way(till: Till, one: Client) -> None:
    _pay(till, one, _extra(till, one, 0.5, "under_way"), 0.5, "pending", method=DIRECT_DEBIT)


def _failed(till: Till, one: Client) -> None:
    _pay(till, one, _extra(till, one, 3, "failed"), 3, "failed")


def _never_attempted(till: Till, one: Client) -> None:
    _extra(till, one, 4, "asked")


def _due_today(till: Till, one: Client) -> None:
    _extra(till, one, 0, "asked")


def _upgrade(till: Till, one: Client) -> None:
    _pay(till, one, _extra(till, one, 20, kind="upgrade", net=Decimal("412.50")), 20)


def _link(till: Till, one: Client) -> None:
    _pay(till, one, _extra(till, one, 33, kind="link"), 33, method="ideal", mollie_mandate_id="")


def _authorized(till: Till, one: Client) -> None:
    charge = _extra(till, one, 2, "open", kind="link", due_on=None)
    _pay(till, one, charge, 2, "authorized", method=CARD, mollie_mandate_id="")


def _new_method(till: Till, one: Client) -> None:
    _pay(till, one, None, 40, method="ideal", kind="method", amount=Decimal("0.01"), mollie_mandate_id="")


def _refunded(days_ago: float, state: str, part: Decimal = Decimal(1)) -> Oddity:
    def tell(till: Till, one: Client) -> None:
        paid = _pay(till, one, _extra(till, one, days_ago + 6), days_ago + 6)
        till.refund(
            paid, (paid.amount * part).quantize(Decimal("0.01")), state, till.now - days_ago * DAY, **_asked(state)
        )

    return tell


def _asked(state: str) -> dict[str, Any]:
    """One waits for a second person."""
    if state != "asked":
        return {}
    staff = StaffMember.objects.order_by("pk").last()
    return {"asked_by": staff, "reason": "Charged for a seat that had left.", "description": "Seat charge"}


def _charged_back(till: Till, one: Client) -> None:
    paid = _pay(till, one, _extra(till, one, 15, "failed"), 15, method=DIRECT_DEBIT)
    till.chargeback(paid, till.now - 5 * DAY)


def _reversed(till: Till, one: Client) -> None:
    paid = _pay(till, one, _extra(till, one, 60), 60, method=DIRECT_DEBIT)
    till.chargeback(paid, till.now - 40 * DAY, till.now - 9 * DAY)


def _returned_more(till: Till, one: Client) -> None:
    paid = _pay(till, one, _extra(till, one, 25, "failed"), 25, method=DIRECT_DEBIT)
    till.refund(paid, paid.amount, "refunded", till.now - 20 * DAY)
    till.chargeback(paid, till.now - 8 * DAY)


def _part_paid(till: Till, one: Client) -> None:
    charge = _extra(till, one, 6, "open", kind="link")
    _pay(till, one, charge, 6, method="banktransfer", amount=Decimal("200.00"), mollie_mandate_id="")


def _paid_earlier(till: Till, one: Client) -> None:
    _pay(till, one, _extra(till, one, 40, due_on=_first_of_month(till.now)), 40)


def _paid_later(till: Till, one: Client) -> None:
    charge = _extra(till, one, 45)
    _pay(till, one, charge, 45, "failed")
    _pay(till, one, charge, 2, kind="retry")


def _other_amount(till: Till, one: Client) -> None:
    charge = _extra(till, one, 7)
    _pay(till, one, charge, 7, amount=charge.gross + 5)


def _after_end(till: Till, one: Client) -> None:
    _pay(till, one, None, 5, amount=Decimal("260.15"), kind="renewal", subscription=one.subscription)


def _second(till: Till, one: Client) -> None:
    """Somebody made one in Mollie's dashboard, beside ours."""
    till.subscription(
        one.customer, one.mandate, "monthly", Decimal("104.06"), till.now - 9 * DAY, is_meant=False,
        next_date=seller_day(till.now + 21 * DAY),
    )  # fmt: skip


def _amount_there(till: Till, one: Client) -> None:
    one.subscription.amount -= Decimal("12.10")


def _interval_there(till: Till, one: Client) -> None:
    one.subscription.interval = "6 months"


def _card_expires(till: Till, one: Client) -> None:
    one.mandate.method, one.mandate.card_label = CARD, "Visa"
    assert one.subscription.next_date is not None
    one.mandate.card_expires = one.subscription.next_date - DAY


ODDITIES: tuple[Oddity, ...] = (
    _seat, _under_way, _failed, _charged_back, _refunded(4, "refunded", Decimal("0.4")), _never_attempted, _due_today,
    _upgrade, _link, _refunded(0.02, "pending"), _refunded(90, "refunded"), _authorized, _returned_more, _part_paid,
    _paid_earlier, _paid_later, _other_amount, _after_end, _second, _amount_there, _interval_there, _card_expires,
    _reversed, _refunded(1, "asked"), _new_method, _refunded(2, "queued"), _refunded(30, "failed"),
)  # fmt: skip


def _tell_causes(till: Till, method: str, payers: list[Client]) -> None:
    """For each cause that did not come up: a seat's charge that failed by it, and was paid three days later."""
    old = sorted(payers, key=lambda one: one.periods[0].booked_at)[:5]
    for place, cause in enumerate(till.list_untold(method) if old else ()):
        one, days_ago = old[place % len(old)], 30 + 4 * place
        charge = _extra(till, one, days_ago)
        _pay(till, one, charge, days_ago, "failed", reason=cause)
        _pay(till, one, charge, days_ago - 3, kind="retry")


def _tell_strangers(till: Till) -> None:
    """A customer that nobody here knows: another shop under the same key."""
    at = till.now - 50 * DAY
    customer = till.customer(None, at)
    mandate = till.mandate(customer, DIRECT_DEBIT, at)
    subscription = till.subscription(
        customer, mandate, "monthly", Decimal("19.00"), at, is_meant=False,
        next_date=seller_day(till.now + 11 * DAY),
    )  # fmt: skip
    subscription.cadence = ""
    for days_ago in (50, 19):
        till.payment(
            customer, None, DIRECT_DEBIT, "paid", till.now - days_ago * DAY, amount=Decimal("19.00"),
            subscription=subscription, mollie_mandate_id=mandate.mollie_id,
        )  # fmt: skip


def _tell_the_gone(till: Till) -> None:
    """An account whose workspaces are all gone, and which Mollie still charges."""
    living = BillingAccount.objects.filter(workspaces__deleted_at=None)
    account = BillingAccount.objects.exclude(pk__in=living).order_by("pk").first()
    if account is None:
        return
    at = till.now - 200 * DAY
    customer = till.customer(account, at)
    mandate = till.mandate(customer, DIRECT_DEBIT, at)
    till.subscription(customer, mandate, "yearly", Decimal("1089.00"), at, next_date=seller_day(till.now + 165 * DAY))


def _first_of_month(now: datetime) -> date:
    return seller_day(now).replace(day=1)
