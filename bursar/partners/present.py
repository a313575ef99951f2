"""What pages show of partners, ready for templates."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.urls import reverse

from bursar.attention.words import say_snooze
from bursar.billing.seller import seller_day
from bursar.core.days import say_day
from bursar.core.money import ZERO
from bursar.partners.models import ReferralEntry
from bursar.partners.queries.leading import Led
from bursar.partners.queries.statements import Summed
from bursar.partners.rules.leading import LABELS, NEAR_EXPIRY, is_near_cap
from bursar.partners.rules.quarters import Quarter
from bursar.partners.statement import say_settlement
from bursar.plans.models import Discount, DiscountKind
from bursar.plans.rules import describe_discount
from bursar.tenants.models import Organisation


class Addresses(NamedTuple):
    """Of a quarter's statement, and of the self-billing invoice that may have settled it. `again`: mails that once
    more, for staff alone.
    """

    statement: str
    paper: str
    e_invoice: str
    again: str = ""

    @property
    def is_own(self) -> bool:
        """They are the partner's own people's."""
        return not self.again


def partner_row(partner: Organisation, sums: dict[str, Decimal], owed: Decimal) -> dict[str, Any]:
    """`owed`: of quarters that are over, and not settled."""
    return {
        "partner": partner,
        "url": reverse("partners:partner", args=[partner.public_id]),
        "menu_url": reverse("actions:menu", args=["organisation", partner.public_id]),
        "owed": owed,
        **sums,
    }


def entry_row(entry: Any, today: date, has: Discount | None = None) -> dict[str, Any]:
    """`entry`: with its sums (`queries.ledger.with_sums`). `has`: its client's discount now, as staff read it."""
    terms = entry.terms.all()
    latest = max(terms, key=lambda one: one.from_on)
    return {
        "entry": entry,
        "terms": latest,
        "client_has": _say_instead(entry, has, today),
        "accrued": entry.accrued,
        "held": entry.accrued - entry.payable,
        "owed": entry.payable - entry.settled,
        "of_cap": _share(entry.accrued, entry.cap) if entry.cap is not None else None,
        "of_time": _share_of_days(entry, today) if entry.expires_on else None,
        "is_over": entry.expires_on is not None and entry.expires_on < today,
        "client_url": reverse("panel:account", args=[entry.client.public_id]),
        "menu_url": reverse("actions:menu", args=["referral", entry.public_id]),
    }


def _say_instead(entry: ReferralEntry, has: Discount | None, today: date) -> str:
    """What stands where the entry's own discount did; empty while that stands, and once the entry is over."""
    if not entry.client_discount or (entry.expires_on is not None and entry.expires_on < today):
        return ""
    if has is None:
        return "no discount"
    is_own = has.kind == DiscountKind.PARTNER and has.percent == entry.client_discount
    return "" if is_own else describe_discount(has.get_kind_display(), has.percent, has.end_date)


def _share(part: Decimal, whole: Decimal) -> int:
    return int(part * 100 / whole) if whole > ZERO else 100


def _share_of_days(entry: ReferralEntry, today: date) -> int:
    assert entry.expires_on is not None
    whole = (entry.expires_on - entry.starts_on).days + 1
    return max(0, min(100, ((today - entry.starts_on).days + 1) * 100 // whole))


def quarter_row(summed: Summed, today: date, addresses: Addresses) -> dict[str, Any]:
    quarter, by = summed.quarter, summed.by
    has_paper = by is not None and by.says is not None and by.through == quarter.last
    return {
        "quarter": quarter,
        "amount": summed.amount,
        "cut": summed.cut,
        "state": say_settlement(by, is_own=addresses.is_own) if by else _say_open(quarter, today),
        "is_settled": by is not None,
        "url": addresses.statement,
        "paper_url": addresses.paper if has_paper else "",
        "again_url": addresses.again if has_paper else "",
        "e_invoice_url": addresses.e_invoice if has_paper and by is not None and by.has_e_invoice else "",
    }


def _say_open(quarter: Quarter, today: date) -> str:
    """What came by direct debit may be owed in a quarter that is still to come."""
    if quarter.first > today:
        return "still to come"
    return "open" if quarter.last < today else "running"


def led_row(led: Led, now: datetime) -> dict[str, Any]:
    """`near`: what of its entries of the ledger will soon be over."""
    today = seller_day(now)
    triage = led.triage
    return {
        "organisation": led.organisation,
        "signals": [(LABELS[one.reason], one.evidence) for one in led.signals],
        "owner": triage.owner if triage else None,
        "outcome": triage.get_outcome_display() if triage and triage.outcome else "",
        "noted_at": triage.noted_at if triage else None,
        "snoozed": say_snooze(triage.snoozed_until) if triage and led.rests(now) else "",
        "entries": [_entry_beside(entry, today) for entry in led.entries],
        "menu_url": reverse("actions:menu", args=["organisation", led.organisation.public_id]),
    }


def _entry_beside(entry: Any, today: date) -> dict[str, Any]:
    near = ["near its cap"] if is_near_cap(entry.accrued, entry.cap) else []
    if entry.expires_on is not None and entry.expires_on - today <= NEAR_EXPIRY:
        near.append(f"ends on {say_day(entry.expires_on)}")
    return {"entry": entry, "near": ", ".join(near), "url": reverse("partners:partner", args=[entry.partner.public_id])}
