"""What an account owes beside its invoices: paid by bank, given up, asked for again."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Group, Outcome, Reason, Topic, Undo
from bursar.actions.undo import WayBack, moved_from, offer_of
from bursar.billing.actions.credit import CREDIT, AmountForm, credit_of
from bursar.billing.actions.settling import ReceiptForm
from bursar.billing.actions.weighing import MARK_OWED_PAID, WRITE_OFF_OWED, weigh_owed_paid, weigh_write_off_owed
from bursar.billing.models import AccountCredit
from bursar.billing.rules import ledger
from bursar.billing.rules.ledger import Entry
from bursar.billing.rules.words import say_credit
from bursar.billing.seller import seller_day
from bursar.billing.store import ledger as books
from bursar.billing.store.ledger import Cause
from bursar.core.days import say_day
from bursar.core.money import ZERO, euros, plain
from bursar.plans.actions.shared import EVERYBODY_CONCERNED
from bursar.tenants.models import BillingAccount

ASK_AGAIN = "billing.account.ask_owed_again"
UNBOOK = "billing.account.unbook_owed_paid"
NOTHING = "Nothing is owed beside its invoices."


def owed_of(case: Case) -> Decimal:
    return max(ZERO, -credit_of(case))


def given_up_of(case: Case) -> Decimal:
    found: Decimal = case.once("given up", lambda: books.get_given_up(case.target))
    return found


def _why_none_owed(case: Case) -> str | None:
    return None if owed_of(case) > 0 else NOTHING


class OwedForm(ReceiptForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].initial = plain(owed_of(self.case))

    def clean_amount(self) -> Decimal:
        given: Decimal | None = self.cleaned_data["amount"]
        return owed_of(self.case) if given is None else given


class AskAgainForm(AmountForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].initial = plain(given_up_of(self.case))


def _book(act: Act, account: BillingAccount, entries: list[Entry], cause: Cause, said: str, **told: str) -> Outcome:
    """`said`: what happened; how it stands then is said behind it."""
    before = credit_of(act.case)
    books.book(account, {}, entries, cause, act.now)
    after = before + ledger.change_of_credit(entries)
    changes = [Change(CREDIT, plain(before), plain(after), concerns_money=True)]
    return Outcome(f"{said}: {say_credit(str(account), after)}.", changes, data={**told, "credit": plain(after)})


def _load_balance(ids: Collection[str]) -> dict[str, dict[str, str]]:
    rows = AccountCredit.objects.filter(account__public_id__in=ids)
    found = rows.values_list("account__public_id", "amount", "given_up")
    return {public_id: {"credit": plain(amount), "given_up": plain(given_up)} for public_id, amount, given_up in found}


def _left(account: BillingAccount) -> dict[str, str]:
    return _load_balance([account.public_id])[account.public_id]


@action(
    key=MARK_OWED_PAID,
    on=BillingAccount,
    form=OwedForm,
    label="Mark what is owed as paid…",
    inverse=(UNBOOK,),
    done="Payment of what was owed booked",
    icon="coin",
    code="mo",
    formerly=("settle balance", "negative balance"),
    group=Group.MONEY,
    help="Books money that arrived by bank for what the account owes beside its invoices. Above a limit a second "
    "person decides first.",
    when="When the bank says that it came, and its statement is not read here: a line of the bank is split to the "
    "account's id instead. For an invoice, mark that paid.",
    customer_visible=True,
    concerns_money=True,
    reason=Reason.OPTIONAL,
    blocked=_why_none_owed,
    refused=lambda case, data: (
        None if data["amount"] <= owed_of(case) else f"Only {euros(owed_of(case))} are owed beside its invoices."
    ),
    second=weigh_owed_paid,
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    event="credit.received",
)
def mark_owed_paid(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    amount, cause = data["amount"], Cause(data["on"], reference=data["reference"])
    said = f"{euros(amount)} arrived on {say_day(data['on'])}"
    outcome = _book(act, account, ledger.receive(amount, []), cause, said, received=plain(amount))
    outcome.undo = Undo(UNBOOK, {"amount": plain(amount)}, left=_left(account))
    return outcome


@action(
    key=UNBOOK,
    on=BillingAccount,
    form=WayBack,
    label="Take the payment off again",
    done="Payment of what was owed taken off",
    icon="arrow-back",
    group=Group.MONEY,
    help="Takes a payment that was booked by hand off again: it is owed as before.",
    when="When it was booked at the wrong account: within 24 hours, and while the balance did not move since.",
    customer_visible=True,
    concerns_money=True,
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    event="credit.paid_back",
    way_back=True,
    moved_on=moved_from(_load_balance),
    in_menu=False,
)
def unbook_owed_paid(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    amount = Decimal(offer_of(act.request).data["amount"])
    said = f"{euros(amount)} did not arrive for it"
    return _book(act, account, ledger.pay_back(amount), Cause(seller_day(act.now)), said, paid_back=plain(amount))


@action(
    key=WRITE_OFF_OWED,
    on=BillingAccount,
    label="Write off what is owed…",
    inverse=(ASK_AGAIN,),
    done="What was owed written off",
    icon="eraser",
    code="wf",
    formerly=("bad debt", "negative balance"),
    group=Group.MONEY,
    help="Gives up what the account owes beside its invoices. Money of the same charge that still comes makes up for "
    "it; other money is credit. Above a limit a second person decides first.",
    when="When it will not be paid. What an invoice asks for is written off at the invoice.",
    permission=Right.APPROVE_REFUND,
    concerns_money=True,
    blocked=_why_none_owed,
    second=weigh_write_off_owed,
    topic=Topic.MONEY,
    event="credit.written_off",
)
def write_off_owed(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    amount, cause = owed_of(act.case), Cause(seller_day(act.now))
    said = f"{euros(amount)} are given up"
    outcome = _book(act, account, ledger.give_up(amount), cause, said, written_off=plain(amount))
    outcome.undo = Undo(ASK_AGAIN, {"amount": plain(amount)}, left=_left(account))
    return outcome


@action(
    key=ASK_AGAIN,
    on=BillingAccount,
    form=AskAgainForm,
    label="Ask again for what was given up…",
    opposite=WRITE_OFF_OWED,
    done="Asked again for what was given up",
    icon="arrow-back",
    code="ag",
    formerly=("take write-off back",),
    group=Group.MONEY,
    help="Asks again for what was written off beside its invoices. Credit that it has makes up for it at once.",
    when="When the wrong account's was written off, or the customer pays after all: book the money, then ask again.",
    permission=Right.APPROVE_REFUND,
    concerns_money=True,
    blocked=lambda case: None if given_up_of(case) > 0 else "Nothing of it was given up.",
    refused=lambda case, data: (
        None if data["amount"] <= given_up_of(case) else f"Only {euros(given_up_of(case))} were given up."
    ),
    topic=Topic.MONEY,
    event="credit.asked_again",
    moved_on=moved_from(_load_balance),
)
def ask_owed_again(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    amount, cause = data["amount"], Cause(seller_day(act.now))
    said = f"{euros(amount)} are asked for again"
    return _book(act, account, ledger.ask_again(amount), cause, said, asked_again=plain(amount))
