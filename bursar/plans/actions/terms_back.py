"""The way back from managed billing and to it: how the account was paid before, whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from bursar.actions.models import UndoOffer
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Group, Outcome, Topic, Undo
from bursar.actions.undo import WayBack, offer_of
from bursar.core.bounds import read_instant
from bursar.plans import rules, store
from bursar.plans.actions.shared import EVERYBODY_CONCERNED, state_of, terms_of
from bursar.plans.models import PaymentMode, PaymentTerms
from bursar.tenants.models import BillingAccount

RESTORE_TERMS = "plans.account.restore_terms"
_TEXTS = ("mode", "status", "cadence")
_INSTANTS = ("paid_until", "past_due_since", "lapses_at")


def undo_terms(before: rules.Terms, left: PaymentMode) -> Undo:
    """What brings these terms back; `left`: the mode that the action puts in their place."""
    kept: dict[str, Any] = {name: getattr(before, name) for name in (*_TEXTS, "ends_paid")}
    kept |= {name: at.isoformat() if (at := getattr(before, name)) else None for name in _INSTANTS}
    return Undo(RESTORE_TERMS, kept, left={"mode": left.value})


def _moved_on(offers: Sequence[UndoOffer]) -> Collection[str]:
    """Offers since which other terms began: a payment, a lapse, a subscription."""
    since = {one.target_id: one for one in offers}
    rows = PaymentTerms.objects.filter(
        account__public_id__in=since, valid_from__gt=min(one.created_at for one in offers)
    ).values_list("account__public_id", "valid_from")
    return {one.line_id for one in offers for account, at in rows if account == one.target_id and at > one.created_at}


def _back(kept: dict[str, Any]) -> dict[str, Any]:
    """The columns of the terms, as they were kept."""
    instants = {name: read_instant(kept[name]) if kept[name] else None for name in _INSTANTS}
    return {**{name: kept[name] for name in (*_TEXTS, "ends_paid")}, **instants}


def _foresee(case: Case, data: Cleaned) -> list[str]:
    return ["What was sent or charged meanwhile stays: an invoice is credited, a payment is refunded."]


@action(
    key=RESTORE_TERMS,
    on=BillingAccount,
    form=WayBack,
    label="Restore how it was paid",
    done="Way of paying restored",
    icon="arrow-back",
    help="Takes a change to managed billing, or from it, back: mode, status, rhythm and what is paid are as before.",
    when="When an account was set managed, or self-serve again, by mistake: within 24 hours, and while nothing else "
    "became of how it pays. A subscription that was cancelled at Mollie does not come back by it.",
    customer_visible=True,
    concerns_money=True,
    preview=_foresee,
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    events=("account.managed", "account.self_serve"),
    way_back=True,
    moved_on=_moved_on,
    group=Group.MONEY,
    in_menu=False,
)
def restore_terms(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    before, values = terms_of(act.case), _back(offer_of(act.request).data)
    store.set_payment_terms(account, state_of(act.case), act.now, **values)
    mode = PaymentMode(values["mode"])
    changes = [Change("Payment", PaymentMode(before.mode).label, mode.label, concerns_money=True)]
    if before.cadence != values["cadence"]:
        changes.append(Change("Billed", before.cadence, values["cadence"], concerns_money=True))
    is_managed = mode is PaymentMode.MANAGED
    told = {"cadence": values["cadence"]} if is_managed else {"keeps_tiers_until": None, "went_to_free": []}
    return Outcome(
        f"{account} is {mode.label} again, as it was.", changes, {account.pk: None}, data=told,
        event="account.managed" if is_managed else "account.self_serve",
    )  # fmt: skip
