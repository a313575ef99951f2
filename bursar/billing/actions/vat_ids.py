"""What is known of a VAT id: asked of VIES again, accepted by a person, and told where it changes the VAT."""

from __future__ import annotations

from django import forms

from bursar.access.rights import By, Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome, Reason, Topic
from bursar.billing import queries, store, vies
from bursar.billing.actions.details_back import RESTORE_DETAILS, undo_details
from bursar.billing.actions.shared import (
    VAT,
    VAT_ID,
    decision_of,
    details_of,
    is_same_vat,
    list_change_of_vat,
    say_after,
    say_vat_id,
    tell,
)
from bursar.billing.models import BillingDetails
from bursar.billing.rules import Answer, VatIdStatus, explain_decision, say_decision
from bursar.billing.store import Asked
from bursar.plans.actions.shared import EVERYBODY_CONCERNED
from bursar.tenants.models import BillingAccount

TELL_CHANGE = "billing.account.tell_vat_change"
IS_OFF = "VIES is off in this installation (BURSAR_VIES)."


def _why_no_id(case: Case) -> str | None:
    details = details_of(case)
    if details is None:
        return "There are no billing details yet."
    return None if details.vat_id else "There is no VAT id in the billing details."


def _its(case: Case) -> BillingDetails:
    details = details_of(case)
    assert details is not None
    return details


def _why_not_ask(case: Case) -> str | None:
    return _why_no_id(case) or (None if vies.is_on() else IS_OFF)


def _ask(case: Case, data: Cleaned) -> Asked:
    vat_id = _its(case).vat_id
    word = vies.ask(vat_id)
    return Asked(vat_id, word.answer, word.consultation)


def _take(act: Act, account: BillingAccount, asked: Asked) -> Outcome:
    """Where the VAT changes by it, the customer is told in a line of its own."""
    before = _its(act.case)
    was = decision_of(act.case, before)
    after = store.take_answers({account.pk: asked}, act.now).get(account.pk, before)
    if not is_same_vat(was, decision_of(act.case, after)):
        act.also(TELL_CHANGE, account, {"vat_before": say_decision(was), "id_before": say_vat_id(before)})
    changes = [Change(VAT_ID, say_vat_id(before), say_vat_id(after), private=True)]
    return Outcome(f"{_SAID[asked.answer]} {after.vat_id}.", changes)


_SAID = {
    Answer.VALID: "VIES confirms the VAT id",
    Answer.INVALID: "VIES says that this VAT id is not valid:",
    Answer.SILENT: "VIES does not answer about the VAT id",
}


