"""What the demo's partners must show, looked at where the demo is loaded."""

from __future__ import annotations

from typing import Any

from bursar.access.actor import system
from bursar.actions.spec import Case
from bursar.audit.models import AuditLine
from bursar.billing.seller import seller_day
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.partners.actions.handing import why_not
from bursar.partners.models import AccrualLine, ReferralEntry, Settlement
from bursar.partners.queries.leading import list_led
from bursar.partners.queries.ledger import list_owed, with_sums
from bursar.rollup import movements
from bursar.rollup.models import AccountMonth
from bursar.tenants.models import BillingAccount, Kind, Workspace


def look_at_partners() -> None:
    """Entries that came to something, one of them all that it may; a quarter that is settled and one that waits; clients
    that lead, one that was handed its workspace and one that can be.
    """
    entries = set(ReferralEntry.objects.values_list("pk", flat=True))
    assert (
        len(entries) == 3
        and set(AccrualLine.objects.filter(amount__gt=0).values_list("entry_id", flat=True)) == entries
    )
    settled, today = Settlement.objects.get(), seller_day(clock.now())
    owed = list_owed(ReferralEntry.objects.values_list("partner_id", flat=True), today)
    assert settled.amount > 0, settled.amount
    assert [one for one in owed if one != settled.partner_id and owed[one] > 0]
    capped: Any = with_sums(ReferralEntry.objects.exclude(cap=None), today)
    assert [one for one in capped if one.accrued == one.cap]
    moved = AuditLine.objects.get(key="partners.workspace.hand_off")
    ends = [one for one in moved.touches if one.startswith("acc_")]
    assert len(ends) == 2 and BillingAccount.objects.filter(public_id__in=ends).count() == 2
    months = list(AccountMonth.objects.filter(month=Month.of(clock.now()).first))
    assert movements.list_handed_off(months, Month.of(clock.now()))
    spaces = Workspace.objects.filter(kind=Kind.EXTERNAL_CLIENT, deleted_at=None)
    spaces = spaces.select_related("account__organisation", "organisation", "data_owner")
    assert [one for one in spaces if why_not(Case(system("demo"), one, clock.now())) is None]
    assert {one.reason.value for led in list_led(clock.now()) for one in led.signals} >= {"founded", "invites"}
