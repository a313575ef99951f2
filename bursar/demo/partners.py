"""What the demo company's partners brought: clients with entries of the ledger, one settled quarter, and clients that
lead. By the import's door and everybody's actions; made again, it changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef

from bursar.access.actor import system
from bursar.actions.run import run
from bursar.actions.spec import Case
from bursar.billing.seller import seller_day
from bursar.core import clock
from bursar.core.calendar import add_months
from bursar.core.errors import Refusal
from bursar.core.money import plain
from bursar.partners.actions.handing import sides_of, why_not
from bursar.partners.models import ReferralEntry
from bursar.partners.queries.ledger import list_open_quarters
from bursar.partners.rules.accrual import HELD_FOR
from bursar.partners.rules.quarters import Quarter
from bursar.partners.store.accruing import accrue, get_settled_through
from bursar.payments.models import Payment
from bursar.payments.states import PaymentState
from bursar.product.importing import import_lines
from bursar.tenants.models import BillingAccount, Kind, Organisation, OrganisationMembership, Workspace

Line = dict[str, Any]
AGREED: tuple[dict[str, Any], ...] = (
    {"share": 15, "cap": "", "notes": "Agreed by phone; the contract is in the shared folder."},
    {"share": 10, "cap": "25.00", "notes": "They said that a small cap is enough."},
    {"share": 20, "cap": "5000.00", "notes": "They also train the client's people.", "with_other": True},
)

RUNS = 11  # months ago, when the entries began
WAIT = HELD_FOR + timedelta(weeks=1)


def make_partners(now: datetime) -> None:
    if ReferralEntry.objects.exists():
        return
    _lead_all(now)
    partners = list(Organisation.objects.filter(is_partner=True).order_by("id")[:2])
    if partners:
        _settle_up(partners, now)
    _hand_off_one()


def _lead_all(now: datetime) -> None:
    spaces = Workspace.objects.filter(kind=Kind.EXTERNAL_CLIENT, deleted_at=None, data_owner__isnull=False)
    for place, space in enumerate(spaces.select_related("data_owner", "organisation").order_by("id")[:3]):
        import_lines((json.dumps(line).encode() for line in _lead(space, place, now)), system("demo"))


def _settle_up(partners: list[Organisation], now: datetime) -> None:
    """One has a quarter that is settled; what is owed to the other waits."""
    for place, client in enumerate(_list_clients(now)):
        _refer(partners[place % len(partners)], client, place, now)
    for partner in partners:
        accrue(partner.pk, now)
    _settle(partners[0], now)


def _lead(space: Workspace, place: int, now: datetime) -> Iterator[Line]:
    """The client's own person watches and invites; the first of them has made an organisation since."""
    seats = OrganisationMembership.objects.filter(organisation=space.data_owner, role="owner", valid_until=None)
    seat = seats.select_related("person").order_by("id").first()
    if seat is None:
        return
    who, since = seat.person.external_id, max(space.created_at, seat.valid_from)
    yield {"kind": "workspace_member", "workspace": space.external_id, "person": who, "role": "observer",
           "from": since.isoformat()}  # fmt: skip
    for number in range(place + 1):
        at = now - timedelta(days=4 + 3 * number, hours=place)
        yield {"kind": "invitation", "external_id": f"led-{place}-{number}", "workspace": space.external_id,
               "role": "external", "email": f"colleague.{place}.{number}@invited.example", "invited_by": who,
               "invited_at": at.isoformat()}  # fmt: skip
    if place == 0:
        yield {"kind": "organisation", "external_id": "org-of-a-guest", "name": "Burgerberaad in eigen beheer",
               "created_at": (now - timedelta(days=12)).isoformat(), "creator": who}  # fmt: skip


def _hand_off_one() -> None:
    """The newest workspace that a client can take over has been; those before it are there to be handed off."""
    spaces = Workspace.objects.filter(kind=Kind.EXTERNAL_CLIENT, deleted_at=None, data_owner__isnull=False)
    for space in spaces.select_related("account__organisation", "organisation", "data_owner").order_by("-id"):
        case = Case(system("demo"), space, clock.now())
        if why_not(case) is None:
            sides = sides_of(case)
            asked = {"admin": sides.able[0].public_id, "typed": space.name}
            if sides.partner:
                asked["people"] = "external"
            if _do("partners.workspace.hand_off", space.public_id, asked):
                return


def _list_clients(now: datetime) -> list[BillingAccount]:
    """Accounts that pay through Mollie, none of a partner: what they paid while the entry runs is payable by the end of
    the last quarter, even if it was a direct debit.
    """
    today = seller_day(now)
    by = Quarter.of(today).first - WAIT
    paid = Payment.objects.filter(
        account_id=OuterRef("pk"), status=PaymentState.PAID, charge__isnull=False,
        paid_at__date__gt=add_months(today, -RUNS), paid_at__date__lt=by,
    )  # fmt: skip
    rows = BillingAccount.objects.filter(Exists(paid), organisation__is_partner=False).order_by("id")
    return list(rows[: len(AGREED)])


def _refer(partner: Organisation, client: BillingAccount, place: int, now: datetime) -> None:
    today = seller_day(now)
    ends = {"expires_on": (today + timedelta(days=40)).isoformat()} if place == 1 else {}
    starts = {"partner": partner.public_id, "starts_on": add_months(today, -RUNS).isoformat()}
    _do("partners.account.refer", client.public_id, {**starts, **AGREED[place], **ends})


def _settle(partner: Organisation, now: datetime) -> None:
    """The oldest quarter that is over and brought something."""
    today = seller_day(now)
    rows = list_open_quarters(partner.pk, today, get_settled_through(partner.pk))
    oldest = next(((quarter, owed) for quarter, owed in reversed(rows) if owed > 0), None)
    if oldest is not None:
        quarter, owed = oldest
        paper = {"number": f"P-{quarter.year}-07", "amount": plain(owed), "on": today.isoformat()}
        _do("partners.organisation.settle", partner.public_id, {"quarter": str(quarter), **paper})


def _do(key: str, target: str, data: dict[str, Any]) -> bool:
    """False: the story does not allow it."""
    try:
        run(key, system("demo"), target, data, reason="As agreed")
    except Refusal:
        return False
    return True