@action(
    key="billing.account.ask_vies",
    on=BillingAccount,
    label="Ask VIES again…",
    instead="The register's answer stays until it is asked again.",
    group=Group.MONEY,
    done="VIES asked",
    icon="refresh",
    code="av",
    formerly=("check vat number", "validate tax id"),
    help="Asks the EU's register whether the account's VAT id is valid, and takes its answer.",
    when="When a VAT id is not confirmed yet, or somebody doubts it. It is asked by itself every few weeks too. No "
    "answer leaves what was known.",
    reason=Reason.NONE,
    blocked=_why_not_ask,
    prepare=_ask,
    preview=lambda case, data: ["VIES is asked when you go on; it takes up to three seconds."],
    calls=(TELL_CHANGE,),
)
def ask_vies(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    asked: Asked | None = act.prepared
    if asked is None or asked.vat_id != _its(act.case).vat_id:
        return Outcome(f"VIES is asked about {_its(act.case).vat_id}.")
    return _take(act, account, asked)


def ask_for_checkout(details: BillingDetails | None) -> Asked | None:
    """Of an id that nobody has confirmed yet, for whoever pays just now: three seconds at most, before the transaction.

    One that is confirmed is not asked again: only an amount that falls may be another than the customer has read.
    """
    if not is_asked_at_checkout(details):
        return None
    assert details is not None
    word = vies.ask(details.vat_id)
    return Asked(details.vat_id, word.answer, word.consultation)


def is_asked_at_checkout(details: BillingDetails | None) -> bool:
    if details is None or details.is_accepted or not vies.is_on():
        return False
    return bool(details.vat_status == VatIdStatus.UNKNOWN)


def take_at_checkout(act: Act, account: BillingAccount, asked: Asked) -> list[Change]:
    """What the register said before the transaction, and the VAT where that changes it."""
    before = queries.get_details(account.pk)
    after = store.take_answers({account.pk: asked}, act.now).get(account.pk, before)
    if before is None or after is None:
        return []
    change = list_change_of_vat(decision_of(act.case, before), decision_of(act.case, after))
    return [Change(VAT_ID, say_vat_id(before), say_vat_id(after)), *change]


class AnswerForm(ActionForm):
    vat_id = forms.CharField(label="VAT id", max_length=20)
    answer = forms.ChoiceField(label="Answer", choices=[(Answer.VALID, "valid"), (Answer.INVALID, "not valid")])
    consultation = forms.CharField(label="Number", max_length=vies.CONSULTATION_LENGTH, required=False)


@action(
    key="billing.account.note_vies_answer",
    on=BillingAccount,
    form=AnswerForm,
    label="VIES was asked again",
    done="VIES asked again",
    icon="refresh",
    help="Takes what the register answered when the clock asked it again.",
    when="It happens by itself every few weeks, so that each renewal has a fresh answer; there is nothing to do.",
    permission=By.CLOCK,
    reason=Reason.NONE,
    blocked=_why_no_id,
    refused=lambda case, data: None if _its(case).vat_id == data["vat_id"] else "The VAT id is another one by now.",
    calls=(TELL_CHANGE,),
    in_menu=False,
)
def note_vies_answer(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    return _take(act, account, Asked(data["vat_id"], Answer(data["answer"]), data["consultation"]))


class ToldForm(ActionForm):
    vat_before = forms.CharField(label="VAT before", max_length=200)
    id_before = forms.CharField(label="VAT id before", max_length=400)


def _why_not_told(case: Case) -> str | None:
    details = details_of(case)
    if details is None or details.known_at != case.now:
        return "It is told by itself, in the moment in which the register's answer changes the VAT."
    return None


@action(
    key=TELL_CHANGE,
    on=BillingAccount,
    form=ToldForm,
    label="VAT changed",
    done="VAT changed",
    icon="receipt-tax",
    help="Tells the customer that another VAT holds, because of what the register says of their VAT id.",
    when="It happens by itself when VIES confirms an id, or says that it is not valid; there is nothing to do by hand.",
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=True,
    message=Reason.NONE,
    blocked=_why_not_told,
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    event="billing.vat_changed",
    in_menu=False,
)
def tell_vat_change(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    details = _its(act.case)
    decision = decision_of(act.case, details)
    changes = [
        Change(VAT_ID, data["id_before"], say_vat_id(details)),
        Change(VAT, data["vat_before"], say_decision(decision), concerns_money=True),
    ]
    return Outcome(say_after(details, decision), changes, data=tell(account, details, decision))


class AcceptForm(ActionForm):
    consultation = forms.CharField(
        label="Consultation number", max_length=vies.CONSULTATION_LENGTH,
        help_text="Under which the register, or a member state, keeps its answer: the proof that an auditor asks for.",
    )  # fmt: skip


def _accepted(case: Case) -> BillingDetails:
    """As it would be; never saved."""
    details = queries.get_details(case.target.pk)
    assert details is not None
    details.is_accepted = True
    return details


def _why_not_accept(case: Case) -> str | None:
    sentence = _why_no_id(case)
    if sentence:
        return sentence
    details = _its(case)
    if details.vat_status == VatIdStatus.VALID:
        return "VIES says that the VAT id is valid: there is nothing to accept."
    if details.vat_status == VatIdStatus.INVALID:
        return "VIES says that the VAT id is not valid. Ask VIES again once it is registered."
    if details.is_accepted:
        return f"It was {queries.say_status(details)}."
    now = decision_of(case, details)
    names_it = case.target.organisation.is_partner  # on self-billing invoices, whatever VAT we charge
    if not names_it and is_same_vat(now, decision_of(case, _accepted(case))):
        return f"It would change nothing. {explain_decision(now)}"
    return None


@action(
    key="billing.account.accept_vat_id",
    on=BillingAccount,
    form=AcceptForm,
    label="Accept VAT id…",
    inverse=(RESTORE_DETAILS,),
    group=Group.MONEY,
    done="VAT id accepted",
    icon="shield-check",
    code="vi",
    formerly=("override vat number", "tax id"),
    help="Takes a VAT id that VIES has not confirmed for valid: no VAT is charged from now on where it allows that "
    "(reverse charge).",
    when="When VIES does not answer for days and you have another proof, such as the answer of the member state with "
    "its number. Whoever accepts answers for the VAT. What VIES says later takes its place. Of a partner in our own "
    "country too, whose VAT stays as it is: self-billing invoices name its id.",
    permission=Right.OVERRIDE,
    customer_visible=True,
    concerns_money=True,
    blocked=_why_not_accept,
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    event="billing.vat_changed",
)
def accept_vat_id(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    before = _its(act.case)
    was, words = decision_of(act.case, before), say_vat_id(before)
    after = store.accept([account.pk], data["consultation"], act.now)[account.pk]
    now = decision_of(act.case, after)
    changes = [Change(VAT_ID, words, say_vat_id(after)), *list_change_of_vat(was, now)]
    sentence = f"{after.vat_id} counts as valid. {say_after(after, now)}"
    return Outcome(sentence, changes, data=tell(account, after, now), undo=undo_details(before, account))
