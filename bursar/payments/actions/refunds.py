"""Sending money back: alone up to a limit, with a second person above it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Loss, Notice, Outcome, Reason, Topic
from bursar.approvals.rules import why_not_alone
from bursar.billing.brought import BRINGERS, Bringer
from bursar.core.days import say_day
from bursar.core.money import euros
from bursar.payments import words
from bursar.payments.actions import targets  # noqa: F401  # what these act on
from bursar.payments.actions.cancelling import AT_ONCE, CANCEL, why_not_end, why_not_end_now
from bursar.payments.models import Payment, Refund
from bursar.payments.queries import refunds as queries
from bursar.payments.queries.brought import sum_by_mollie
from bursar.payments.rules import refunds as rules
from bursar.payments.states import RefundState, ThenEnd
from bursar.payments.store import calls, refunds
from bursar.tenants.models import BillingAccount

PUT_UP = "payments.refund.put_up"
NOBODYS = "This payment belongs to no account here. Send it back on Mollie's own pages; it shows here by itself."
THEN = {
    ThenEnd.NOTHING: "nothing: subscription, tier and MRR stay",
    ThenEnd.AT_PAID_END: "cancel at the end of the paid interval",
    ThenEnd.NOW: "end now",
}


class RefundForm(ActionForm):
    amount = forms.DecimalField(
        label="Amount, EUR, with VAT", required=False, min_value=Decimal("0.01"), max_digits=10, decimal_places=2,
        help_text="Empty: all that is left of the payment.",
    )  # fmt: skip
    then_end = forms.ChoiceField(
        label="And the subscription", required=False, choices=[(one.value, said) for one, said in THEN.items()],
        initial=ThenEnd.NOTHING.value,
        help_text="A refund is money only, unless you say so here.",
    )  # fmt: skip
    accepts_twice = forms.BooleanField(
        label="I know that the money may leave twice", required=False,
        help_text="Asked for while the payer's bank can still take a direct debit back, which is eight weeks.",
    )  # fmt: skip

    def clean_then_end(self) -> str:
        return self.cleaned_data["then_end"] or ThenEnd.NOTHING.value


class RefundPayment(RefundForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].initial = queries.get_left(self.case.target) or None
        if rules.until_taken_back(queries.paid_of(self.case.target), self.case.now) is None:
            self.fields["accepts_twice"].widget = forms.HiddenInput()


class RefundAccount(RefundForm):
    payment = forms.ChoiceField(label="Payment")
    field_order = ("payment", "amount", "then_end", "accepts_twice")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["payment"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one.public_id, _describe(one, left)) for one, left in _refundable(self.case)]
        if len(field.choices) == 1:
            field.initial = field.choices[0][0]
        else:
            self.leave_open("payment")


def _refundable(case: Case) -> list[tuple[Payment, Decimal]]:
    found: list[tuple[Payment, Decimal]] = case.once("refundable", lambda: queries.list_refundable(case.target))
    return found


def _describe(payment: Payment, left: Decimal) -> str:
    method = words.say_method(payment.method)
    part = "" if left == payment.amount else f", {euros(left)} left"
    return f"{say_day(payment.paid_at or payment.at)} · {euros(payment.amount)} · {method}{part}"


def _payment_of(case: Case, data: Cleaned) -> Payment:
    if isinstance(case.target, Payment):
        return case.target
    return next(one for one, _ in _refundable(case) if one.public_id == data["payment"])


def _amount_of(payment: Payment, data: Cleaned) -> Decimal:
    amount: Decimal | None = data["amount"]
    return queries.get_left(payment) if amount is None else amount


def _why_no_refund(case: Case) -> str | None:
    if isinstance(case.target, Payment):
        if case.target.account is None:
            return NOBODYS
        return rules.why_not_refund(queries.paid_of(case.target), queries.list_sent(case.target))
    return None if _refundable(case) else "No payment has arrived of which something could go back."


def _why_not_like_this(case: Case, data: Cleaned) -> str | None:
    payment = _payment_of(case, data)
    sentence = rules.why_not_amount(_amount_of(payment, data), queries.get_left(payment))
    until = rules.until_taken_back(queries.paid_of(payment), case.now)
    if sentence is None and until is not None and not data["accepts_twice"]:
        sentence = f"{rules.warn_of_twice(until)} Tick that you know it, or wait until then."
    return sentence or why_not_then(case, payment.account, data["then_end"])


def why_not_then(case: Case, account: BillingAccount | None, then: str) -> str | None:
    if then == ThenEnd.NOTHING:
        return None
    if account is None:
        return NOBODYS
    inner = Case(case.actor, account, case.now)
    return why_not_end_now(inner) if then == ThenEnd.NOW else why_not_end(inner)


def why_second(case: Case, payment: Payment, amount: Decimal) -> str | None:
    """None when whoever asks may send it alone."""
    if not case.actor.can(Right.APPROVE_REFUND):
        return "You may ask for it; a colleague who approves refunds decides."
    of_payment = rules.add_live(queries.list_sent(payment))
    of_account = queries.sum_lately(payment.account_id, case.now) if payment.account_id else of_payment
    return why_not_alone(amount, of_payment, of_account, settings.BURSAR_REFUND_LIMIT, rules.GO_BACK)


def _foresee(case: Case, data: Cleaned) -> list[str]:
    payment = _payment_of(case, data)
    said: list[str] = []
    if second := why_second(case, payment, _amount_of(payment, data)):
        said.append(f"A second person decides before anything leaves. {second}")
    if until := rules.until_taken_back(queries.paid_of(payment), case.now):
        said.append(Loss(rules.warn_of_twice(until)))
    if data["then_end"] == ThenEnd.NOW:
        said.append(Loss("The plan ends now: every paid workspace falls to Free, and MRR with it."))
    elif data["then_end"] == ThenEnd.NOTHING:
        said.append("Money only: subscription, tiers and MRR stay as they are.")
    return said


WHEN = (
    "When money that arrived should go back: charged by mistake, or as goodwill. It is money only; tick what happens "
    "to the subscription if that should end too. For a charge that has not arrived, cancel instead."
)


def _declare(on: type, slug: str, form: type[ActionForm], *, bulk: bool) -> None:
    action(
        key=f"payments.{slug}.refund",
        on=on,
        form=form,
        label="Refund…",
        instead="Money that left has left; issue a payment link to ask for it again.",
        group=Group.MONEY,
        done="Refund asked for",
        icon="receipt-refund",
        code="rf",
        formerly=("money back", "reimburse", "pay back"),
        help="Sends money back to where it came from. Above a limit a second person decides first.",
        when=WHEN,
        permission=Right.ACT,
        blocked=_why_no_refund,
        refused=_why_not_like_this,
        preview=_foresee,
        calls=(PUT_UP, CANCEL, AT_ONCE),
        takes_away=True,
        bulk=bulk,
    )(ask_refund)


def ask_refund(act: Act, target: Any, data: Cleaned) -> Outcome:
    payment = _payment_of(act.case, data)
    amount = _amount_of(payment, data)
    made = begin(act, payment, amount, then_end=data["then_end"], accepts_twice=data["accepts_twice"])
    changes = [Change("Refund", "", euros(amount), private=True)]
    told = {"refund": made.public_id, "state": made.state, "amount": str(amount)}
    follows = "go back to the payer" if made.state == RefundState.SENDING else "wait for a second person to decide"
    return Outcome(f"{euros(amount)} {follows}.", changes, data=told, touches=[made.public_id])


def begin(act: Act, payment: Payment, amount: Decimal, **fields: Any) -> Refund:
    """Sends it, or puts it before a second person. `fields`: those of the model. The action declares PUT_UP, and what
    `send` calls.
    """
    second = why_second(act.case, payment, amount)
    state = RefundState.ASKED if second else RefundState.SENDING
    made = refunds.ask(
        payment, amount, state, act.now, description=f"Refund: {payment.description}"[:140], reason=act.reason,
        asked_by_id=act.actor.staff_id, **fields,
    )  # fmt: skip
    if second:
        act.also(PUT_UP, made, {})
    else:
        send(act, made)
    return made


def send(act: Act, made: Refund) -> None:
    """Mollie is told after commit; what else it was asked to do is done now."""
    account = made.payment.account
    assert account is not None, "nobody refunds what belongs to no account"
    calls.put("refund.create", account, {"refund": made.public_id}, act.now)
    if made.then_end != ThenEnd.NOTHING:
        act.also(AT_ONCE if made.then_end == ThenEnd.NOW else CANCEL, account, {})


_declare(BillingAccount, "account", RefundAccount, bulk=False)
_declare(Payment, "payment", RefundPayment, bulk=True)


@action(
    key=PUT_UP,
    on=Refund,
    label="A refund waits for a second person",
    done="Refund waits for a second person",
    icon="user-check",
    help="Tells the colleagues who decide on refunds that one waits for them.",
    when="It happens by itself when a refund needs a second person; there is nothing to do by hand.",
    permission=Right.ACT,
    reason=Reason.NONE,
    blocked=lambda case: None if case.target.created_at == case.now else "It is told in the moment of asking.",
    tell=(Notice.APPROVERS,),
    topic=Topic.MONEY,
    in_menu=False,
)
def put_up(act: Act, refund: Refund, data: Cleaned) -> Outcome:
    whose = refund.payment.account or "a payment of nobody here"
    change = Change("Refund", "", euros(refund.amount), private=True)
    return Outcome(f"{euros(refund.amount)} to {whose} wait for your decision.", [change])


BRINGERS.add(
    "Mollie",
    Bringer(
        sum_by_mollie,
        "What Mollie brought goes back by Mollie: refund the payment. A charge-back is booked by itself, when Mollie "
        "tells of it.",
    ),
)
