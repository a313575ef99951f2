"""An account's payments, as its customers see them and as staff do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse

from bursar.access.actor import Actor
from bursar.actions.menu import why_not
from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Case
from bursar.payments import phrases, queries
from bursar.payments.actions.levers import name, standing_of
from bursar.payments.models import Charge, PaymentLink
from bursar.payments.queries import links, shown
from bursar.payments.queries import standing as read
from bursar.payments.queries.invoicing import get_first_day, say_invoice
from bursar.payments.rules.links import say_state as say_link
from bursar.payments.states import ChargeState, LinkState
from bursar.tenants.models import BillingAccount
from bursar.ui.sections import Look, Section

OWN_LEVERS = ("check_out", "pay_now", "change_plan", "change_method", "resume_plan", "withdraw_change", "cancel_plan")
MAIN = ("pay_now", "resume_plan", "check_out")


@dataclass(frozen=True)
class Lever:
    label: str
    url: str
    is_main: bool
    takes_away: bool


def _own(look: Look) -> dict[str, Any]:
    """`who` is the customer's scope."""
    account: BillingAccount = look.target
    case = Case(look.who.actor, account, look.now)
    page = shown.list_charges(account, look.asked.get("charges", ""))
    return {
        **_what_is(case),
        "levers": _list_levers(case),
        "offer": _offer(case),
        "charges": _list_charges(page.rows),
        "charges_pager": page.pager,
        "needs_details": not standing_of(case).has_details,
    }


def _what_is(case: Case) -> dict[str, Any]:
    """What is on file, what comes next, and what is open."""
    account: BillingAccount = case.target
    standing, meant, planned = standing_of(case), queries.get_meant(account.pk), queries.get_planned(account.pk)
    mandate = queries.get_usable_mandate(account.pk)
    is_going_on = standing.is_alive_there
    return {
        "standing": standing,
        "method": phrases.name_mandate(mandate) if mandate else "",
        "card_expires": mandate.card_expires if mandate else None,
        "next_on": planned.due_on if planned and is_going_on else None,
        "next_gross": planned.gross if planned and is_going_on else None,
        "then_from": standing.paid_until.date() if standing.paid_until else None,
        "then": name(meant.then_tier, meant.then_cadence) if meant and standing.then else "",
        "open": [_charge(one) for one in queries.list_open(account.pk)],
        "today": case.now.date(),
    }


def _offer(case: Case) -> dict[str, Any] | None:
    """What staff offer, with the dialog in which it is accepted; None where nothing can be done with it now."""
    offer = read.get_offer(case.target.pk, case.now)
    if offer is None:
        return None
    for verb in ("check_out", "change_plan"):
        if why_not(ACTIONS[f"payments.account.{verb}"], case) is None:
            address = f"{_address(verb, case)}?tier={offer.tier}&cadence={offer.cadence}"
            return {"words": name(offer.tier, offer.cadence), "until": offer.until, "url": address}
    return None


def _address(verb: str, case: Case) -> str:
    return reverse("actions:dialog", args=["account", case.target.public_id, verb], current_app="own_actions")


def _list_levers(case: Case) -> list[Lever]:
    """Those that can be pulled now: on people's own pages nothing is shown grey."""
    found = []
    for verb in OWN_LEVERS:
        made = ACTIONS[f"payments.account.{verb}"]
        if why_not(made, case) is None:
            found.append(Lever(made.title, _address(verb, case), verb in MAIN, made.takes_away))
    return found


def _charge(charge: Charge, first_day: date | None = None) -> dict[str, Any]:
    """`first_day`: from which day on charges are invoiced."""
    latest = shown.get_latest(charge)
    return {
        "charge": charge,
        "what": shown.say_what(charge),
        "state": shown.say_state(charge, latest),
        "tone": shown.TONES.get(charge.state, ""),
        "day": _day_of(charge),
        "pay_url": reverse("pay:charge", args=[charge.public_id]) if charge.state == ChargeState.OPEN else "",
        "back": shown.say_back(charge),
        "invoice": say_invoice(charge, first_day),
    }


def _list_charges(rows: Iterable[Charge]) -> list[dict[str, Any]]:
    first_day = get_first_day()
    return [_charge(one, first_day) for one in rows]


def _day_of(charge: Charge) -> date:
    return charge.due_on or charge.made_at.date()


def _staff(look: Look) -> dict[str, Any] | None:
    """Nothing for an account that Mollie never heard of."""
    account: BillingAccount = look.target
    actor: Actor = look.who
    case = Case(actor, account, look.now)
    page = shown.list_charges(account, look.asked.get("charges", ""))
    waiting = shown.list_waiting_refunds(account)
    if not page.rows and not waiting and queries.get_meant(account.pk) is None:
        return None
    return {
        **_what_is(case),
        "charges": _list_charges(page.rows),
        "charges_pager": page.pager,
        "waiting": waiting,
        "offered": read.get_offer(account.pk, look.now),
    }


def _links(look: Look) -> dict[str, Any] | None:
    """Of an account or of an invoice, for staff; nothing where none was made."""
    page = links.list_links(look.target, look.asked.get("links", ""))
    if not page.rows and not page.pager["previous"]:
        return None
    rows = [_link(one, look.now) for one in page.rows]
    return {"links": rows, "links_pager": page.pager, "is_being_made": any(row["is_being_made"] for row in rows)}


def _own_links(look: Look) -> dict[str, Any] | None:
    """What can be paid still."""
    rows = [_link(one, look.now) for one in links.list_live_of(look.target, look.now) if one.url]
    return {"links": rows} if rows else None


def _link(link: PaymentLink, now: datetime) -> dict[str, Any]:
    standing = links.standing_of(link)
    return {
        "link": link,
        "what": link.invoice.number if link.invoice else "the account's credit",
        "state": say_link(standing, now),
        "is_live": standing.is_live(now) and bool(link.url),
        "is_being_made": link.state == LinkState.MAKING,
        "menu_url": reverse("actions:menu", args=["payment_link", link.public_id]),
    }


LINKS = Section("payment-links", "Payment links", "payments/_links.html", _links)
OWN_LINKS = Section("payment-links", "Waits to be paid", "payments/_own_links.html", _own_links)
OWN_PAYMENTS = Section("paying", "Paying", "payments/_own.html", _own)
ACCOUNT_PAYMENTS = Section("payments", "Payments", "payments/_staff.html", _staff)
