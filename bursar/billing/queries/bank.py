"""Bank lines and what they may pay: open items as matching asks for them, and the lists of the page."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Max, Prefetch, Q, QuerySet

from bursar.access.actor import Actor
from bursar.billing.bank import Gap, find_gaps
from bursar.billing.documents.document import DocumentKind
from bursar.billing.models import (
    AccountCredit,
    BankDecision,
    BankFile,
    BankLine,
    BankShare,
    BankStatement,
    BankSuggestion,
    BillingDetails,
    Invoice,
    LedgerEntry,
)
from bursar.billing.rules import open_items as items
from bursar.billing.rules.bank_lines import FileState, LineState
from bursar.billing.rules.matching import Share
from bursar.billing.rules.open_items import OpenItems, Payer
from bursar.billing.rules.references import make_reference
from bursar.billing.rules.reversals import Earlier, Payments
from bursar.core.errors import NotFound
from bursar.tenants.models import BillingAccount

SETTLED_KNOWN = timedelta(days=730)
"""How long an invoice that is settled is found by what names it."""
REVERSED_WITHIN = timedelta(days=400)
"""How long after it a bank takes back a payment: direct debits reach 13 months."""


@dataclass(frozen=True)
class Part:
    """EUR for an invoice, else for the account's credit. Below 0: taken back."""

    account: BillingAccount
    invoice: Invoice | None
    amount: Decimal


Known = dict[str, tuple[int, int]]
"""Invoice and account, by number."""


def load_items(now: datetime) -> tuple[OpenItems, Known, Payments]:
    """All that is open, what was settled of late, and who pays: a statement each, whatever their number."""
    rows = Invoice.objects.filter(kind=DocumentKind.INVOICE.value).filter(
        Q(open__gt=0) | Q(issued_at__gte=now - SETTLED_KNOWN)
    )
    invoices, known, payments = [], {}, Payments()
    names = ("pk", "number", "account_id", "reference", "open", "paid", "written_off")
    for pk, number, account_id, reference, still_open, paid, given_up in rows.values_list(*names).iterator():
        state = _state_of(still_open, paid, given_up)
        asked = given_up if state is items.InvoiceState.WRITTEN_OFF else still_open
        invoices.append(items.Invoice(number, str(account_id), asked, reference, state))
        known[number] = (pk, account_id)
        if paid:
            payments.paid[number] = paid
    payments.add(_list_earlier(now))
    return OpenItems.of(invoices, _list_payers(), _load_balances()), known, payments


def _load_balances() -> dict[str, str]:
    rows = AccountCredit.objects.filter(Q(amount__lt=0) | Q(given_up__gt=0))
    return {make_reference(public_id): str(pk) for pk, public_id in rows.values_list("pk", "account__public_id")}


def _state_of(still_open: Decimal, paid: Decimal, given_up: Decimal) -> items.InvoiceState:
    if still_open > 0:
        return items.InvoiceState.OPEN
    if given_up > 0:
        return items.InvoiceState.WRITTEN_OFF
    return items.InvoiceState.PAID if paid > 0 else items.InvoiceState.CREDITED


def _list_payers() -> Iterator[Payer]:
    """Accounts that were invoiced: their names, that on documents, and from where they paid before."""
    names: dict[int, set[str]] = {}
    ibans: dict[int, set[str]] = {}
    invoiced = Invoice.objects.values("account_id")
    accounts = BillingAccount.objects.filter(pk__in=invoiced)
    for pk, label, organisation in accounts.values_list("pk", "shown_label", "organisation__name"):
        names[pk] = {label, organisation}
    for pk, name in BillingDetails.objects.filter(account_id__in=invoiced).values_list("account_id", "name"):
        names.setdefault(pk, set()).add(name)
    paid = _holding().filter(amount__gt=0)
    for pk, iban, name in paid.values_list("account_id", "decision__line__iban", "decision__line__name").distinct():
        names.setdefault(pk, set()).add(name)
        ibans.setdefault(pk, set()).add(iban)
    for pk, some in names.items():
        yield Payer(str(pk), tuple(some), tuple(ibans.get(pk, set()) - {""}))


def _holding() -> QuerySet[BankShare]:
    return BankShare.objects.filter(decision__undone_at=None).exclude(booking="")


