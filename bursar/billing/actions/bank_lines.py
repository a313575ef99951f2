"""A line of the bank: confirmed as suggested, split as somebody writes it down, set aside; and each of these undone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms

from bursar.actions.registry import Target, action, register_target
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Loss, Outcome, Reason, Undo
from bursar.billing.actions.bank_files import BANK_RIGHT
from bursar.billing.actions.bank_money import ON_ACCOUNT, ON_INVOICE, book_shares
from bursar.billing.models import BankDecision, BankLine, BankSuggestion, Invoice
from bursar.billing.queries import bank
from bursar.billing.queries.bank import Part
from bursar.billing.rules.bank_lines import MOST_SHARES, Claim, DecisionKind, LineState, why_no_money, why_not_claims
from bursar.billing.store import bank as pen
from bursar.billing.store import ledger as books
from bursar.core.errors import Refused
from bursar.core.money import cents, euros, plain
from bursar.tenants.models import BillingAccount
from bursar.tenants.store import lock_accounts

NOTE_LENGTH = 500
TEXT_LENGTH = 80 * MOST_SHARES
_PLACE = re.compile(r"\d{1,3}", re.ASCII)
_AMOUNT = re.compile(r"-?\d{1,10}(\.\d{1,2})?", re.ASCII)
UNDO = "billing.bank_line.undo"
_DECIDED = "It is decided already. Undo that first."


def _name(line: BankLine) -> str:
    return f"{line}, {line.name}" if line.name else str(line)


register_target(
    Target(
        slug="bank_line",
        model=BankLine,
        label="bank line",
        fetch=bank.get_line,
        accounts=lambda line: [],
        lock=lock_accounts,
        stream=lambda line: "system",
        touches=lambda line: [line.public_id],
        name=_name,
    )
)


def _decision_of(case: Case) -> BankDecision | None:
    found: BankDecision | None = case.once("decision", lambda: bank.get_decision(case.target))
    return found


def _why_decided(case: Case) -> str | None:
    return _DECIDED if case.target.state in (LineState.MATCHED, LineState.ASIDE) else None


def _why_no_match(case: Case) -> str | None:
    line: BankLine = case.target
    if line.state == LineState.PAYOUT:
        return "It is a payout of Mollie's: what it is made of is booked already."
    return _why_decided(case) or why_no_money(line.currency, line.amount)


def _claim(part: Part) -> Claim:
    row = part.invoice
    return Claim(
        label=str(part.account), amount=part.amount, number=row.number if row else "",
        standing=row.standing if row else None, received=books.get_received(row) if row else Decimal(0),
        there=books.get_there(part.account),
    )  # fmt: skip


def _why_not_parts(case: Case, parts: Sequence[Part]) -> str | None:
    return why_not_claims(cents(case.target.amount), [_claim(part) for part in parts])


def _match(act: Act, line: BankLine, kind: DecisionKind, parts: Sequence[Part]) -> Outcome:
    """Books the parts and takes the line out of the queue. All that is touched is locked."""
    held = pen.take_line(line.pk)
    touched = book_shares(act, pen.decide([(held, parts)], kind, act.now))
    changes = [
        Change("For", "", f"{_say_whom(part.account, part.invoice)}: {euros(part.amount)}", concerns_money=True)
        for part in parts
    ]
    whom = ", ".join(part.invoice.number if part.invoice else f"the credit of {part.account}" for part in parts)
    what = "is for" if line.amount > 0 else "is taken back from"
    return Outcome(
        f"{euros(line.amount)} {what} {whom}.", changes, data={"line": line.public_id}, touches=touched,
        undo=Undo(UNDO, {}),
    )  # fmt: skip


def _say_whom(account: BillingAccount, invoice: Invoice | None) -> str:
    return f"{invoice.number}, {account}" if invoice else f"credit of {account}"


def _suggestion(case: Case, place: Any) -> BankSuggestion | None:
    """`place` as it was sent: what is none is the first, and refused by the form."""
    asked = str(place or 0)
    number = int(asked) if _PLACE.fullmatch(asked) else 0
    found: BankSuggestion | None = case.once(f"suggestion {number}", lambda: bank.get_suggestion(case.target, number))
    return found


def _parts_of(case: Case, place: Any) -> list[Part]:
    found = _suggestion(case, place)
    return bank.list_parts(found) if found else []


class ConfirmForm(ActionForm):
    suggestion = forms.IntegerField(
        label="Suggestion", min_value=0, max_value=999, required=False, widget=forms.HiddenInput,
        help_text="Which of those at the line; none, or 0: the first, which is the strongest.",
    )  # fmt: skip
    seen = forms.CharField(
        label="What it said", max_length=64, required=False, widget=forms.HiddenInput,
        help_text="The suggestion's `digest`, where somebody looked at it: another one by now is refused.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = _suggestion(self.case, self.initial.get("suggestion"))
        self.fields["seen"].initial = found.digest if found else ""


def _why_not_confirm(case: Case) -> str | None:
    sentence = _why_no_match(case)
    if sentence is None and case.target.state != LineState.WAITING:
        return "It does not wait for anybody."
    return sentence or (None if _suggestion(case, 0) else f"Nothing is suggested. {case.target.reason}".strip())


def _why_not_this(case: Case, data: Cleaned) -> str | None:
    found, parts = _suggestion(case, data["suggestion"]), _parts_of(case, data["suggestion"])
    if found is None:
        return "There is no such suggestion."
    if data["seen"] and data["seen"] != found.digest:
        return "Another one is suggested by now. Look at the line again."
    sentence = _why_not_parts(case, parts)
    return f"The suggestion holds no more. {sentence} Split it, or wait a minute for another." if sentence else None


def _foresee_confirm(case: Case, data: Cleaned) -> list[str]:
    found = _suggestion(case, data["suggestion"])
    return [found.reason] if found else []


@action(
    key="billing.bank_line.confirm",
    on=BankLine,
    form=ConfirmForm,
    label="Confirm…",
    group=Group.DECISION,
    done="Bank line matched",
    icon="check",
    code="co",
    formerly=("match", "accept"),
    help="Books the line as it is suggested.",
    when="When a line's suggestion is right. What is not is split by hand. No second person is asked: the bank says "
    "that the money is there.",
    permission=BANK_RIGHT,
    reason=Reason.NONE,
    blocked=_why_not_confirm,
    refused=_why_not_this,
    preview=_foresee_confirm,
    locks=lambda case, data: [part.account.pk for part in _parts_of(case, data.get("suggestion"))],
    calls=(ON_INVOICE, ON_ACCOUNT),
    inverse=(UNDO,),
    bulk=True,
)
def confirm(act: Act, line: BankLine, data: Cleaned) -> Outcome:
    return _match(act, line, DecisionKind.CONFIRMED, _parts_of(act.case, data["suggestion"]))


def read_parts(text: str) -> list[Part]:
    """“2026-000042 121.00” or “acc_… 20.00”, one a line. Raises ValueError with what is wrong."""
    rows = [row.split() for row in text.splitlines() if row.strip()]
    if not 0 < len(rows) <= MOST_SHARES or any(len(row) != 2 for row in rows):
        raise ValueError(f"Write one to {MOST_SHARES} lines: a number of an invoice or the id of an account, then EUR.")
    names = [row[0] for row in rows]
    invoices = {row.number: row for row in Invoice.objects.select_related("account__organisation").filter(
        number__in=[name.upper() for name in names], corrects=None
    )}  # fmt: skip
    accounts = {row.public_id: row for row in BillingAccount.objects.filter(public_id__in=names)}
    parts = []
    for name, amount in rows:
        invoice, account = invoices.get(name.upper()), accounts.get(name)
        if invoice is None and account is None:
            raise ValueError(f"“{name[:40]}” is no invoice's number, and no account's id (acc_…).")
        parts.append(Part(account or invoice.account, invoice, _read_amount(amount)))  # type: ignore[union-attr]  # one of them is there
    return parts


def _read_amount(text: str) -> Decimal:
    plainly = text.replace("−", "-")
    if not _AMOUNT.fullmatch(plainly):
        raise ValueError(f"“{text[:40]}” is no amount: write it as 121.00.")
    return cents(Decimal(plainly))


class SplitForm(ActionForm):
    parts = forms.CharField(
        label="What it is for", max_length=TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line: the number of an invoice and the amount, such as 2026-000042 121.00. For the credit of "
        "an account write its id (acc_…) instead. They add up to the line.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parts = _parts_of(self.case, 0) if "parts" not in self.initial else []
        if parts:
            self.fields["parts"].initial = "\n".join(
                f"{part.invoice.number if part.invoice else part.account.public_id} {plain(part.amount)}"
                for part in parts
            )

    def clean_parts(self) -> list[Part]:
        try:
            return read_parts(self.cleaned_data["parts"])
        except ValueError as fault:
            raise forms.ValidationError(str(fault)) from None


def _say_line(case: Case, data: Cleaned) -> list[str]:
    """What the bank says, beside what somebody writes."""
    line: BankLine = case.target
    said = " ".join([line.name, *line.references, line.text, line.end_to_end_id])
    return [f"{euros(line.amount)}: {' '.join(said.split()) or 'the bank says no more'}"]


def _accounts_written(case: Case, data: Mapping[str, Any]) -> list[int]:
    """Nobody has checked the text yet: what cannot be read is refused later."""
    try:
        return [part.account.pk for part in read_parts(str(data.get("parts", ""))[:TEXT_LENGTH].replace("\x00", ""))]
    except ValueError:
        return []


@action(
    key="billing.bank_line.split",
    on=BankLine,
    form=SplitForm,
    label="Split…",
    group=Group.DECISION,
    done="Bank line matched",
    icon="arrows-split",
    code="sp",
    formerly=("divide", "several invoices"),
    help="Books the line as you write it down: over several invoices, in part, or as credit of an account.",
    when="When nothing fits that is suggested: one payment for several invoices, also of several accounts; more than "
    "is open, where the rest is credit; money that no invoice asks for. What the bank took back has amounts below 0.",
    permission=BANK_RIGHT,
    reason=Reason.OPTIONAL,
    blocked=_why_no_match,
    refused=lambda case, data: _why_not_parts(case, data["parts"]),
    preview=_say_line,
    locks=_accounts_written,
    calls=(ON_INVOICE, ON_ACCOUNT),
    inverse=(UNDO,),
)
def split(act: Act, line: BankLine, data: Cleaned) -> Outcome:
    return _match(act, line, DecisionKind.SPLIT, data["parts"])


class AsideForm(ActionForm):
    note = forms.CharField(
        label="What it is", max_length=NOTE_LENGTH, help_text="Such as “tax refund” or “own transfer”."
    )


@action(
    key="billing.bank_line.set_aside",
    on=BankLine,
    form=AsideForm,
    label="Set aside…",
    group=Group.DECISION,
    done="Bank line set aside",
    icon="archive",
    code="sa",
    formerly=("ignore", "park"),
    help="Takes a line out of the queue that no invoice is concerned in. Nothing is booked.",
    when="For a transfer between your own accounts, a tax refund, a grant: money of no customer. What a customer paid "
    "without owing it is their credit: split it.",
    permission=BANK_RIGHT,
    reason=Reason.NONE,
    blocked=lambda case: _why_decided(case) or (
        None if case.target.state == LineState.WAITING else "It does not wait for anybody."
    ),
    inverse=(UNDO,),
    bulk=True,
)  # fmt: skip
def set_aside(act: Act, line: BankLine, data: Cleaned) -> Outcome:
    pen.decide([(pen.take_line(line.pk), [])], DecisionKind.ASIDE, act.now, note=data["note"])
    changes = [Change("Set aside", "", data["note"])]
    return Outcome(f"{euros(line.amount)} is set aside.", changes, undo=Undo(UNDO, {}))


def _why_not_undo(case: Case) -> str | None:
    return None if _decision_of(case) else "Nothing is decided about it."


def _turned(decision: BankDecision) -> list[Part]:
    return [Part(share.account, share.invoice, -share.amount) for share in decision.shares.all()]


def _why_not_undone(case: Case, data: Cleaned) -> str | None:
    decision = _decision_of(case)
    parts = _turned(decision) if decision else []
    sentence = why_not_claims(-cents(case.target.amount), [_claim(part) for part in parts]) if parts else None
    return f"The money went on since. {sentence}" if sentence else None


def _foresee_undo(case: Case, data: Cleaned) -> list[str]:
    parts = _turned(_decision_of(case)) if _decision_of(case) else []  # type: ignore[arg-type]  # asked just before
    words = [Loss(f"{_say_whom(part.account, part.invoice)}: {euros(part.amount)}.") for part in parts]
    return [*words, "The line waits again, and nothing of it is booked by itself any more."]


@action(
    key=UNDO,
    on=BankLine,
    label="Undo match…",
    opposite="billing.bank_line.split",
    group=Group.DECISION,
    done="Bank line undone",
    icon="arrow-back-up",
    code="um",
    formerly=("unmatch",),
    help="Turns round what was booked of the line, or takes it back from aside: it waits again.",
    when="When a line was matched wrongly, by a person or by itself. Closed months stay as they were known.",
    permission=BANK_RIGHT,
    blocked=_why_not_undo,
    refused=_why_not_undone,
    preview=_foresee_undo,
    locks=lambda case, data: [part.account.pk for part in _turned(d)] if (d := _decision_of(case)) else [],
    calls=(ON_INVOICE, ON_ACCOUNT),
)
def undo(act: Act, line: BankLine, data: Cleaned) -> Outcome:
    pen.take_line(line.pk)
    decision = bank.get_decision(line)
    if decision is None:
        raise Refused(_why_not_undo(act.case) or _DECIDED)
    pen.undo(decision, act.now)
    touched = book_shares(act, decision.shares.all(), is_undone=True)
    return Outcome(f"{euros(line.amount)} waits again.", data={"line": line.public_id}, touches=touched)
