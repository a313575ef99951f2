"""Who pays: written down by the customer on their own pages, or by staff."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import validate_email

from bursar.access.rights import Own
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Cleaned, Group, Outcome, Reason, Topic
from bursar.billing import queries, store, vies
from bursar.billing.actions.details_back import RESTORE_DETAILS, undo_details
from bursar.billing.actions.shared import (
    decision_of,
    details_of,
    is_same_vat,
    list_change_of_vat,
    list_changes,
    say_after,
    tell,
)
from bursar.billing.models import BillingDetails
from bursar.billing.models.details import LANGUAGES
from bursar.billing.rules import (
    COUNTRIES,
    Answer,
    VatIdStatus,
    read_legal_id,
    read_peppol_id,
    read_vat_id,
    say_decision,
    why_not_legal_id,
    why_not_peppol_id,
    why_not_postcode,
    why_not_vat_id,
)
from bursar.billing.store import Asked, Details
from bursar.core.errors import Invalid
from bursar.plans.actions.shared import EVERYBODY_CONCERNED
from bursar.tenants.models import BillingAccount

MAILS_AT_MOST = 5
NOT_VALID = (
    "VIES, the register of the EU, says that this VAT id is not valid. Look at it again, or leave it empty: VAT is "
    "charged then."
)


class DetailsForm(ActionForm):
    """The fields are those of `Details` that a customer may say; `StaffForm` has the others."""

    rare: tuple[str, ...] = (
        "street_more", "legal_id", "peppol_id", "order_number", "order_last_day", "buyer_reference", "language",
    )  # fmt: skip

    name = forms.CharField(label="Name of the company or body", max_length=200, help_text="As it shall be invoiced.")
    street = forms.CharField(label="Street and number", max_length=200)
    street_more = forms.CharField(label="More of the address", max_length=200, required=False)
    postcode = forms.CharField(label="Postcode", max_length=20, required=False)
    city = forms.CharField(label="City", max_length=100)
    country = forms.ChoiceField(label="Country", choices=list(COUNTRIES.items()))
    vat_id = forms.CharField(
        label="VAT id", max_length=40, required=False,
        help_text="Of a member state of the EU, such as NL004495445B01; empty if there is none.",
    )  # fmt: skip
    legal_id = forms.CharField(
        label="KvK number or OIN", max_length=40, required=False,
        help_text="Of a Dutch company (8 digits) or public body (20 digits).",
    )  # fmt: skip
    peppol_id = forms.CharField(
        label="Peppol id", max_length=80, required=False,
        help_text="For e-invoices: scheme and value, such as 0190:00000001234567890000.",
    )  # fmt: skip
    order_number = forms.CharField(label="Purchase order number", max_length=50, required=False)
    order_last_day = forms.DateField(
        label="Order number holds through", required=False, help_text="Empty: until it is changed.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip
    buyer_reference = forms.CharField(
        label="Your reference", max_length=100, required=False,
        help_text="A cost centre or a name by which invoices find their way.",
    )  # fmt: skip
    language = forms.ChoiceField(label="Language of documents", choices=LANGUAGES, required=False)
    mails = forms.CharField(
        label="Mail addresses for documents", required=False, max_length=1500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=f"One a line, at most {MAILS_AT_MOST}. Empty: documents go to people with billing rights.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = details_of(self.case)
        known = as_data(present) if present else guess(self.case.target)
        for name in self.fields.keys() & known.keys():
            self.fields[name].initial = known[name]

    def clean_vat_id(self) -> str:
        return self._checked("vat_id", read_vat_id, why_not_vat_id)

    def clean_legal_id(self) -> str:
        return self._checked("legal_id", read_legal_id, why_not_legal_id)

    def clean_peppol_id(self) -> str:
        return self._checked("peppol_id", read_peppol_id, why_not_peppol_id)

    def clean_language(self) -> str:
        return self.cleaned_data["language"] or LANGUAGES[0][0]

    def _checked(self, name: str, read: Callable[[str], str], why_not: Callable[[str], str | None]) -> str:
        value = read(self.cleaned_data[name])
        sentence = why_not(value) if value else None
        if sentence:
            raise forms.ValidationError(sentence)
        return value

    def clean_mails(self) -> tuple[str, ...]:
        text: str = self.cleaned_data["mails"]
        mails = list(dict.fromkeys(text.replace(",", " ").replace(";", " ").split()))
        if len(mails) > MAILS_AT_MOST:
            raise forms.ValidationError(f"At most {MAILS_AT_MOST} addresses.")
        for mail in mails:
            validate_email(mail)
        return tuple(mails)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        sentence = why_not_postcode(data.get("country", ""), data.get("postcode", ""))
        if sentence:
            self.add_error("postcode", sentence)
        return data


class StaffForm(DetailsForm):
    rare = (*DetailsForm.rare, "contract", "payment_days")
    contract = forms.CharField(label="Contract", max_length=50, required=False)
    payment_days = forms.IntegerField(
        label="Payment term in days", required=False, min_value=0, max_value=120, help_text="Empty: the usual one.",
    )  # fmt: skip


def as_data(row: BillingDetails) -> dict[str, Any]:
    """As the form takes it."""
    return {**vars(store.details_of(row)), "mails": "\n".join(row.mails)}


def wanted(case: Case, data: Cleaned) -> Details:
    """What a form does not ask for stays."""
    present = details_of(case)
    return replace(store.details_of(present), **data) if present else Details(**data)


def guess(account: BillingAccount) -> dict[str, str]:
    """What may be right where nobody wrote it down yet."""
    country = account.organisation.country
    return {"name": str(account), "country": country if country in COUNTRIES else settings.BURSAR_SELLER_COUNTRY}


def as_row(details: Details, present: BillingDetails | None) -> BillingDetails:
    """What would stand, were it written: never saved. What is known of an id goes with it."""
    row = BillingDetails(**{**vars(details), "mails": list(details.mails)}, vat_status=VatIdStatus.UNKNOWN)
    if not row.vat_id:
        row.vat_status = VatIdStatus.NONE
    elif present is not None and present.vat_id == row.vat_id:
        row.vat_status, row.is_accepted = present.vat_status, present.is_accepted
    return row


def why_not_new(case: Case, data: Cleaned) -> str | None:
    """An id that nobody has confirmed yet may be sent again, to be asked again."""
    present = details_of(case)
    if present is None or store.details_of(present) != wanted(case, data):
        return None
    if vies.is_on() and present.vat_status == VatIdStatus.UNKNOWN and not present.is_accepted:
        return None
    return "That is what stands already."


def ask_register(case: Case, data: Cleaned) -> Asked | None:
    """None where there is nothing to ask. Raises Invalid for a new id that the register calls invalid."""
    present, vat_id = details_of(case), data["vat_id"]
    is_new = present is None or present.vat_id != vat_id
    if not vat_id or not vies.is_on() or (present and not is_new and queries.is_fresh(present, case.now)):
        return None
    word = vies.ask(vat_id)
    if is_new and word.answer == Answer.INVALID:
        raise Invalid(fields={"vat_id": [NOT_VALID]})
    return Asked(vat_id, word.answer, word.consultation)


def foresee(case: Case, data: Cleaned) -> list[str]:
    """What follows for the VAT once the register has spoken; as things stand, the verb says it."""
    row = as_row(wanted(case, data), details_of(case))
    if row.vat_status != VatIdStatus.UNKNOWN or row.is_accepted:
        return []
    decision = decision_of(case, row)
    row.vat_status = VatIdStatus.VALID
    confirmed = decision_of(case, row)
    if is_same_vat(decision, confirmed):
        return []
    who = "VIES, the register of the EU, is asked when you save" if vies.is_on() else "Somebody has to confirm the id"
    return [f"{who}. Once it is confirmed: {say_decision(confirmed)}."]


def write(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    """The details, and what the register answered about them in `prepare`."""
    before = details_of(act.case)
    asked: Asked | None = act.prepared
    after = store.set_details({account.pk: wanted(act.case, data)}, act.now)[account.pk]
    if asked is not None:
        after = store.take_answers({account.pk: asked}, act.now)[account.pk]
    was, now = decision_of(act.case, before), decision_of(act.case, after)
    changes = [*list_changes(before, after), *list_change_of_vat(was, now)]
    first = f"{account} is billed as {after.name}." if before is None else f"The billing details of {account} change."
    silent = " VIES did not answer; it is asked again." if asked and asked.answer == Answer.SILENT else ""
    return Outcome(f"{first}{silent} {say_after(after, now)}", changes, data=tell(account, after, now))


_SHARED: dict[str, Any] = {
    "on": BillingAccount,
    "label": "Billing details…",
    "done": "Billing details changed",
    "icon": "address-book",
    "customer_visible": True,
    "concerns_money": True,
    "refused": why_not_new,
    "preview": foresee,
    "prepare": ask_register,
    "tell": EVERYBODY_CONCERNED,
    "topic": Topic.MONEY,
    "event": "billing.details_changed",
}


@action(
    key="billing.account.set_billing_details",
    group=Group.MONEY,
    code="bd",
    formerly=("address", "vat number", "tax id", "purchase order"),
    inverse=(RESTORE_DETAILS,),
    help="Says who pays: name, address, VAT id and where documents go. Whose VAT is charged follows from it.",
    form=StaffForm,
    when="When a customer writes what their invoices shall say, or that their VAT id or address has changed. Customers "
    "with billing rights do it on their own pages. To take an id for valid that VIES does not confirm, use “Accept "
    "VAT id”.",
    **_SHARED,
)
def set_billing_details(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    outcome = write(act, account, data)
    outcome.undo = undo_details(details_of(act.case), account)
    return outcome


@action(
    key="billing.account.give_billing_details",
    instead="Write the former details here again; what was issued keeps those it was issued with.",
    help="Says who pays: name, address, VAT id and where documents go.",
    when="For customers with billing rights, on their own pages: before they pay for the first time, and whenever it "
    "changes. Staff use “Billing details” in the kebab of the account.",
    permission=Own.PAY,
    form=DetailsForm,
    reason=Reason.NONE,
    message=Reason.NONE,
    in_menu=False,
    **_SHARED,
)
def give_billing_details(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    return write(act, account, data)
