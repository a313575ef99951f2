"""The demo company's year of invoices: what was asked for by bank, and what became of it.

What the import brought stays as it is, so that no figure changes: each period that was paid by bank gets the invoice
which the import names. Open ones ask for what was not paid; trainings are sold to whoever pays through Mollie as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import cycle

from django.db import transaction

from bursar.billing.documents.document import Item, ItemKind, Unit
from bursar.billing.models import BillingDetails, Invoice
from bursar.billing.proposing import decide_for_item, propose_items
from bursar.billing.rules import VatDecision
from bursar.billing.seller import seller_day, why_not_invoice
from bursar.billing.store import set_details
from bursar.billing.store.details import Details, accept
from bursar.billing.store.documents import Issue
from bursar.demo.desk import Desk, Paper, days
from bursar.plans.models import PaidPeriod, PaymentMode, PeriodSource
from bursar.plans.queries import load_account
from bursar.tenants.models import BillingAccount

HALF, ALL_AND_MORE = Decimal("0.5"), Decimal("1.1")
TRAININGS = 16
DAY_OF_TRAINING = Decimal(450)
STREETS = ("Stationsplein", "Raadhuisstraat", "Kerkweg", "Havenkade", "Markt", "Lindelaan")
GERMAN = Details(
    "Bürgerrat Mitte e.V.", "Lindenallee 4", "50667", "Köln", "DE", vat_id="DE136695976", language="nl",
    buyer_reference="Kasse 3",
)  # fmt: skip
PUBLIC_BODY = Details(
    "Gemeente Voorbeeld", "Raadhuisplein 1", "1234 AB", "Voorbeeld", "NL", legal_id="12345678",
    peppol_id="0106:12345678", order_number="4500012345", payment_days=30, language="nl",
    mails=("facturen@voorbeeld.client.example",),
)  # fmt: skip


def make_invoices(now: datetime) -> int:
    """Writes them and says how many; none where some are there, or the settings do not say who sells."""
    if Invoice.objects.exists() or why_not_invoice():
        return 0
    with transaction.atomic():
        desk = Desk(now)
        for number, period in enumerate(_list_paid()):
            _tell_paid(desk, number, period)
        _tell_unpaid(desk, _list_unpaid())
        for number, account in enumerate(_list_trained()):
            _tell_training(desk, number, account)
        desk.play()
    return Invoice.objects.count()


def _list_paid() -> list[PaidPeriod]:
    rows = PaidPeriod.objects.filter(source=PeriodSource.MANAGED).select_related("account__organisation")
    return list(rows.order_by("booked_at", "id"))


def _list_unpaid() -> list[BillingAccount]:
    """They pay by bank, and nothing is paid for now."""
    managed = BillingAccount.objects.filter(payment_terms__mode=PaymentMode.MANAGED, payment_terms__valid_until=None)
    paid = PaidPeriod.objects.filter(source=PeriodSource.MANAGED).values("account")
    return list(managed.exclude(pk__in=paid).select_related("organisation").order_by("pk"))


def _list_trained() -> list[BillingAccount]:
    paying = BillingAccount.objects.filter(paid_periods__source=PeriodSource.MOLLIE, organisation__country="NL")
    return list(paying.select_related("organisation").distinct().order_by("pk")[::2][:TRAININGS])


def _details(account: BillingAccount, now: datetime, details: Details | None = None) -> BillingDetails:
    number = account.pk
    found = details or Details(
        str(account), f"{STREETS[number % len(STREETS)]} {number % 90 + 1}", f"{1100 + number} AB", "Utrecht",
        account.organisation.country or "NL", language="nl" if number % 2 else "en",
        mails=(f"facturen@{number:04d}.client.example",),
    )  # fmt: skip
    row = set_details({account.pk: found}, now)[account.pk]
    row.account = account
    return row


def _vat(details: BillingDetails, at: datetime) -> VatDecision:
    return decide_for_item(details, ItemKind.SUBSCRIPTION, seller_day(at))


def _tell_paid(desk: Desk, number: int, period: PaidPeriod) -> None:
    """The invoice of a period that is paid; one was renewed and is not, and some were credited."""
    at = min(period.booked_at, max(period.account.organisation.created_at, period.booked_at - days(10)))
    details = _details(period.account, at)
    how = Issue(counts=True, public_id=period.external_id.split(":")[0])
    paper = desk.issue(at, details, [_seats_of(desk, period, details, _vat(details, at))], how)
    if number % 4 == 1:
        desk.receive(at + (period.booked_at - at) / 2, paper, HALF)
        desk.receive(period.booked_at, paper, HALF)
    else:
        desk.receive(period.booked_at, paper, ALL_AND_MORE if number % 4 == 3 else Decimal(1))
    if period.credited_at is not None:
        desk.credit(period.credited_at, paper)
        if number % 2:
            desk.pay_back(period.credited_at + days(3), paper)
    elif period.service_until <= desk.now:
        renewal, day = desk.now - days(40), desk.now - days(12)
        desk.issue(renewal, details, _propose(details, seller_day(period.service_until)), Issue(counts=True))
        desk.issue(day, details, [_piece(ItemKind.TRAINING, "Training", DAY_OF_TRAINING, _vat(details, day))])


def _seats_of(desk: Desk, period: PaidPeriod, details: BillingDetails, vat: VatDecision) -> Item:
    """Three seats, as the import's amount comes to; of a pilot its price."""
    first_day, seats = seller_day(period.service_from), Decimal(3)
    plan = _propose(details, seller_day(desk.now))
    return Item(
        ItemKind.SUBSCRIPTION if plan else ItemKind.PILOT, plan[0].description if plan else "Pilot", seats, Unit.SEAT,
        period.net / seats, vat, service_from=first_day, service_until=seller_day(period.service_until) - days(1),
    )  # fmt: skip


