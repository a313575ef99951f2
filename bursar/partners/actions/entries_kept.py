"""How an entry of the ledger stands, as an offer to undo keeps it: its columns, its shares, the client's discount."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Max

from bursar.actions.spec import Undo
from bursar.core import clock
from bursar.core.bounds import read_instant
from bursar.core.money import plain
from bursar.partners.models import ReferralEntry
from bursar.partners.rules.accrual import Terms
from bursar.partners.store.accruing import agreement_of
from bursar.plans.models import Discount, DiscountKind

RESTORE = "partners.referral.restore"
WITHDRAW = "partners.account.withdraw_referral"


@dataclass(frozen=True)
class Kept:
    """As JSON has it: days and instants in ISO form, EUR as text. `terms`: day, share, whether all money counts.

    `discount`: per cent and last day of the partner discount that the client's account has; None: it has none.
    `settled`: through which day the partner's quarters are settled. `lines`: how many the ledger counted, where asked.
    """

    entry: str
    expires_on: str | None
    cap: str | None
    client_discount: int
    notes: str
    ended_at: str | None
    terms: list[list[Any]]
    discount: list[Any] | None
    settled: str | None
    lines: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def columns(self) -> dict[str, Any]:
        """Of the entry."""
        return {
            "expires_on": date.fromisoformat(self.expires_on) if self.expires_on else None,
            "cap": Decimal(self.cap) if self.cap is not None else None,
            "client_discount": self.client_discount,
            "notes": self.notes,
            "ended_at": read_instant(self.ended_at) if self.ended_at else None,
        }

    @property
    def shares(self) -> list[Terms]:
        return [Terms(date.fromisoformat(day), share, with_other) for day, share, with_other in self.terms]


def keep(entry: ReferralEntry) -> Kept:
    return keep_each(ReferralEntry.objects.filter(pk=entry.pk))[entry.public_id]


def undo_entry(was: Kept, entry: ReferralEntry) -> Undo:
    """After it was changed. `was`: as it stood."""
    return Undo(RESTORE, was.as_json(), left=keep(entry).as_json())


def keep_each(rows: Any, *, with_lines: bool = False) -> dict[str, Kept]:
    """By their public ids; three statements."""
    found = list(
        rows.annotate(settled=Max("partner__settlements__through"), counted=Count("lines", distinct=True))
        .prefetch_related("terms")
    )  # fmt: skip
    discounts = _load_discounts(one.client_id for one in found)
    return {one.public_id: _keep(one, discounts.get(one.client_id), one.counted if with_lines else 0) for one in found}


def _keep(entry: Any, discount: Discount | None, lines: int) -> Kept:
    return Kept(
        entry=entry.public_id,
        expires_on=_iso(entry.expires_on),
        cap=None if entry.cap is None else plain(entry.cap),
        client_discount=entry.client_discount,
        notes=entry.notes,
        ended_at=_iso(entry.ended_at),
        terms=[[_iso(one.from_on), one.share, one.with_other] for one in agreement_of(entry).terms],
        discount=[discount.percent, _iso(discount.end_date)] if discount else None,
        settled=_iso(entry.settled),
        lines=lines,
    )


def _iso(value: Any) -> str | None:
    return value.isoformat() if value is not None else None


def _load_discounts(clients: Iterable[int]) -> dict[int, Discount]:
    rows = Discount.objects.at(clock.now()).filter(account_id__in=list(clients), kind=DiscountKind.PARTNER.value)
    return {one.account_id: one for one in rows if one.account_id is not None}


def load_left(ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Of entries, by their ids."""
    found = keep_each(ReferralEntry.objects.filter(public_id__in=ids))
    return {public_id: one.as_json() for public_id, one in found.items()}


def load_newest(ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Of accounts, by their ids: the entry that was made last, and whether anything was counted of it."""
    rows = ReferralEntry.objects.filter(client__public_id__in=ids).order_by("client_id", "-created_at", "-pk")
    newest: Sequence[Any] = list(rows.distinct("client_id").annotate(account=F("client__public_id")))
    found = keep_each(ReferralEntry.objects.filter(pk__in=[one.pk for one in newest]), with_lines=True)
    return {one.account: found[one.public_id].as_json() for one in newest}
