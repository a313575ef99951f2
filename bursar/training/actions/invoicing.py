"""A session is invoiced: by the dialog of managed billing, filled in with what it costs."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.rows import RowsField
from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, Outcome
from bursar.billing import proposing
from bursar.billing.actions.issuing import (
    Composed,
    PapersForm,
    compose_papers,
    composed_of,
    issue_composed,
    issues,
    why_not_issue,
    why_not_this,
)
from bursar.billing.actions.lines import LineForm, make_items
from bursar.billing.actions.shared import details_of
from bursar.billing.documents.document import ItemKind
from bursar.billing.documents.texts import Wording
from bursar.billing.seller import seller_day
from bursar.billing.store.documents import Issue
from bursar.core.money import plain
from bursar.tenants.models import BillingAccount
from bursar.training import rules
from bursar.training.models import TrainingSession
from bursar.training.queries.sessions import count_roster, find_invoice, is_credited, list_parts
from bursar.training.store import sessions


def on_account(case: Case, account: BillingAccount) -> Case:
    """The same case, looking at who pays; what it loaded is kept with the session's."""
    made: Case = case.once(f"on {account.pk}", lambda: Case(case.actor, account, case.now))
    return made


def _accounts(session: TrainingSession) -> list[BillingAccount]:
    return list(session.organisation.accounts.order_by("sort_key", "id"))


class InvoiceForm(PapersForm):
    """`account`: the public id of one of the organisation's; of a single one it need not be said."""

    account = forms.ChoiceField(label="Who pays", required=False)
    lines = RowsField(LineForm, label="Lines")

    field_order = ("account", "lines")

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        every = _accounts(case.target)
        sent = args[0] if args else kwargs.get("data")
        wanted = (sent or {}).get("account") or (kwargs.get("initial") or {}).get("account")
        chosen = next((one for one in every if one.public_id == wanted), every[0] if len(every) == 1 else None)
        payer = chosen or next(iter(every), BillingAccount())
        super().__init__(*args, case=on_account(case, payer), **kwargs)
        field = self.fields["account"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one.public_id, str(one)) for one in every]
        field.required = len(every) > 1
        field.initial = chosen.public_id if chosen else ""
        if len(every) > 1:
            self.leave_open("account")
        details = details_of(self.case)
        self.fields["lines"].initial = propose_lines(case, details.language if details else "en")

    def clean_account(self) -> BillingAccount:
        chosen: BillingAccount = self.case.target
        return chosen

    def clean_lines(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = self.cleaned_data["lines"]
        if not lines:
            raise forms.ValidationError("An invoice has a line at least.")
        return lines


MORE = {"en": "{title}: participants above {included}", "nl": "{title}: deelnemers boven {included}"}


def propose_lines(case: Case, language: str) -> list[dict[str, str]]:
    """What it costs, part by part: they come to the estimate. In the language of the document."""
    session: TrainingSession = case.target
    day = session.held_on or (seller_day(session.starts_at) if session.starts_at else seller_day(case.now))
    title = f"{session.training.title}, {Wording(language).say_day(day)}"
    more = MORE[language].format(title=title, included=session.price.included)
    return [
        {
            "kind": ItemKind.TRAINING.value,
            "description": more if part.is_extra else title,
            "quantity": str(part.quantity),
            "unit_price": plain(part.unit_price),
        }
        for part in list_parts(session, count_roster(session))
    ]


def _why_not(case: Case) -> str | None:
    session: TrainingSession = case.target
    known = find_invoice(session)
    number = known.number if known and not is_credited(known) else None
    if sentence := rules.why_not_invoice(session.state, number):
        return sentence
    accounts = _accounts(session)
    if not accounts:
        return "The organisation has no account that could pay."
    return why_not_issue(on_account(case, accounts[0])) if len(accounts) == 1 else None


def _compose(case: Case, data: Cleaned) -> Composed:
    return composed_of(case, data, _compose_afresh)


def _compose_afresh(case: Case, data: Cleaned) -> Composed:
    payer, day = on_account(case, data["account"]), seller_day(case.now)
    items = make_items(data["lines"], lambda kind: proposing.decide_for_item(details_of(payer), kind, day))
    return compose_papers(payer, items, data, Issue())


def _refuse(case: Case, data: Cleaned) -> str | None:
    account = data["account"]
    return why_not_issue(on_account(case, account)) or why_not_this(account.pk, _compose(case, data))


@action(
    key="training.session.invoice",
    on=TrainingSession,
    form=InvoiceForm,
    label="Invoice this session…",
    done="Training invoiced",
    icon="file-invoice",
    code="iv",
    formerly=("bill",),
    help="Numbers an invoice for it and freezes it, with lines that come to the estimate.",
    when="Before or after it is held, once. It is asked for again only when its invoice was credited in full. What "
    "else the account owes belongs on an invoice of the account.",
    blocked=_why_not,
    refused=_refuse,
    **issues(_compose),
)
def invoice(act: Act, session: TrainingSession, data: Cleaned) -> Outcome:
    composed = _compose(act.case, data)
    return issue_composed(act, data["account"], composed, lambda row: sessions.set_invoice(session, row))
