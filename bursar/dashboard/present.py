"""Turns what was read into what the templates show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import QueryDict
from django.urls import reverse

from bursar.access.actor import Actor
from bursar.actions.registry import ACTIONS
from bursar.audit.models import AuditLine
from bursar.audit.pages import customer_version
from bursar.core.calendar import Month
from bursar.core.errors import BadRequest
from bursar.dashboard import words
from bursar.dashboard.queries.accounts import Bill, get_one_off, list_discounts, list_kept_prices, list_places
from bursar.dashboard.queries.history import Reach
from bursar.dashboard.queries.workspaces import CONTACTS_SHOWN, Card
from bursar.dashboard.rules import is_top
from bursar.plans.models import Discount, Tier
from bursar.plans.rules import PAID_TIERS
from bursar.rollup.models import WorkspaceMonth
from bursar.tenants.models import Organisation, Workspace
from bursar.tenants.scope import Scope
from bursar.usage.models import UsageEvent
from bursar.usage.queries import Standing, get_recorded
from bursar.usage.rules import Recorder, Shares, name_to_member

WORKSPACES_SHOWN = 12
PAGE_SIZE = 100
BROKEN = "This page address is broken. Open the page from its start."
URGENCY = {"bad": 0, "warn": 1}


def _dialog(key: str, public_id: str) -> str:
    """The address of an action's dialog on people's own pages; empty when there is no such action."""
    if key not in ACTIONS:
        return ""
    _, slug, verb = key.split(".")
    return reverse("actions:dialog", args=[slug, public_id, verb], current_app="own_actions")


def card(made: Card) -> dict[str, Any]:
    workspace, sight, plan = made.workspace, made.sight, made.plan
    is_gone = workspace.deleted_at is not None
    alert = None if is_gone else words.find_alert(made)
    can_ask = sight.may_ask and not is_gone and not is_top(plan.tier)
    return {
        "workspace": workspace,
        "sight": sight,
        "plan": plan,
        "standing": made.standing,
        "seconds": made.seconds,
        "seat_count": made.seats,
        "observers": made.observers,
        "contacts": made.contacts,
        "role": words.say_role(sight),
        "end": words.say_what_follows(plan),
        "includes": words.list_includes(plan.terms),
        "alert": alert,
        "price_contacts": _whom_for_prices([made]),
        "whom": words.say_whom_to_ask(sight, made.contacts, f"the {settings.BURSAR_COMPANY_NAME} team"),
        "ask_url": _dialog("requests.workspace.ask_upgrade", workspace.public_id) if can_ask else "",
        "ask_label": "Request an upgrade" if sight.bills else "Ask for more",
    }


@dataclass(frozen=True)
class OrganisationPlace:
    """One organisation on the home page. `more`: how many workspaces the page leaves out until all are asked for."""

    organisation: Organisation
    role: str
    bills: list[dict[str, Any]]
    cards: list[dict[str, Any]]
    more: int
    pager: dict[str, str]
    gone: list[Workspace]
    request_url: str
    price_contacts: str


@dataclass(frozen=True)
class Choice:
    """Which of one organisation's workspaces the page shows. `count`: of all; `page`: 0 for the short list."""

    shown: list[Workspace]
    count: int
    page: int


def choose(live: list[Workspace], capped: dict[int, Standing], all_of: str, page: int) -> dict[int, Choice]:
    """By organisation key; what needs a look stands first. `all_of`: the organisation to leaf through, page by page."""
    own: dict[int, list[Workspace]] = {}
    for workspace in sorted(live, key=lambda w: _urgency(capped.get(w.pk))):
        own.setdefault(workspace.organisation_id, []).append(workspace)
    return {pk: _choice(found, page if found[0].organisation.public_id == all_of else 0) for pk, found in own.items()}


