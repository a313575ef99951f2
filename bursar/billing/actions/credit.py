"""What stands to an account's good: applied to an invoice, taken off it again, paid back."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django import forms

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome, Topic, Undo
from bursar.actions.undo import WayBack, moved_from, offer_of
from bursar.billing.actions.settling import outcome_of, settle, why_no_invoice
from bursar.billing.actions.weighing import PAY_BACK, weigh_pay_back
from bursar.billing.models import AccountCredit, Invoice
from bursar.billing.rules import ledger
from bursar.billing.rules.words import say_credit
from bursar.billing.seller import seller_day
from bursar.billing.store import ledger as books
from bursar.billing.store.ledger import Cause
from bursar.core.money import euros, plain
from bursar.plans.actions.shared import EVERYBODY_CONCERNED
from bursar.tenants.models import BillingAccount

CREDIT = "Credit, EUR"
KEEP_CREDIT = "billing.account.keep_credit"
NONE = "No credit stands to the account's good."


def credit_of(case: Case) -> Decimal:
    """Of the account that the case is about."""
    account = case.target if isinstance(case.target, BillingAccount) else case.target.account
    found: Decimal = case.once("credit", lambda: books.get_credit(account))
    return found


class AmountForm(ActionForm):
    amount = forms.DecimalField(label="Amount, EUR", min_value=Decimal("0.01"), max_digits=12, decimal_places=2)


class ApplyForm(AmountForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].initial = plain(min(credit_of(self.case), self.case.target.open))


class PayBackForm(AmountForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].initial = plain(credit_of(self.case))


def _why_not_apply(case: Case) -> str | None:
    if sentence := why_no_invoice(case):
        return sentence
    if case.target.open <= 0:
        return "Nothing of it is open."
    return None if credit_of(case) > 0 else NONE


def _why_too_much(case: Case, data: Cleaned) -> str | None:
    most = min(credit_of(case), case.target.open)
    return None if data["amount"] <= most else f"At most {euros(most)} can be applied."


@action(
    key="billing.invoice.apply_credit",
    on=Invoice,
    form=ApplyForm,
    label="Apply credit…",
    opposite="billing.invoice.reverse_payment",
    done="Credit applied",
    icon="arrow-down-to-arc",
    code="ac",
    formerly=("use balance",),
    group=Group.MONEY,
    help="Pays an invoice with what stands to the account's good. It settles as money does.",
    when="When a customer has credit and an invoice is open.",
    customer_visible=True,
    concerns_money=True,
    blocked=_why_not_apply,
    refused=_why_too_much,
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    event="invoice.paid",
)
def apply_credit(act: Act, row: Invoice, data: Cleaned) -> Outcome:
    before, amount = row.open, data["amount"]
    after = settle(act, row, ledger.apply(amount, row.standing), Cause(seller_day(act.now)))
    sentence = f"{euros(amount)} of the account's credit pay {row.number}: {euros(after.open)} are open."
    return outcome_of(after, before, sentence, received=plain(amount))


@action(
    key=PAY_BACK,
    on=BillingAccount,
    form=PayBackForm,
    label="Pay credit back…",
    inverse=(KEEP_CREDIT,),
    done="Credit paid back",
    icon="arrow-up-from-arc",
    code="pb",
    formerly=("credit balance", "refund balance"),
    group=Group.MONEY,
    help="Books that what stands to the account's good goes back to the customer. The bank makes the transfer itself. "
    "Above a limit a second person decides first.",
    when="When a customer wants their credit as money. No credit note is made: there was one, or nothing was owed.",
    permission=Right.APPROVE_REFUND,
    customer_visible=True,
    concerns_money=True,
    blocked=lambda case: None if credit_of(case) > 0 else NONE,
    refused=lambda case, data: (
        None if data["amount"] <= credit_of(case) else f"At most {euros(credit_of(case))} can be paid back."
    ),
    second=weigh_pay_back,
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    event="credit.paid_back",
)
def pay_back_credit(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    before, amount = credit_of(act.case), data["amount"]
    books.book(account, {}, ledger.pay_back(amount), Cause(seller_day(act.now)), act.now)
    changes = [Change(CREDIT, plain(before), plain(before - amount), concerns_money=True)]
    told = {"paid_back": plain(amount), "credit": plain(before - amount)}
    undo = Undo(KEEP_CREDIT, {"amount": plain(amount)}, left={"credit": plain(before - amount)})
    return Outcome(f"{euros(amount)} of the credit of {account} go back to them.", changes, data=told, undo=undo)


def _load_credit(ids: Collection[str]) -> dict[str, dict[str, str]]:
    rows = AccountCredit.objects.filter(account__public_id__in=ids).values_list("account__public_id", "amount")
    return {public_id: {"credit": plain(amount)} for public_id, amount in rows}


@action(
    key=KEEP_CREDIT,
    on=BillingAccount,
    form=WayBack,
    label="Keep the credit after all",
    done="Credit kept after all",
    icon="arrow-back",
    group=Group.MONEY,
    help="Takes the booking of a pay-back back: the credit stands to the account's good as before.",
    when="When it was booked at the wrong account, and the bank has not made the transfer: within 24 hours, and while "
    "the credit did not move since. Money that left and comes back is booked as the bank brings it.",
    permission=Right.APPROVE_REFUND,
    customer_visible=True,
    concerns_money=True,
    preview=lambda case, data: ["Only where the bank makes no transfer: stop it first."],
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    event="credit.received",
    way_back=True,
    moved_on=moved_from(_load_credit),
    in_menu=False,
)
def keep_credit(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    before, amount = credit_of(act.case), Decimal(offer_of(act.request).data["amount"])
    books.book(account, {}, ledger.take_again(amount), Cause(seller_day(act.now)), act.now)
    after = before + amount
    changes = [Change(CREDIT, plain(before), plain(after), concerns_money=True)]
    told = {"received": plain(amount), "credit": plain(after)}
    return Outcome(f"{euros(amount)} did not go back: {say_credit(str(account), after)}.", changes, data=told)
