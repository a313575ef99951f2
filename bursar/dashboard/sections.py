"""What stands on the customer's first page: a line for each part, in this order. `who` is their scope."""

from __future__ import annotations

from typing import Any

from bursar.billing.sections import OWN_BILLING, OWN_INVOICES
from bursar.dashboard import present
from bursar.dashboard.queries import accounts, history, workspaces
from bursar.partners.sections import OWN_PARTNER
from bursar.payments.sections import OWN_LINKS, OWN_PAYMENTS
from bursar.support.sections import OWN_SUPPORT
from bursar.tenants.scope import Scope
from bursar.training.own_sections import OWN_ASKING, OWN_COMING, OWN_LICENCES, OWN_NEEDS
from bursar.ui.sections import Look, Section

LATELY_SHOWN = 5


def _places(look: Look) -> dict[str, Any]:
    mine: Scope = look.who
    live = [w for w in mine.workspaces if w.deleted_at is None]
    capped = workspaces.list_capped(live, mine.now)
    chosen = present.choose(live, capped, look.asked.get("all", ""), present.page_of(look.asked, "page"))
    cards = workspaces.list_cards(mine, [w for choice in chosen.values() for w in choice.shown])
    bills = accounts.list_bills(mine.list_billed(), mine.now)
    return {"places": present.places(mine, chosen, cards, bills, look.asked)}


def _lately(look: Look) -> dict[str, Any] | None:
    reach = history.reach_of(look.who)
    if not reach.names:
        return None
    lately = list(history.list_lines(reach)[:LATELY_SHOWN])
    return {"lately": present.history(lately, reach, look.who.actor)}


PLACES = Section("places", "", "dashboard/_places.html", _places)
LATELY = Section("lately", "", "dashboard/_lately.html", _lately)

HOME_SECTIONS = (OWN_NEEDS, PLACES, OWN_PARTNER, LATELY)
TRAINING_SECTIONS = (OWN_NEEDS, OWN_COMING, OWN_LICENCES, OWN_ASKING)
WORKSPACE_SECTIONS = (OWN_NEEDS, OWN_SUPPORT)
ACCOUNT_SECTIONS = (OWN_LINKS, OWN_PAYMENTS)
BELOW_PRICE = (OWN_INVOICES, OWN_BILLING)
"""On the page of price and payments: before the price, and beneath what is paid."""
