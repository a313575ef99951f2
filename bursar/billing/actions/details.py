"""Who pays: written down by the customer on their own pages, or by staff."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import validate_email

from bursar.access.rights import Own
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Cleaned, Group, Outcome, Reason, Topic
from bursar.billing import queries, store, vies
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
from bursar.billing.rules import (
    COUNTRIES,
    Answer,
    VatIdStatus,
    read_vat_id,
    say_decision,
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
    """The fields are those of `Details`."""

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
    mails = forms.CharField(
        label="Mail addresses for documents", required=False, max_length=1500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=f"One a line, at most {MAILS_AT_MOST}; billing people get documents anyway.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = details_of(self.case)
        for name, value in (as_data(present) if present else guess(self.case.target)).items():
            self.fields[name].initial = value

    def clean_vat_id(self) -> str:
        vat_id = read_vat_id(self.cleaned_data["vat_id"])
        sentence = why_not_vat_id(vat_id) if vat_id else None
        if sentence:
            raise forms.ValidationError(sentence)
        return vat_id

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


def as_data(row: BillingDetails) -> dict[str, str]:
    """As the form takes it."""
    texts = ("name", "street", "street_more", "postcode", "city", "country", "vat_id")
    return {**{name: getattr(row, name) for name in texts}, "mails": "\n".join(row.mails)}


def guess(account: BillingAccount) -> dict[str, str]:
    """What may be right where nobody wrote it down yet."""
    country = account.organisation.country
    return {"name": str(account), "country": country if country in COUNTRIES else settings.BURSAR_SELLER_COUNTRY}


def as_row(data: Cleaned, present: BillingDetails | None) -> BillingDetails:
    """What would stand, were it written: never saved. What is known of an id goes with it."""
    row = BillingDetails(**{**data, "mails": list(data["mails"])}, vat_status=VatIdStatus.UNKNOWN)
    if not row.vat_id:
        row.vat_status = VatIdStatus.NONE
    elif present is not None and present.vat_id == row.vat_id:
        row.vat_status, row.is_accepted = present.vat_status, present.is_accepted
    return row


def why_not_new(case: Case, data: Cleaned) -> str | None:
    """An id that nobody has confirmed yet may be sent again, to be asked again."""
    present = details_of(case)
    if present is None or store.details_of(present) != Details(**data):
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
    row = as_row(data, details_of(case))
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
    after = store.set_details({account.pk: Details(**data)}, act.now)[account.pk]
    if asked is not None:
        after = store.take_answers({account.pk: asked}, act.now)[account.pk]
    was, now = decision_of(act.case, before), decision_of(act.case, after)
    changes = [*list_changes(before, after), *list_change_of_vat(was, now)]
    first = f"{account} is billed as {after.name}." if before is None else f"The billing details of {account} change."
    silent = " VIES did not answer; it is asked again." if asked and asked.answer == Answer.SILENT else ""
    return Outcome(f"{first}{silent} {say_after(after, now)}", changes, data=tell(account, after, now))


_SHARED: dict[str, Any] = {
    "on": BillingAccount,
    "form": DetailsForm,
    "label": "Billing details…",
    "done": "Billing details changed",
    "icon": "file-invoice",
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
    help="Says who pays: name, address, VAT id and where documents go. Whose VAT is charged follows from it.",
    when="When a customer writes what their invoices shall say, or that their VAT id or address has changed. Customers "
    "with billing rights do it on their own pages. To take an id for valid that VIES does not confirm, use “Accept "
    "VAT id”.",
    **_SHARED,
)
def set_billing_details(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    return write(act, account, data)


@action(
    key="billing.account.give_billing_details",
    help="Says who pays: name, address, VAT id and where documents go.",
    when="For customers with billing rights, on their own pages: before they pay for the first time, and whenever it "
    "changes. Staff use “Billing details” in the kebab of the account.",
    permission=Own.PAY,
    reason=Reason.NONE,
    message=Reason.NONE,
    in_menu=False,
    **_SHARED,
)
def give_billing_details(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    return write(act, account, data)