def _propose(details: BillingDetails, first_day: date) -> list[Item]:
    vat = decide_for_item(details, ItemKind.SUBSCRIPTION, first_day)
    return propose_items(load_account(details.account_id), "yearly", first_day, vat)


def _tell_unpaid(desk: Desk, accounts: Sequence[BillingAccount]) -> None:
    """Asked for today's seats, or for a pilot, and what became of it in turn."""
    plans = [one for one in accounts if _has_plan(desk, one)]
    pilots = [one for one in accounts if one not in plans]
    for found, fates in (
        (plans, (_tell_public_body, _tell_half, _tell_abroad)),
        (pilots, (_tell_lost, _tell_part, _tell_settled)),
    ):
        for account, tell in zip(found, cycle(fates), strict=False):
            tell(desk, account)


def _has_plan(desk: Desk, account: BillingAccount) -> bool:
    catalogue_vat = decide_for_item(None, ItemKind.SUBSCRIPTION, seller_day(desk.now))
    return bool(propose_items(load_account(account.pk), "yearly", seller_day(desk.now), catalogue_vat))


def _ask(desk: Desk, details: BillingDetails, ago: int, how: Issue) -> Paper:
    at = desk.now - days(ago)
    items = _propose(details, seller_day(at)) or [_piece(ItemKind.PILOT, "Pilot", Decimal(500), _vat(details, at))]
    return desk.issue(at, details, items, how)


def _piece(kind: ItemKind, what: str, price: Decimal, vat: VatDecision, count: int = 1) -> Item:
    return Item(kind, what, Decimal(count), Unit.PIECE, price, vat)


def _tell_public_body(desk: Desk, account: BillingAccount) -> None:
    details = _details(account, desk.now - days(6), PUBLIC_BODY)
    _ask(desk, details, 5, Issue(counts=True, wants_e_invoice=True))


def _tell_half(desk: Desk, account: BillingAccount) -> None:
    paper = _ask(desk, _details(account, desk.now - days(51)), 50, Issue(counts=True))
    desk.receive(desk.now - days(22), paper, HALF)


def _tell_abroad(desk: Desk, account: BillingAccount) -> None:
    details = _details(account, desk.now - days(4), GERMAN)
    _ask(desk, accept([account.pk], "WAPIAAAAZ1", desk.now - days(4)).get(account.pk, details), 2, Issue(counts=True))


def _tell_lost(desk: Desk, account: BillingAccount) -> None:
    paper = _ask(desk, _details(account, desk.now - days(121)), 120, Issue())
    desk.write_off(desk.now - days(9), paper)


def _tell_part(desk: Desk, account: BillingAccount) -> None:
    paper = _ask(desk, _details(account, desk.now - days(71)), 70, Issue())
    desk.credit(desk.now - days(60), paper, HALF)


def _tell_settled(desk: Desk, account: BillingAccount) -> None:
    paper = _ask(desk, _details(account, desk.now - days(101)), 100, Issue())
    desk.receive(desk.now - days(80), paper)


def _tell_training(desk: Desk, number: int, account: BillingAccount) -> None:
    """All through the year, the last ones still open."""
    at = desk.now - days(330 - 20 * number)
    details = _details(account, at)
    item = _piece(ItemKind.TRAINING, "Training", DAY_OF_TRAINING, _vat(details, at), 1 + number % 3)
    paper = desk.issue(at, details, [item])
    if number < TRAININGS - 5:
        _tell_paid_training(desk, number, at, paper)


def _tell_paid_training(desk: Desk, number: int, at: datetime, paper: Paper) -> None:
    """Most as they should be; some with what happens to money."""
    paid = at + days(12 + number)
    if number == 5:
        desk.receive_short(paid, paper, Decimal("0.05"))
    elif number == 7:
        desk.write_off(at + days(31), paper)
    else:
        desk.receive(paid, paper, words=paper.details.name if number % 3 == 0 else "")
    if number == 4:
        desk.credit(at + days(60), paper, HALF)
        again = desk.issue(at + days(70), paper.details, paper.items)
        desk.apply(at + days(71), again)
        desk.receive(at + days(90), again, HALF)
    if number == 6:
        desk.take_back(paid + days(1), paper)
        desk.receive(paid + days(45), paper)