def list_ibans(invoice_ids: Collection[int]) -> dict[int, list[str]]:
    """From where each of these invoices was paid by bank, the newest first; those that were not are left out."""
    rows = _holding().filter(invoice__in=invoice_ids, amount__gt=0).exclude(decision__line__iban="")
    found: dict[int, list[str]] = {}
    for pk, iban in rows.order_by("-decision__line__booked_on", "-pk").values_list("invoice", "decision__line__iban"):
        found.setdefault(pk, []).append(iban)
    return found


def _list_earlier(now: datetime) -> Iterator[Earlier]:
    """Lines that were matched and may be taken back, the newest first."""
    since = (now - REVERSED_WITHIN).date()
    shares = _holding().filter(decision__line__booked_on__gte=since, decision__line__amount__gt=0)
    found: dict[int, list[Share]] = {}
    lines: dict[int, tuple[str, Decimal]] = {}
    fields = ("decision__line_id", "decision__line__iban", "decision__line__amount", "account_id", "amount",
              "invoice__number")  # fmt: skip
    for line, iban, amount, account, part, number in shares.order_by("-decision__line__booked_on", "pk").values_list(
        *fields
    ):
        lines[line] = (iban, amount)
        found.setdefault(line, []).append(Share(str(account), part, number or ""))
    for line, some in found.items():
        yield Earlier(*lines[line], tuple(some))


def list_waiting() -> QuerySet[BankLine]:
    """In the order of the account's days; each statement and file is read once, however many lines it holds."""
    rows = BankLine.objects.filter(state=LineState.WAITING.value).prefetch_related("statement__file")
    return rows.order_by("booked_on", "id")


def is_to_look() -> bool:
    """Whether any waiting line was never compared with what is open, or should be again."""
    waiting = BankLine.objects.filter(state=LineState.WAITING.value, looked_at=None)
    return waiting.exists() or BankFile.objects.filter(state=FileState.MATCHING.value).exists() or is_to_look_again()


def is_to_look_again() -> bool:
    """Whether anything happened to invoices since waiting lines were compared with them."""
    waiting = BankLine.objects.filter(state=LineState.WAITING.value, looked_at__isnull=False)
    looked = waiting.order_by("looked_at").values_list("looked_at", flat=True).first()
    if looked is None:
        return False
    issued = Invoice.objects.aggregate(at=Max("issued_at"))["at"]
    booked = LedgerEntry.objects.filter(booked_at__gte=looked).exists()
    return booked or (issued is not None and issued >= looked)


def get_line(actor: Actor, public_id: str) -> BankLine:
    """For staff. Raises NotFound."""
    rows = BankLine.objects.select_related("statement__file")
    found = rows.filter(public_id=public_id).first() if actor.all_accounts else None
    if found is None:
        raise NotFound
    return found


def get_file(actor: Actor, public_id: str) -> BankFile:
    """For staff. Raises NotFound."""
    found = BankFile.objects.filter(public_id=public_id).first() if actor.all_accounts else None
    if found is None:
        raise NotFound
    return found


def find_same(sha256: str) -> BankFile | None:
    """That was uploaded before, and was not refused."""
    return BankFile.objects.filter(sha256=sha256).exclude(state=FileState.REFUSED.value).first()


def get_decision(line: BankLine) -> BankDecision | None:
    """The one that holds."""
    rows = BankDecision.objects.filter(line=line, undone_at=None).select_related("line")
    return rows.prefetch_related(Prefetch("shares", BankShare.objects.select_related("account", "invoice"))).first()


def get_suggestion(line: BankLine, place: int = 0) -> BankSuggestion | None:
    return BankSuggestion.objects.filter(line=line, place=place).first()


def list_parts(found: BankSuggestion) -> list[Part]:
    """With account and invoice as they stand now."""
    return load_parts([found])[found.pk]


def load_parts(found: Collection[BankSuggestion]) -> dict[int, list[Part]]:
    """As `list_parts`, by suggestion."""
    shares = [share for one in found for share in one.shares]
    accounts = BillingAccount.objects.in_bulk({share["account"] for share in shares})
    rows = Invoice.objects.select_related("account__organisation").defer("says")
    invoices = rows.in_bulk({pk for one in found for pk in one.invoices})
    return {
        one.pk: [
            Part(accounts[share["account"]], invoices.get(share["invoice"]), Decimal(share["amount"]))
            for share in one.shares
        ]
        for one in found
    }


def list_certain_accounts(line_ids: Collection[str]) -> list[int]:
    """Whose invoices the strongest suggestions of these lines are of, by public ids."""
    rows = BankSuggestion.objects.filter(line__public_id__in=line_ids, place=0)
    return sorted({share["account"] for shares in rows.values_list("shares", flat=True) for share in shares})


