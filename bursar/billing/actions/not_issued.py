"""Trying once more what the system could not issue by itself."""

from __future__ import annotations

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, Group, Outcome, Reason
from bursar.billing.queries.not_issued import list_not_issued
from bursar.billing.store import not_issued
from bursar.tenants.models import BillingAccount


def _why_not(case: Case) -> str | None:
    waits = case.once("not issued", lambda: list_not_issued(case.target.pk).exists())
    return None if waits else "Nothing of this account waits to be issued."


@action(
    key="billing.account.try_documents_again",
    on=BillingAccount,
    label="Try again to issue",
    instead="What is issued by it is taken back by crediting the invoice.",
    done="Documents tried again",
    icon="file-alert",
    code="ta",
    formerly=("retry documents",),
    group=Group.MONEY,
    help="Looks at once at what could not be issued for this account. What still fails a rule stays with its sentence.",
    when="When you mended what it fails for: a setting of the seller, or the charge at Mollie. When billing details "
    "change it goes by itself, and otherwise each hour.",
    reason=Reason.NONE,
    blocked=_why_not,
)
def try_documents_again(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    not_issued.wake([account.pk], act.now)
    return Outcome(f"What waits of {account} is tried within a minute.")
