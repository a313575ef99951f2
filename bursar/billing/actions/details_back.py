"""The way back of who pays: what an action changed there is as it was before, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Group, Outcome, Topic, Undo
from bursar.actions.undo import WayBack, moved_from, offer_of
from bursar.billing import queries, store
from bursar.billing.actions.shared import decision_of, details_of, list_change_of_vat, list_changes, say_after, tell
from bursar.billing.models import BillingDetails
from bursar.plans.actions.shared import EVERYBODY_CONCERNED
from bursar.tenants.models import BillingAccount

RESTORE_DETAILS = "billing.account.restore_billing_details"
_COLUMNS = [
    field for field in BillingDetails._meta.concrete_fields if field.name not in ("id", "account", "changed_at")
]
_ASKED = ("known_at", "asked_at", "consultation")
"""When the register was asked is no state that somebody left; what it said is."""


def undo_details(before: BillingDetails | None, account: BillingAccount) -> Undo:
    """After the details of the account were written. `before`: as they stood; None: there were none."""
    after = queries.get_details(account.pk)
    assert after is not None
    was, now = (_plain(before) if before else {}), _plain(after)
    kept = {name: value for name, value in was.items() if value != now[name]}
    return Undo(RESTORE_DETAILS, {"was": kept if before else None}, left=_compared(now))


def _plain(row: BillingDetails) -> dict[str, Any]:
    """As JSON has it."""
    values = {field.name: getattr(row, field.name) for field in _COLUMNS}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}


def _compared(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _ASKED}


def _load(ids: Collection[str]) -> dict[str, dict[str, Any]]:
    rows = BillingDetails.objects.filter(account__public_id__in=ids).select_related("account")
    return {row.account.public_id: _compared(_plain(row)) for row in rows}


@action(
    key=RESTORE_DETAILS,
    on=BillingAccount,
    form=WayBack,
    label="Restore billing details",
    done="Billing details restored",
    icon="arrow-back",
    group=Group.MONEY,
    help="Takes a change of billing details, or the acceptance of a VAT id, back: name, address, ids and where "
    "documents go are as before. What was issued meanwhile keeps what it was issued with.",
    when="When they were written at the wrong account, or an id was accepted by mistake: within 24 hours, and while "
    "neither the customer, a colleague nor VIES changed them since.",
    customer_visible=True,
    concerns_money=True,
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    events=("billing.details_changed",),
    way_back=True,
    moved_on=moved_from(_load),
    in_menu=False,
)
def restore_billing_details(act: Act, account: BillingAccount, data: Any) -> Outcome:
    before, kept = details_of(act.case), offer_of(act.request).data["was"]
    columns = {field.name: field for field in _COLUMNS}
    values = {name: columns[name].to_python(value) for name, value in (kept or {}).items()}
    after = store.put_back(account.pk, None if kept is None else values, act.now)
    now = decision_of(act.case, after)
    changes = [
        *list_changes(before, after or BillingDetails()), *list_change_of_vat(decision_of(act.case, before), now)
    ]  # fmt: skip
    if after is None:
        return Outcome(f"Nobody is written down any more as who pays for {account}.", changes)
    sentence = f"The billing details of {account} are as before. {say_after(after, now)}"
    return Outcome(sentence, changes, data=tell(account, after, now), event="billing.details_changed")
