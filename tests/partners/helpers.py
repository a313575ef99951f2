"""A partner, and what it brought."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bursar.actions.run import run
from bursar.partners.models import AccrualLine, ReferralEntry
from bursar.partners.store.accruing import accrue
from bursar.tenants.models import BillingAccount, Organisation
from bursar.tenants.store.accounts import get_pooled_account
from tests.cast import NOW, Cast, bring_all, client_workspace

REFER, EDIT, END = "partners.account.refer", "partners.referral.edit", "partners.referral.end"
TERMS: dict[str, Any] = {"share": 10, "cap": "", "expires_on": "", "client_discount": 0, "notes": ""}
DAY = timedelta(days=1)


def bureau() -> Organisation:
    """With its workspace “Raad” for Samen."""
    if not Organisation.objects.filter(external_id="bureau").exists():
        bring_all(*client_workspace(NOW - timedelta(days=150)))
    return Organisation.objects.get(external_id="bureau")


def account_of(partner: Organisation) -> BillingAccount:
    return get_pooled_account(partner, NOW)


def refer(cast: Cast, client: BillingAccount, since: date, partner: Organisation | None = None, **terms: Any) -> Any:
    data = {**TERMS, **terms, "partner": (partner or bureau()).public_id, "starts_on": since.isoformat()}
    made = run(REFER, cast.iris, client.public_id, data, reason="Agreement of May")
    return ReferralEntry.objects.get(public_id=made.data["referral"])


def amounts(entry: ReferralEntry) -> list[Decimal]:
    return list(AccrualLine.objects.filter(entry=entry).order_by("pk").values_list("amount", flat=True))


def look(entry: ReferralEntry, now: datetime = NOW) -> list[Decimal]:
    """All its lines, after the job came by."""
    accrue(entry.partner_id, now)
    return amounts(entry)
