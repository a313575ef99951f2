"""Payment links: issued for an invoice or an amount, archived by hand, and by themselves when the invoice moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, DayInput, Group, Outcome, Reason
from bursar.billing.actions.owed import owed_of
from bursar.billing.actions.settling import why_no_invoice
from bursar.billing.models import Invoice
from bursar.billing.obstacles import OBSTACLES
from bursar.billing.store.ledger import FOLLOWERS
from bursar.core.calendar import end_of
from bursar.core.days import say_end
from bursar.core.money import euros, plain
from bursar.payments import queries
from bursar.payments.gateway import get_mode
from bursar.payments.models import PaymentLink
from bursar.payments.queries import links as read
from bursar.payments.rules import links as rules
from bursar.payments.rules.levers import NOT_SET_UP
from bursar.payments.store import links
from bursar.plans.actions.shared import state_of
from bursar.tenants.models import BillingAccount

HOLDS = timedelta(days=30)


class LinkForm(ActionForm):
    amount = forms.DecimalField(
        label="Amount, EUR, with VAT", required=False, min_value=Decimal("0.01"), max_digits=10, decimal_places=2,
        help_text="Empty: what is open of the invoice. It stays as it is for good.",
    )  # fmt: skip
    description = forms.CharField(
        label="Description",
        required=False,
        max_length=255,
        help_text="The payer reads it. Empty: the invoice's number.",
    )
    last_day = forms.DateField(label="Open until", required=False, widget=DayInput(), help_text="Its last day.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["last_day"].initial = self.case.now.date() + HOLDS

    def clean_last_day(self) -> date:
        today = self.case.now.date()
        day: date = self.cleaned_data["last_day"] or today + HOLDS
        if sentence := rules.why_not_day(day, today):
            raise forms.ValidationError(sentence)
        return day


class LinkOfInvoice(LinkForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].initial = plain(self.case.target.open)
        self.fields["description"].initial = _describe(self.case.target)


class LinkOfAccount(LinkForm):
    invoice = forms.ChoiceField(label="For", required=False)
    field_order = ("invoice", "amount", "description", "last_day")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field, invoices = self.fields["invoice"], _invoices(self.case)
        assert isinstance(field, forms.ChoiceField)
        offered = [(one.public_id, f"{one.number}, {euros(one.open)} open") for one in invoices]
        field.choices = [*offered, ("", "no invoice: the money stands as the account's credit")]
        first = next((one for one in invoices if _why_not_for(self.case, one) is None), None)
        field.initial = first.public_id if first else ""
        self.fields["amount"].initial = plain(first.open if first else _loose_amount(self.case))
        self.fields["description"].initial = _describe(first)


def _invoices(case: Case) -> list[Invoice]:
    found: list[Invoice] = case.once("open invoices", lambda: read.list_open_invoices(case.target))
    return found


def _loose_amount(case: Case) -> Decimal:
    """For no invoice: what the account owes beside its invoices, else what its next interval would cost, with VAT."""
    if owed := owed_of(case):
        return owed
    return queries.foresee(case.target, state_of(case), case.now).gross


def _describe(invoice: Invoice | None) -> str:
    company = settings.BURSAR_COMPANY_NAME
    return f"{company} {invoice.number}" if invoice else company


def _invoice_of(case: Case, data: Cleaned) -> Invoice | None:
    if isinstance(case.target, Invoice):
        return case.target
    return next((one for one in _invoices(case) if one.public_id == data["invoice"]), None)


def _amount_of(case: Case, data: Cleaned) -> Decimal:
    invoice, amount = _invoice_of(case, data), data["amount"]
    if amount is not None:
        return Decimal(amount)
    return invoice.open if invoice else _loose_amount(case)


def _why_not_link(case: Case) -> str | None:
    if get_mode() is None:
        return NOT_SET_UP
    return _why_not_for(case, case.target) if isinstance(case.target, Invoice) else None


def _why_not_for(case: Case, invoice: Invoice) -> str | None:
    live = read.find_live(invoice, case.now)
    return why_no_invoice(Case(case.actor, invoice, case.now)) or rules.why_not_link(
        invoice.open, live.expires_at if live else None
    )


def _why_not_like_this(case: Case, data: Cleaned) -> str | None:
    invoice, amount = _invoice_of(case, data), _amount_of(case, data)
    if invoice is not None and (sentence := _why_not_for(case, invoice)):
        return sentence
    if amount <= 0:
        return "Say for how much: the account owes nothing, and its next interval costs nothing."
    return rules.why_not_amount(amount, invoice.open if invoice else None)


def issue(act: Act, target: Any, data: Cleaned) -> Outcome:
    invoice, amount = _invoice_of(act.case, data), _amount_of(act.case, data)
    account = target if isinstance(target, BillingAccount) else target.account
    if invoice is not None:  # one that has expired makes room; Mollie closed it by itself
        links.archive(links.list_live(PaymentLink.objects.filter(invoice=invoice)), "It had expired.", act.now)
    made = links.make(
        account, act.now, invoice=invoice, amount=amount, description=data["description"] or _describe(invoice),
        expires_at=end_of(data["last_day"]), made_by_id=act.actor.staff_id,
    )  # fmt: skip
    what = invoice.number if invoice else "the account's credit"
    changes = [Change("Payment link", "", f"{euros(amount)} for {what}", concerns_money=True)]
    told = {"payment_link": made.public_id, "amount": plain(amount), "invoice": invoice.public_id if invoice else ""}
    until = say_end(made.expires_at)
    return Outcome(
        f"A payment link over {euros(amount)} for {what}, open until {until}, is being made; its address stands at the "
        "account in a moment.",
        changes, data=told, touches=[made.public_id, *([invoice.public_id] if invoice else [])],
    )  # fmt: skip


def _declare(on: type, slug: str, form: type[ActionForm]) -> None:
    action(
        key=f"payments.{slug}.issue_payment_link",
        on=on,
        form=form,
        label="Issue payment link…",
        opposite="payments.payment_link.archive",
        group=Group.MONEY,
        done="Payment link issued",
        icon="link",
        code="pl",
        formerly=("request payment", "pay link"),
        help="Makes an address at Mollie by which anybody can pay an invoice, or an amount. You send it yourself.",
        when="When a customer who pays by invoice would rather pay by card or iDEAL, or when somebody else pays for "
        "them. For a plan in self-serve send a checkout instead.",
        reason=Reason.OPTIONAL,
        customer_visible=True,
        concerns_money=True,
        blocked=_why_not_link,
        refused=_why_not_like_this,
    )(issue)


_declare(BillingAccount, "account", LinkOfAccount)
_declare(Invoice, "invoice", LinkOfInvoice)


def _why_not_archive(case: Case) -> str | None:
    link: PaymentLink = case.target
    if link.state in rules.LIVE:
        return None
    return f"It is over: {rules.say_state(read.standing_of(link), case.now)}."


@action(
    key="payments.payment_link.archive",
    on=PaymentLink,
    label="Archive payment link…",
    instead="Issue a new payment link.",
    group=Group.MONEY,
    done="Payment link archived",
    icon="link-off",
    code="al",
    formerly=("deactivate link",),
    help="Closes it at Mollie: nobody can pay by it any more.",
    when="When it was made for the wrong amount, or is not wanted any more. One whose invoice is settled is archived "
    "by itself.",
    customer_visible=True,
    concerns_money=True,
    blocked=_why_not_archive,
    takes_away=True,
)
def archive(act: Act, link: PaymentLink, data: Cleaned) -> Outcome:
    links.archive([link], "By hand.", act.now)
    changes = [Change("Payment link", f"{euros(link.amount)} open", "archived", concerns_money=True)]
    return Outcome(f"The payment link over {euros(link.amount)} is closed.", changes)


def follow_ledger(invoices: Sequence[Invoice], now: datetime) -> None:
    """Whatever was booked: what a link asked for is not what is open any more. Paid all the same, it is credit."""
    live = links.list_live(PaymentLink.objects.filter(invoice__in=[one.pk for one in invoices]))
    links.archive(live.select_related("account"), rules.SETTLED_OTHERWISE, now)


FOLLOWERS.add("payment links", follow_ledger)
OBSTACLES.add("money under way", read.say_under_way)
