"""Lines of the bank as pages show them; no queries. What is read for them comes along in `Beside`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from bursar.billing.models import BankDecision, BankFile, BankLine, BankSuggestion
from bursar.billing.rules.bank_lines import DecisionKind, FileState, LineState
from bursar.core.money import cents, format_money
from bursar.files.models import File
from bursar.tenants.models import BillingAccount

SHOWN = 3  # suggestions of one line; “Split…” reaches what is beyond
HOW = {
    DecisionKind.ITSELF: "booked by itself",
    DecisionKind.CONFIRMED: "confirmed",
    DecisionKind.SPLIT: "split by hand",
    DecisionKind.ASIDE: "set aside",
}
STATES = {
    FileState.READING: "the worker reads it",
    FileState.MATCHING: "compared with what is open",
    FileState.DONE: "done",
    FileState.REFUSED: "not taken",
}
LABELS = {
    LineState.WAITING: "Waiting",
    LineState.MATCHED: "Matched",
    LineState.PAYOUT: "Payouts",
    LineState.ASIDE: "Set aside",
    LineState.LEFT: "Money that left",
}
SUGGESTED = {"whole": "pays all that is open of one invoice", "some": "something is suggested", "none": "nothing is"}
EMPTY = {
    LineState.WAITING: "Nothing waits: every line is decided.",
    LineState.MATCHED: "No line is matched yet.",
    LineState.PAYOUT: "No payout of Mollie’s came in yet.",
    LineState.ASIDE: "Nothing was set aside.",
    LineState.LEFT: "No money left the account.",
}


@dataclass(frozen=True)
class Beside:
    """What stands beside the lines of one page, by their keys; accounts by their own."""

    suggestions: dict[int, list[BankSuggestion]]
    decisions: dict[int, BankDecision]
    accounts: dict[int, BillingAccount]


def describe(line: BankLine, beside: Beside, *, may_decide: bool) -> dict[str, Any]:
    suggestions = beside.suggestions.get(line.pk, [])
    decision = beside.decisions.get(line.pk)
    waits = line.state == LineState.WAITING
    return {
        "line": line,
        "amount": _say_amount(line),
        "said": _say(line),
        "on_behalf_of": line.on_behalf_of if line.on_behalf_of != line.name else "",
        "suggestions": [_suggestion(line, one, beside, may_decide=may_decide) for one in suggestions[:SHOWN]],
        "more": max(0, len(suggestions) - SHOWN),
        "is_whole": bool(suggestions) and suggestions[0].is_whole and waits,
        "how": HOW[DecisionKind(decision.kind)] if decision else "",
        "note": decision.note if decision else "",
        "shares": [_share(share.account, share.invoice, share.amount) for share in decision.shares.all()]
        if decision
        else [],
        "levers": _levers(line, decision) if may_decide else [],
        "menu_url": reverse("actions:menu", args=["bank_line", line.public_id]),
    }


def _say_amount(line: BankLine) -> str:
    """With its fractions of a cent, where a bank writes some."""
    is_whole = line.amount == cents(line.amount)
    return format_money(line.amount) if is_whole else f"{line.amount.normalize():f}"


def _say(line: BankLine) -> str:
    """All that the bank tells of what it is for; of a batch, payment by payment."""
    own = [*line.references, line.text, line.end_to_end_id]
    parts = [" ".join([part["name"], *part["references"], part["text"]]) for part in line.parts]
    return " · ".join(filter(None, (" ".join(some.split()) for some in [" ".join(own), *parts])))


def _suggestion(line: BankLine, one: BankSuggestion, beside: Beside, *, may_decide: bool) -> dict[str, Any]:
    url = reverse("actions:dialog", args=["bank_line", line.public_id, "confirm"])
    return {
        "place": one.place,
        "digest": one.digest,
        "reason": one.reason,
        "url": url if may_decide else "",
        "accounts": list(dict.fromkeys(beside.accounts[share["account"]] for share in one.shares)),
        "for": ", ".join(share["number"] or "credit" for share in one.shares),
    }


def _share(account: BillingAccount, invoice: Any, amount: Any) -> dict[str, Any]:
    return {"account": account, "what": invoice.number if invoice else "credit", "amount": amount}


def _levers(line: BankLine, decision: BankDecision | None) -> list[dict[str, str]]:
    """The two or three that are reached for most; all of them stand in the kebab."""
    verbs = [("undo", "Undo…")] if decision else []
    if line.state in (LineState.WAITING, LineState.LEFT):
        verbs.append(("split", "Split…"))
    if line.state == LineState.WAITING:
        verbs.append(("set_aside", "Set aside…"))
    return [
        {"label": label, "url": reverse("actions:dialog", args=["bank_line", line.public_id, verb])}
        for verb, label in verbs
    ]


def describe_file(file: BankFile, remarks: list[str], *, may_fetch: bool) -> dict[str, Any]:
    kept: File | None = file.kept
    return {
        "file": file,
        "by": file.actor["name"],
        "state": STATES[FileState(file.state)],
        "is_working": file.state in (FileState.READING, FileState.MATCHING),
        "is_refused": file.state == FileState.REFUSED,
        "remarks": remarks,
        "url": reverse("files:download", args=[kept.public_id]) if kept and may_fetch else "",
    }
