"""What can happen to an account, one story each; the demo company tells them in turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bursar.core.calendar import add_months, add_months_at, midnight
from bursar.core.ids import encode

Line = dict[str, Any]
VAT = Decimal("1.21")
RATES = {"innovator": (20, 23), "changemaker": (75, 86), "guardian": (150, 172)}


@dataclass(frozen=True)
class Story:
    """One account's fate. `pays` is a key of the tellers in `payments`; `*_days` count from today."""

    name: str
    tier: str = "changemaker"
    second_tier: str = "free"
    pays: str = "mollie"
    cadence: str = "yearly"
    discount: tuple[str, int, int | None] | None = None
    own_discount: tuple[str, int, int | None] | None = None
    trial_days: int | None = None
    grant_days: int | None = None
    counted_seconds: int | None = None
    dropped_days_ago: int | None = None
    reset_days_ago: int | None = None
    workspaces: int = 0
    nearly_full: int = 0  # the place of a workspace that stays on Free and approaches its cap; 0: none
    people: int = 0
    quiet_days: int = 0
    free_days: int = 12
    least_age: int = 30
    is_old: bool = False
    is_partner: bool = False
    own_account: bool = False
    ends_in_deletion: bool = False
    records: bool = True
    keeps_days: int | None = None

    def later_tiers(self, now: datetime) -> Iterator[tuple[datetime, str]]:
        if self.dropped_days_ago is not None:
            yield now - timedelta(days=self.dropped_days_ago), "free"

    def payments(self, account: Line, number: int, bought: datetime, now: datetime) -> Iterator[Line]:
        teller = {
            "mollie": _mollie, "past_due": _mollie, "written_off": _mollie, "cancelled": _mollie, "lapsed": _mollie,
            "managed": _managed, "managed_paid": _managed, "managed_overdue": _managed, "managed_credited": _managed,
            "pending": _pending, "none": _nothing,
        }[self.pays]  # fmt: skip
        yield from teller(self, account, number, bought, now)

    def discounts(self, account: Line, workspace: str, bought: datetime, now: datetime) -> Iterator[Line]:
        for target, deal in (({"account": account}, self.discount), ({"workspace": workspace}, self.own_discount)):
            if deal is not None:
                kind, percent, days = deal
                line = {"kind": "discount", **target, "type": kind, "percent": percent, "from": bought}
                if days is not None:
                    line["end_date"] = max(now + timedelta(days=days), bought).date().isoformat()
                yield line

    def grants(self, workspaces: list[str], now: datetime) -> Iterator[Line]:
        if self.trial_days is not None:
            end = now + timedelta(days=self.trial_days)
            start = add_months_at(end, -1)
            for ref in workspaces:
                yield {"kind": "grant", "workspace": ref, "tier": "changemaker", "type": "reverse_trial", "from": start,
                       "until": end, "granted_by": "lead@agora.example"}  # fmt: skip
        if self.grant_days is not None:
            end = now + timedelta(days=self.grant_days)
            yield {"kind": "grant", "workspace": workspaces[0], "tier": "guardian", "type": "approval",
                   "from": now - timedelta(days=20), "until": end, "granted_by": "lead@agora.example"}  # fmt: skip

    def resets(self, workspace: str, now: datetime) -> Iterator[Line]:
        if self.reset_days_ago is not None:
            yield {"kind": "reset", "workspace": workspace, "at": now - timedelta(days=self.reset_days_ago),
                   "by": "Noor Bakker", "reason": "Recording test before the council meeting."}  # fmt: skip


def _paid(story: Story, account: Line, source: str, number: int, start: datetime, end: datetime, **more: Any) -> Line:
    yearly, monthly = RATES.get(story.tier, (29, 29))
    net = Decimal(yearly * 12 if story.cadence == "yearly" else monthly) * 3
    key = invoice_id(number, start) + ":demo" if source == "managed" else f"{source}-{number:04d}-{start:%Y%m%d}"
    return {
        "kind": "paid", "external_id": key, "account": account, "source": source,
        "from": start, "until": end, "net": str(net), "gross": str((net * VAT).quantize(Decimal("0.01"))),
        "booked_at": start, **more,
    }  # fmt: skip


def invoice_id(number: int, start: datetime) -> str:
    """Of the invoice that asked for a paid period: known before it is issued, so that the import can name it."""
    return f"inv_{encode(int(f'{number}{start:%Y%m%d}'))}"


def _mollie(story: Story, account: Line, number: int, bought: datetime, now: datetime) -> Iterator[Line]:
    step = 12 if story.cadence == "yearly" else 1
    terms = {"kind": "payment", "account": account, "mode": "self_serve", "cadence": story.cadence}
    late = {"past_due": timedelta(days=6 + number % 20), "written_off": timedelta(days=75)}.get(story.pays)
    failed = midnight((now - late).date()) if late else None
    if story.pays == "lapsed":
        bought = min(bought, add_months_at(now, -step) - timedelta(days=20))
        bought = max(bought, add_months_at(now, -13))
    start = bought
    while start < (failed or now):
        end = midnight(add_months_at(start, step).date())  # the day on which Mollie charges next
        if failed and end > failed:
            end = failed
        yield _paid(story, account, "mollie", number, start, end)
        start = end
        if story.pays == "lapsed":
            break
    yield {**terms, "status": "active", "from": bought, "paid_until": start}
    if failed:
        yield {**terms, "status": "past_due", "from": failed, "past_due_since": failed, "paid_until": failed}
    if story.pays == "cancelled":
        yield {**terms, "status": "cancelled", "from": now - timedelta(days=5), "paid_until": start}
    if story.pays == "lapsed":
        yield {**terms, "status": "cancelled", "from": start - timedelta(days=8), "paid_until": start}


