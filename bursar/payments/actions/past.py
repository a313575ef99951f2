"""How accounts paid before Bursar was there, from what Mollie has of it: for `bursar payments sync --from`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from bursar.access.rights import By
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Change, Cleaned, Company, Outcome, Reason
from bursar.core.calendar import Month
from bursar.core.dated import Point
from bursar.payments.models import MollieCustomer
from bursar.payments.queries.past import Past, list_told, load_pasts
from bursar.payments.rules.past import Span, choose, tell_terms
from bursar.payments.store import past as store
from bursar.plans import store as plans
from bursar.tenants.store import Written, accounts
from bursar.usage.ingest import recount

KEY = "payments.company.take_past"


class PastForm(ActionForm):
    customers = forms.CharField(label="Customers", help_text="Their ids at Mollie, with commas between.")
    since = forms.DateTimeField(label="Back to")


@action(
    key=KEY,
    on=Company,
    form=PastForm,
    label="Take a past in…",
    done="Past taken in",
    icon="history",
    help="Works out from what customers paid by Mollie how their accounts paid before, and restates those months.",
    when="At the operator's shell, by `bursar payments sync --from`, when a company that charges by Mollie already "
    "takes Bursar up. The panel refuses it. Where a file told an account's terms before, those stay.",
    reason=Reason.OPTIONAL,
    permission=By.SHELL,
    in_menu=False,
)
def take_past(act: Act, company: Company, data: Cleaned) -> Outcome:
    customers = list(MollieCustomer.objects.filter(mollie_id__in=data["customers"].split(","), account__isnull=False))
    ids = {one.account_id for one in customers if one.account_id is not None}
    accounts.hold(ids)
    told = list_told({one.account_id for one in customers if one.account_id and one.past_from is None})
    chosen = {
        account_id: choose(pasts) for account_id, pasts in load_pasts(customers).items() if account_id not in told
    }
    again = (one for one in customers if one.past_from is not None)
    ruled_since = {one.account_id: one.rules_since for one in again if one.account_id and one.rules_since}
    written = _write([one for some in chosen.values() for one in some], ruled_since, act)
    store.note_taken(customers, [account_id for account_id, some in chosen.items() if some], data["since"], act.now)
    counts = {"Customers": len(customers), "Accounts whose past was worked out": len(written.accounts)}
    counts |= {"Accounts whose past stood here before": len(told)}
    return Outcome(
        f"The past of {len(customers)} customers at Mollie is taken in.",
        [Change(name, "", str(count)) for name, count in counts.items()],
        touched={pk: Month.of(at) for pk, at in written.accounts.items()},
        data={"told": len(told), "worked_out": len(written.accounts)},
        project_later=True,
    )


def _write(chosen: list[tuple[Past, list[Span]]], ruled_since: dict[int, datetime], act: Act) -> Written:
    """Terms, paid time and charges, for all at once; usage is counted under the tiers that hold then."""
    paid = store.keep_charges(chosen, act.now)
    written = plans.terms.take_history(_list_points(chosen, ruled_since, act.now))
    periods = plans.periods.take_history(store.to_periods(paid))
    written.touch_all(periods.accounts)
    if written.recount:
        recount(sorted(written.recount), act.now)
    return written


def _list_points(chosen: list[tuple[Past, list[Span]]], ruled_since: dict[int, datetime], now: datetime) -> list[Point]:
    """Where the past was worked out before, up to when Mollie began to rule: what came after was written as it came."""
    points: list[Point] = []
    for past, spans in chosen:
        for at, terms in tell_terms(past.course, spans):
            values: dict[str, Any] = dict(terms)
            if at < ruled_since.get(past.account_id, now):
                points.append(Point((past.account_id,), at, None, values))
    return points
