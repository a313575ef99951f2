"""Documents reach people: their files, the mail with them, sent again, and what the network said of an e-invoice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import validate_email
from django.urls import reverse

from bursar.access.rights import By
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome, Reason, Topic, Undo
from bursar.actions.undo import moved_from
from bursar.billing.actions.shared import why_removed
from bursar.billing.documents.letters import Letter, write_letter
from bursar.billing.files import SEND_OUT
from bursar.billing.models import Handover, Invoice
from bursar.billing.models.sending import HandoverState, SendingKind
from bursar.billing.queries.addresses import list_addresses
from bursar.billing.store import sending as store
from bursar.billing.store.sending import Post
from bursar.core.money import plain
from bursar.files.models import File
from bursar.tenants.queries import find_addressee

NOTE_HANDOVER = "billing.invoice.note_handover"
ADDRESSES_AT_MOST = 10
NO_ADDRESS = "There is no address for documents: neither in the billing details, nor of people with billing rights."


def letter_of(row: Invoice) -> Letter:
    return write_letter(row.document, row.open, with_e_invoice=row.e_invoice_id is not None)


def say_many(to: Sequence[str]) -> str:
    """In sentences, which are kept: whose addresses they are stands in the changes alone, by reference."""
    return "1 address" if len(to) == 1 else f"{len(to)} addresses"


def say_to(emails: Sequence[str]) -> list[Change]:
    """For the book: whose address it is, where we know them, so that it can be erased."""
    return [Change("Sent to", "", email, after_ref=find_addressee(email), private=True) for email in emails]


def _why_not_send_out(case: Case) -> str | None:
    row: Invoice = case.target
    if sentence := why_removed(case) or why_no_files(case):
        return sentence
    return "It was sent before." if row.sendings.filter(kind=SendingKind.ISSUED).exists() else None


@action(
    key=SEND_OUT,
    on=Invoice,
    label="Send the document",
    done="Document sent",
    icon="mail",
    help="Mails an issued document, once its files are there, to where the account's documents go; programs are told.",
    when="Never by hand. Bursar does it by itself within seconds of issuing.",
    permission=By.CLOCK,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=True,
    blocked=_why_not_send_out,
    event="invoice.issued",
    topic=Topic.MONEY,
    in_menu=False,
)
def send_out(act: Act, row: Invoice, data: Cleaned) -> Outcome:
    if row.e_invoice is not None:
        store.note_handover(row, HandoverState.TO_HAND_IN, "", act.now)
    to = list_addresses(row.account, act.now)
    store.send(row, Post(letter_of(row), SendingKind.ISSUED), to, act.now)
    changes = [Change("Files of", "", row.number, concerns_money=True), *say_to(to)]
    sentence = f"{row.number} goes to {say_many(to)}." if to else NO_ADDRESS
    return Outcome(sentence, changes, data=_tell(row))


def _tell(row: Invoice) -> dict[str, Any]:
    """What programs hear of an issued document: by what address its files are fetched, and how to prove them."""
    return {
        "invoice": row.public_id,
        "number": row.number,
        "kind": row.kind,
        "credits": row.corrects.number if row.corrects else None,
        "gross": plain(row.gross),
        "open": plain(row.open),
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "pdf": _tell_file(row, "pdf", row.pdf),
        "e_invoice": _tell_file(row, "e_invoice", row.e_invoice),
    }


def _tell_file(row: Invoice, name: str, file: File | None) -> dict[str, Any] | None:
    if file is None:
        return None
    url = settings.BURSAR_ADDRESS + reverse(f"product_api:document_{name}", args=[row.public_id])
    return {"url": url, "media_type": file.media_type, "length": file.length, "sha256": file.sha256}


class ToForm(ActionForm):
    """`to`: read as a list. Left empty, each document goes to where its account's documents go."""

    to = forms.CharField(
        label="To", required=False, max_length=2600, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=f"One address a line, at most {ADDRESSES_AT_MOST}. Empty: where the account's documents go.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.case.is_one_of_several:
            self.fields["to"].initial = "\n".join(self.list_usual())

    def list_usual(self) -> list[str]:
        """Where they go when nothing is written there."""
        return addresses_of(self.case)

    def clean_to(self) -> list[str]:
        emails = list(dict.fromkeys(self.cleaned_data["to"].replace(",", " ").replace(";", " ").split()))
        if len(emails) > ADDRESSES_AT_MOST:
            raise forms.ValidationError(f"At most {ADDRESSES_AT_MOST} addresses.")
        for email in emails:
            validate_email(email)
        return emails


def addresses_of(case: Case) -> list[str]:
    found: list[str] = case.once("addresses", lambda: list_addresses(case.target.account, case.now))
    return found


def why_no_files(case: Case) -> str | None:
    if sentence := why_removed(case):
        return sentence
    return None if case.target.pdf_id else "Its files are being made. It is sent by itself once they are there."


def why_nobody(case: Case, data: Cleaned) -> str | None:
    return None if data["to"] or addresses_of(case) else NO_ADDRESS


def to_of(case: Case, data: Cleaned) -> list[str]:
    return data["to"] or addresses_of(case)


def say_letter(letter: Letter) -> list[str]:
    """For a preview: the mail as it goes."""
    return [f"“{letter.subject}”", *letter.text.replace("\n\n", "\n").split("\n")]


@action(
    key="billing.invoice.send_again",
    on=Invoice,
    form=ToForm,
    label="Send again…",
    instead="What was sent is sent.",
    done="Document sent again",
    icon="mail-forward",
    code="sa",
    formerly=("resend", "mail invoice"),
    group=Group.DELIVERY,
    help="Mails the document with its files once more, to the addresses that you leave or write there.",
    when="When it did not arrive, or somebody else asks for it. What is to stand for good belongs into *Billing "
    "details*. To ask for money that is overdue, remind instead.",
    customer_visible=True,
    concerns_money=True,
    reason=Reason.OPTIONAL,
    blocked=why_no_files,
    refused=why_nobody,
    preview=lambda case, data: say_letter(letter_of(case.target)),
    topic=Topic.MONEY,
    bulk=True,
)
def send_again(act: Act, row: Invoice, data: Cleaned) -> Outcome:
    to = to_of(act.case, data)
    store.send(row, Post(letter_of(row), SendingKind.AGAIN), to, act.now)
    changes = [Change("Sent again", "", row.number, concerns_money=True), *say_to(to)]
    return Outcome(f"{row.number} goes to {say_many(to)}.", changes)


class HandoverForm(ActionForm):
    state = forms.ChoiceField(label="The access point says", choices=HandoverState.choices)
    why = forms.CharField(label="Why it was refused", max_length=500, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.leave_open("state")

    def clean(self) -> Cleaned:
        data = super().clean() or {}
        if (data.get("state") == HandoverState.REFUSED) is not bool(data.get("why")):
            self.add_error("why", "A refusal says why, and nothing else does.")
        return data


def why_no_e_invoice(case: Case) -> str | None:
    if sentence := why_removed(case):
        return sentence
    return None if case.target.e_invoice_id else "It has no e-invoice: nothing was to be handed to the network."


def why_nothing_new(case: Case, data: Cleaned) -> str | None:
    known = find_handover(case.target)
    if known is not None and (known.state, known.why) == (data["state"], data["why"]):
        return f"That is known: {known.get_state_display()}."
    return None


def find_handover(row: Invoice) -> Handover | None:
    return Handover.objects.filter(pk=row.pk).first()


def note_handover(act: Act, row: Invoice, data: Cleaned) -> Outcome:
    """Shared by the hand that notes it and the program that reports it."""
    known, state = find_handover(row), HandoverState(data["state"])
    store.note_handover(row, state, data["why"], act.now)
    before = known.get_state_display() if known else ""
    said = f"{state.label}: {data['why']}" if data["why"] else str(state.label)
    changes = [Change("E-invoice", before, said, private=True)]
    told = {"state": state.value, "why": data["why"]}
    undo = (
        Undo(NOTE_HANDOVER, {"state": known.state, "why": known.why}, left=told) if known and _is_by_hand(act) else None
    )
    return Outcome(f"The e-invoice of {row.number}: {said}.", changes, data=told, undo=undo)


def _is_by_hand(act: Act) -> bool:
    return act.request.action.key == NOTE_HANDOVER


def _load_handovers(ids: Collection[str]) -> dict[str, dict[str, str]]:
    rows = Handover.objects.filter(invoice__public_id__in=ids).values_list("invoice__public_id", "state", "why")
    return {public_id: {"state": state, "why": why} for public_id, state, why in rows}


action(
    key=NOTE_HANDOVER,
    on=Invoice,
    form=HandoverForm,
    label="Note delivery of the e-invoice…",
    inverse=(NOTE_HANDOVER,),
    moved_on=moved_from(_load_handovers),
    done="Delivery of an e-invoice noted",
    icon="affiliate",
    code="nd",
    formerly=("peppol", "e-invoice"),
    group=Group.DELIVERY,
    help="Writes down how the e-invoice stands with the network: to hand in, handed in, or refused and why.",
    when="When the access point does not report by itself, or you handed it in by hand. A refused one stands on the "
    "list until it is handed in, or credited and issued anew.",
    reason=Reason.OPTIONAL,
    blocked=why_no_e_invoice,
    refused=why_nothing_new,
    bulk=True,
)(note_handover)