def _choice(own: list[Workspace], page: int) -> Choice:
    if not page:
        return Choice(own[:WORKSPACES_SHOWN], len(own), 0)
    page = min(page, -(-len(own) // PAGE_SIZE))
    return Choice(own[(page - 1) * PAGE_SIZE : page * PAGE_SIZE], len(own), page)


def _urgency(standing: Standing | None) -> int:
    tone = words.tone_of(standing) if standing else ""
    return URGENCY.get(tone, len(URGENCY))


def places(
    scope: Scope, chosen: dict[int, Choice], cards: list[Card], bills: list[Bill], given: QueryDict
) -> list[OrganisationPlace]:
    """By organisation, in the order of names."""
    organisations = dict(scope.organisations) | {w.organisation_id: w.organisation for w in scope.workspaces}
    ordered = sorted(organisations.values(), key=lambda o: (o.sort_key, o.pk))
    none = Choice([], 0, 0)
    shown = [_place(scope, one, chosen.get(one.pk, none), cards, bills, given) for one in ordered]
    return [place for place in shown if place.cards or place.gone or place.role]


def _place(
    scope: Scope, organisation: Organisation, choice: Choice, cards: list[Card], bills: list[Bill], given: QueryDict
) -> OrganisationPlace:
    own = [one for one in cards if one.workspace.organisation_id == organisation.pk]
    return OrganisationPlace(
        organisation=organisation,
        role=scope.above.get(organisation.pk, ""),
        bills=[bill(one) for one in bills if one.account.organisation_id == organisation.pk],
        cards=[card(one) for one in own],
        more=0 if choice.page else choice.count - len(own),
        pager=pager(given, "page", choice.page, choice.count, PAGE_SIZE) if choice.page else {},
        gone=[w for w in scope.workspaces if w.organisation_id == organisation.pk and w.deleted_at is not None][:5],
        request_url=_dialog("requests.organisation.ask_workspace", organisation.public_id)
        if scope.governs(organisation) and _has_account(scope, organisation)
        else "",
        price_contacts=_whom_for_prices(own),
    )


def _whom_for_prices(cards: list[Card]) -> str:
    """Whom a plain member asks about prices; empty for those who see them, and for guests."""
    asking = [one for one in cards if one.sight.may_ask and not one.sees_price]
    people = {person.pk: person for one in asking for person in one.contacts}
    return words.either(list(people.values())[:CONTACTS_SHOWN]) if people else ""


def _has_account(scope: Scope, organisation: Organisation) -> bool:
    """An organisation is reached through its accounts: without one its dialog would not open."""
    return any(w.organisation_id == organisation.pk for w in scope.workspaces)


def bill(made: Bill) -> dict[str, Any]:
    sentence, tone = words.say_status(made)
    return {
        "account": made.account,
        "bill": made,
        "is_priced": any(line.tier in PAID_TIERS for line in made.price.lines),
        "status": sentence,
        "status_tone": tone,
        "discount": words.say_discount(made.discount) if made.discount and made.discount.percent else "",
        "next": words.say_charge(made),
        "is_charged": made.klass in ("paying", "managed") and any(line.tier in PAID_TIERS for line in made.price.lines),
    }


def shares(scope: Scope, made: Card) -> Shares:
    """Who recorded: by name for those who see the people of the workspace, own and others for a guest."""
    recorded = get_recorded(made.workspace, made.standing, scope.now)
    if made.sight.sees_people:
        return recorded.to_member(scope.actor.person_id, settings.BURSAR_COMPANY_NAME)
    return recorded.to_guest(scope.actor.person_id)


def recordings(rows: list[tuple[UsageEvent, Recorder | None]]) -> list[dict[str, Any]]:
    """Each with the name that people of the workspace may read; "" where the product named nobody."""
    company = settings.BURSAR_COMPANY_NAME
    return [{"event": event, "who": name_to_member(who, company) if who else ""} for event, who in rows]


def price(scope: Scope, made: Bill) -> dict[str, Any]:
    """The account page's price: where the seats are paid, every discount with its end, prices that are kept."""
    known = {w.pk: w.name for w in scope.workspaces}
    return {
        "lines": [{"tier": Tier(line.tier).label, "line": line} for line in made.price.lines],
        "places": list_places(scope, made),
        "discounts": [_discount(made, row, known) for row in list_discounts(made.account, scope.now)],
        "one_off": get_one_off(Tier.PILOT, scope.now) if Tier.PILOT in made.tiers else None,
        "kept": list_kept_prices(made.account, made.price.cadence, made.tiers, scope.now),
    }


def _discount(made: Bill, row: Discount, known: dict[int, str]) -> dict[str, Any]:
    where = known.get(row.workspace_id, "another workspace") if row.workspace_id else ""
    after = made.price_at(row.valid_until).total if row.valid_until else None
    said, is_off = words.say_discount(row), row.percent > 0
    return {"words": said, "is_off": is_off, "where": where, "after_from": row.valid_until, "after": after}


def month(row: WorkspaceMonth, shown: Month) -> dict[str, Any]:
    one = Month.of(row.month)
    return {
        "row": row,
        "label": f"{one.first:%b %Y}",
        "short": f"{one.first:%b %y}",
        "url": f"?month={one}#recordings",
        "is_shown": one == shown,
    }


def history(lines: Iterable[AuditLine], reach: Reach, reader: Actor) -> list[dict[str, Any]]:
    """Each line as this reader may read it: without billing rights, nothing that speaks of money."""
    made = [customer_version(line, reader.id, sees_money=line.target_id in reach.full) for line in lines]
    return [{"day": told["at"].date(), **told} for told in made]


def page_of(given: QueryDict, name: str) -> int:
    """Raises BadRequest for what is no page."""
    text = given.get(name, "1")
    if not (text.isascii() and text.isdigit() and int(text[:7]) > 0 and len(text) < 7):
        raise BadRequest(BROKEN)
    return int(text)


def pager(given: QueryDict, name: str, page: int, count: int, size: int) -> dict[str, str]:
    """Addresses of the pages before and after; empty where there is none."""

    def address(to: int) -> str:
        query = given.copy()
        query[name] = str(to)
        return f"?{query.urlencode()}"

    return {
        "previous": address(page - 1) if page > 1 else "",
        "next": address(page + 1) if page * size < count else "",
    }