def _managed(story: Story, account: Line, number: int, bought: datetime, now: datetime) -> Iterator[Line]:
    terms = {"kind": "payment", "account": account, "mode": "managed", "cadence": story.cadence, "from": bought}
    yield terms
    if story.pays == "managed_paid":
        begin = max(bought, now - timedelta(days=200))
        yield _paid(story, account, "managed", number, begin, add_months_at(begin, 12))
    if story.pays == "managed_overdue":
        end = now - timedelta(days=20)
        yield _paid(
            story,
            account,
            "managed",
            number,
            add_months_at(end, -12),
            end,
            booked_at=max(bought, add_months_at(end, -11)),
        )
    if story.pays == "managed_credited":
        begin = now - timedelta(days=90)
        yield _paid(
            story, account, "managed", number, begin, add_months_at(begin, 12), credited_at=now - timedelta(days=30)
        )


def _pending(story: Story, account: Line, number: int, bought: datetime, now: datetime) -> Iterator[Line]:
    yield {"kind": "payment", "account": account, "mode": "self_serve", "status": "pending", "cadence": story.cadence,
           "from": now - timedelta(hours=5)}  # fmt: skip


def _nothing(story: Story, account: Line, number: int, bought: datetime, now: datetime) -> Iterator[Line]:
    if story.keeps_days is not None:
        until = add_months((now + timedelta(days=story.keeps_days)).date(), 0)
        yield {"kind": "payment", "account": account, "mode": "self_serve", "status": "none",
               "from": now - timedelta(days=9), "lapses_at": f"{until}T00:00:00+00:00"}  # fmt: skip


STORIES = [
    Story("pays yearly", is_old=True, people=6, workspaces=7, nearly_full=1, second_tier="changemaker"),
    Story("at its cap", tier="free", pays="none", counted_seconds=3720, people=3, workspaces=1),
    Story("pays monthly", cadence="monthly"),
    Story("on a reverse trial", tier="free", pays="none", trial_days=9, workspaces=2),
    Story("past due", pays="past_due", cadence="monthly"),
    Story("managed, unpaid", tier="guardian", pays="managed", people=9),
    Story("comped by scholarship", pays="none", discount=("scholarship", 100, None)),
    Story("free and quiet", tier="free", pays="none", quiet_days=30, records=False),
    Story("partner with a client", is_partner=True, workspaces=3, second_tier="innovator", people=8),
    Story("managed and settled", tier="guardian", pays="managed_paid", people=8),
    Story("pilot, blocked", tier="pilot", pays="managed", counted_seconds=36000, workspaces=1, people=3),
    Story("half price", discount=("scholarship", 50, None)),
    Story("innovator", tier="innovator", cadence="monthly"),
    Story("approaching the cap", tier="free", pays="none", counted_seconds=2880, workspaces=1),
    Story("free", tier="free", pays="none"),
    Story("cancelled, paid on", pays="cancelled"),
    Story("renewal unpaid", pays="managed_overdue", is_old=True, free_days=0),
    Story("trial discount", pays="none", discount=("trial", 100, 14)),
    Story("pays yearly, young", free_days=3),
    Story("cancelled and lapsed", pays="lapsed", cadence="monthly", is_old=True),
    Story("guardian", tier="guardian", second_tier="changemaker", people=9, workspaces=4),
    Story("kept for a while", pays="none", keeps_days=24),
    Story("just dropped", pays="none", dropped_days_ago=4),
    Story("its own account", own_account=True, workspaces=2),
    Story("written off", pays="written_off", cadence="monthly", is_old=True),
    Story("free after a reset", tier="free", pays="none", counted_seconds=3600, reset_days_ago=20, workspaces=1),
    Story("pilot, fine", tier="pilot", pays="managed_paid", counted_seconds=7200, workspaces=1, people=4),
    Story("full price in one place", discount=("partner", 25, 120), own_discount=("partner", 0, None), workspaces=3),
    Story("approved for a while", tier="free", pays="none", grant_days=18, workspaces=1),
    Story("checkout open", tier="free", pays="pending", workspaces=1),
    Story("gone", tier="free", pays="none", ends_in_deletion=True, is_old=True, workspaces=1, least_age=120),
    Story("credited invoice", pays="managed_credited", tier="guardian"),
    Story("zero set in a paid year", is_old=True, free_days=0),
    Story("just under", tier="free", pays="none", counted_seconds=2844, workspaces=1),
    Story("trial ends in two days", tier="free", pays="none", trial_days=2, workspaces=1),
    Story("trial discount ends tomorrow", pays="none", discount=("trial", 100, 1)),
    Story("approval ran out", tier="free", pays="none", grant_days=-5, workspaces=1, quiet_days=9),
    Story("hit the wall and left", tier="free", pays="none", counted_seconds=5400, workspaces=1, quiet_days=25),
    Story("full again after a reset", tier="free", pays="none", counted_seconds=72000, reset_days_ago=28, workspaces=1),
    Story("nobody pays", pays="none", discount=("trial", 100, -6), least_age=60),
]
