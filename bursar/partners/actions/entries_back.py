"""Ways back in the referral ledger: an entry stands as before its change, or is there no more."""

from __future__ import annotations

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Group, Outcome
from bursar.actions.undo import WayBack, find_offer, moved_from, offer_of
from bursar.partners.actions.entries import (
    REMOVE_DISCOUNT,
    SET_DISCOUNT,
    say_cap,
    say_last,
    say_terms,
    why_overlap,
)
from bursar.partners.actions.entries_kept import RESTORE, WITHDRAW, Kept, keep, load_left, load_newest
from bursar.partners.models import ReferralEntry
from bursar.partners.store import entries as store
from bursar.plans.models import DiscountKind
from bursar.tenants.models import BillingAccount


def _why_not_restore(case: Case, data: Cleaned) -> str | None:
    """Another entry may have been made for the days that it would have again."""
    entry: ReferralEntry = case.target
    made = find_offer(data["line"], entry.public_id, RESTORE)
    return (
        why_overlap(entry.client, entry.starts_on, Kept(**made.data).columns["expires_on"], entry.pk) if made else None
    )


def _foresee(case: Case, data: Cleaned) -> list[str]:
    return ["What the client paid meanwhile counts by the terms of before; the ledger gets the difference."]


@action(
    key=RESTORE,
    on=ReferralEntry,
    form=WayBack,
    label="Restore referral",
    done="Referral as before",
    icon="arrow-back",
    group=Group.PARTNER,
    help="Takes a change or the end of a referral back: share, cap, last day, notes and the client's discount are as "
    "before.",
    when="When the wrong entry was changed or ended: within 24 hours, and while nobody changed it or settled since.",
    concerns_money=True,
    refused=_why_not_restore,
    preview=_foresee,
    calls=(SET_DISCOUNT, REMOVE_DISCOUNT),
    way_back=True,
    moved_on=moved_from(load_left),
    in_menu=False,
)
def restore_referral(act: Act, entry: ReferralEntry, data: Cleaned) -> Outcome:
    kept, now = Kept(**offer_of(act.request).data), keep(entry)
    store.put_terms(entry, kept.shares)
    store.put(entry, **kept.columns)
    _restore_discount(act, entry.client, kept, now)
    sentence = f"The entry of {entry.client} by {entry.partner.name} is as before."
    return Outcome(sentence, _list_changes(now, kept))


def _restore_discount(act: Act, client: BillingAccount, kept: Kept, now: Kept) -> None:
    """The client's partner discount, as the entry had it."""
    if kept.discount == now.discount:
        return
    if kept.discount is None:
        act.also(REMOVE_DISCOUNT, client, {})
        return
    percent, last_day = kept.discount
    data = {"kind": DiscountKind.PARTNER.value, "percent": percent, "end_date": last_day or ""}
    act.also(SET_DISCOUNT, client, data)


def _list_changes(was: Kept, now: Kept) -> list[Change]:
    pairs = [
        ("Share", *(say_terms(one.shares[-1].share, with_other=one.shares[-1].with_other) for one in (was, now))),
        ("Cap", *(say_cap(one.columns["cap"]) for one in (was, now))),
        ("Last day", *(say_last(one.columns["expires_on"]) for one in (was, now))),
        ("Client's discount", *(f"{one.client_discount} %" for one in (was, now))),
        ("Notes", was.notes, now.notes),
    ]
    return [Change(label, before, after, concerns_money=True) for label, before, after in pairs if before != after]


@action(
    key=WITHDRAW,
    on=BillingAccount,
    form=WayBack,
    label="Withdraw referral",
    done="Referral withdrawn",
    icon="arrow-back",
    group=Group.PARTNER,
    help="Takes a new referral out of the ledger, and the client's discount with it, as if it had never been added.",
    when="When it was added to the wrong client: within 24 hours, and while nothing was counted of it. Once money "
    "counts, end it.",
    concerns_money=True,
    calls=(REMOVE_DISCOUNT,),
    way_back=True,
    moved_on=moved_from(load_newest),
    in_menu=False,
)
def withdraw_referral(act: Act, client: BillingAccount, data: Cleaned) -> Outcome:
    entry = ReferralEntry.objects.select_related("partner").get(public_id=offer_of(act.request).data["entry"])
    share = entry.terms.order_by("from_on")[0]
    if entry.client_discount and keep(entry).discount is not None:
        act.also(REMOVE_DISCOUNT, client, {})
    changes = [
        Change("Partner", entry.partner.name, ""),
        Change("Share", say_terms(share.share, with_other=share.with_other), "", concerns_money=True),
    ]
    touches, partner = [entry.public_id, entry.partner.public_id], entry.partner.name
    store.withdraw(entry)
    return Outcome(f"{partner} has no entry for {client} by it any more.", changes, touches=touches)