def count_waiting() -> int:
    return BankLine.objects.filter(state=LineState.WAITING.value).count()


def count_by_state() -> Mapping[str, int]:
    found = dict(BankLine.objects.values_list("state").annotate(count=Count("pk")))
    return {state.value: found.get(state.value, 0) for state in LineState}


def list_lines(state: LineState, text: str = "", suggested: str = "") -> QuerySet[BankLine]:
    """`suggested`: of those that wait: "whole" (one invoice, all that is open), "some" (anything), "none"."""
    rows = BankLine.objects.filter(state=state.value).select_related("statement__file").order_by("-booked_on", "-id")
    if suggested:
        offered = BankSuggestion.objects.filter(place=0, **({"is_whole": True} if suggested == "whole" else {}))
        keys = offered.values("line_id")
        rows = rows.exclude(pk__in=keys) if suggested == "none" else rows.filter(pk__in=keys)
    return rows.filter(_says(text)) if text else rows


def _says(text: str) -> Q:
    """Any of its texts, or the amount as it is written."""
    found = Q(pk__in=[])
    for name in ("name", "on_behalf_of", "text", "iban", "end_to_end_id", "references", "public_id", "settlement"):
        found |= Q(**{f"{name}__icontains": text})
    found |= Q(iban__icontains="".join(text.split()).upper())
    shares = BankShare.objects.filter(decision__undone_at=None, invoice__number__icontains=text)
    found |= Q(decisions__in=shares.values("decision_id"))
    digits = text.replace("€", "").replace(" ", "").replace(",", "")
    if digits.replace(".", "", 1).replace("-", "", 1).isdigit() and digits.isascii():
        found |= Q(amount__in=[Decimal(digits), -Decimal(digits)])
    return found


def load_suggestions(lines: Collection[BankLine]) -> dict[int, list[BankSuggestion]]:
    found: dict[int, list[BankSuggestion]] = {}
    for one in BankSuggestion.objects.filter(line__in=lines).order_by("line_id", "place"):
        found.setdefault(one.line_id, []).append(one)
    return found


def load_decisions(lines: Collection[BankLine]) -> dict[int, BankDecision]:
    rows = BankDecision.objects.filter(line__in=lines, undone_at=None)
    shares = BankShare.objects.select_related("account__organisation", "invoice").order_by("pk")
    return {one.line_id: one for one in rows.prefetch_related(Prefetch("shares", shares))}


def list_accounts_of(suggestions: Collection[BankSuggestion]) -> dict[int, BillingAccount]:
    keys = {share["account"] for one in suggestions for share in one.shares}
    return BillingAccount.objects.select_related("organisation").in_bulk(list(keys))


def list_files() -> QuerySet[BankFile]:
    return BankFile.objects.select_related("kept").order_by("-created_at", "-id")


def is_working() -> bool:
    return BankFile.objects.filter(state__in=[FileState.READING.value, FileState.MATCHING.value]).exists()


def list_gaps() -> list[Gap]:
    return find_gaps(one.value for one in BankStatement.objects.order_by("pk"))


def load_remarks(files: Collection[BankFile]) -> dict[int, list[str]]:
    """Of the statements of each, every sentence once."""
    rows = BankStatement.objects.filter(file__in=files).order_by("pk").values_list("file_id", "remarks")
    found: dict[int, dict[str, None]] = {}
    for file_id, remarks in rows:
        found.setdefault(file_id, {}).update(dict.fromkeys(remarks))
    return {file_id: list(some) for file_id, some in found.items()}


def list_suggested(invoice_ids: Collection[int]) -> dict[int, BankLine]:
    """The oldest line that waits with a suggestion for each of these invoices."""
    rows = BankSuggestion.objects.filter(
        line__state=LineState.WAITING.value, invoices__overlap=list(invoice_ids), line__amount__gt=0
    ).select_related("line")
    found: dict[int, BankLine] = {}
    for one in rows.order_by("line__booked_on", "line_id", "place"):
        for pk in one.invoices:
            found.setdefault(pk, one.line)
    return {pk: found[pk] for pk in invoice_ids if pk in found}


def list_payouts() -> QuerySet[BankLine]:
    return BankLine.objects.filter(state=LineState.PAYOUT.value).order_by("-booked_on", "-id")
