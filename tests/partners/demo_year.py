"""What the demo's partners must show, looked at where the demo is loaded."""

from __future__ import annotations

from bursar.core import clock
from bursar.partners.models import AccrualLine, ReferralEntry, Settlement
from bursar.partners.queries.leading import list_led


def look_at_partners() -> None:
    """Entries that came to something, a quarter that is settled, and clients that lead."""
    entries = set(ReferralEntry.objects.values_list("pk", flat=True))
    assert (
        len(entries) == 3
        and set(AccrualLine.objects.filter(amount__gt=0).values_list("entry_id", flat=True)) == entries
    )
    assert Settlement.objects.get().amount > 0
    assert {one.reason.value for led in list_led(clock.now()) for one in led.signals} >= {"founded", "invites"}
