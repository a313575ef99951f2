"""Bank statements for programs: sent up, followed, and the lines that came of them. Decisions are actions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import File, Query, Router, Schema
from ninja.files import UploadedFile

from bursar.access.actor import Door
from bursar.access.holders import explain_to
from bursar.access.request import actor_of
from bursar.actions.run import run
from bursar.billing.actions.bank_files import BANK_RIGHT, UPLOAD
from bursar.billing.models import BankFile, BankLine
from bursar.billing.queries import bank
from bursar.billing.rules.bank_lines import LineState
from bursar.core import clock
from bursar.core.api import RefusalBody
from bursar.core.errors import Forbidden, Invalid, TooLarge
from bursar.files import store

router = Router(tags=["bank"])
PAGE: int = Query(1, ge=1, le=100_000, description="Fifty a page.")  # type: ignore[type-arg]  # ninja types
PAGE_SIZE = 50
UPLOADED = "billing.company.upload_statements"
REFUSALS: dict[int, type[Schema]] = dict.fromkeys((401, 403, 404, 409, 413, 422), RefusalBody)


class FileOut(Schema):
    """`state`: reading, matching, done, or refused, and then `problem` says why. `fresh`: lines that were not known."""

    id: str
    name: str
    sha256: str
    state: Literal["reading", "matching", "done", "refused"]
    problem: str
    statements: int
    lines: int
    fresh: int
    booked: int
    remarks: list[str]
    created_at: datetime


class ShareOut(Schema):
    """`invoice`: its number; empty for the credit of the account. `amount`: EUR."""

    account: str
    invoice: str
    amount: str


class SuggestionOut(Schema):
    """`place`, `digest`: as *Confirm* asks for them (`suggestion` and `seen`)."""

    place: int
    digest: str
    ground: str
    reason: str
    shares: list[ShareOut]


class LineOut(Schema):
    """`amount`: signed, money that came is above 0. `shares`: what was decided that it is for."""

    id: str
    state: Literal["waiting", "matched", "payout", "left", "aside"]
    account: str
    booked_on: date
    amount: str
    currency: str
    name: str
    iban: str
    text: str
    references: list[str]
    settlement: str
    reason: str
    suggestions: list[SuggestionOut]
    shares: list[ShareOut]


class LinesOut(Schema):
    page: int
    has_more: bool
    lines: list[LineOut]


class GapOut(Schema):
    account: str
    sentence: str


class FilesOut(Schema):
    """`gaps`: statements that are missing, by balance."""

    page: int
    has_more: bool
    files: list[FileOut]
    gaps: list[GapOut]


def _file(row: BankFile, remarks: list[str]) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in FileOut.model_fields if name not in ("id", "remarks")},
            "id": row.public_id, "remarks": remarks}  # fmt: skip


@router.post(
    "/bank-files",
    operation_id="bank_files_upload",
    summary="Send up a bank statement",
    description="CAMT.053, MT940, or a zip of either, as the field `file`. The worker reads it: ask for the file until "
    "its state is done or refused. The same file again is refused (409), and changes nothing.",
    response={200: FileOut, **REFUSALS},
)
def upload_file(request: HttpRequest, file: UploadedFile = File(...)) -> dict[str, Any]:  # type: ignore[type-arg]  # noqa: B008  # ninja's own way
    actor, rule = actor_of(request).through(Door.API), UPLOAD.upload
    assert rule is not None
    if not actor.can(BANK_RIGHT):
        raise Forbidden(explain_to(actor, BANK_RIGHT))
    if not file.size:
        raise Invalid("The file is empty.")
    if file.size > rule.most:
        raise TooLarge(f"The file is larger than {rule.most // 1_000_000} MB.")
    made = store.take_up(UPLOAD, actor, (file.name or "statement")[:120], file.chunks(), clock.now())
    [file_id] = run(UPLOADED, actor, "company", {"uploads": made.public_id}).data["files"]
    return _file(bank.get_file(actor, file_id), [])


@router.get("/bank-files", operation_id="bank_files", summary="Bank statements that were sent up", response=FilesOut)
def list_files(request: HttpRequest, page: int = PAGE) -> dict[str, Any]:
    start = (page - 1) * PAGE_SIZE
    rows = list(bank.list_files()[start : start + PAGE_SIZE + 1])
    remarks = bank.load_remarks(rows)
    return {
        "page": page,
        "has_more": len(rows) > PAGE_SIZE,
        "files": [_file(row, remarks.get(row.pk, [])) for row in rows[:PAGE_SIZE]],
        "gaps": [{"account": gap.account, "sentence": gap.sentence} for gap in bank.list_gaps()],
    }


@router.get(
    "/bank-files/{bank_file_id}", operation_id="bank_file", summary="What came of a statement", response=FileOut
)
def read_file(request: HttpRequest, bank_file_id: str) -> dict[str, Any]:
    row = bank.get_file(actor_of(request), bank_file_id)
    return _file(row, bank.load_remarks([row]).get(row.pk, []))


@router.get("/bank-lines", operation_id="bank_lines", summary="Lines of the bank, the newest first", response=LinesOut)
def list_lines(
    request: HttpRequest,
    state: Literal["waiting", "matched", "payout", "left", "aside"] = "waiting",
    q: str = Query("", max_length=100, description="Part of a name, text, IBAN or number of an invoice; an amount."),  # type: ignore[type-arg]  # ninja types
    suggested: Literal["", "whole", "some", "none"] = "",
    page: int = PAGE,
) -> dict[str, Any]:
    """Money that left is for whoever decides."""
    chosen = LineState(state)
    actor = actor_of(request)
    if chosen is LineState.LEFT and not actor.can(BANK_RIGHT):
        raise Forbidden(explain_to(actor, BANK_RIGHT))
    start = (page - 1) * PAGE_SIZE
    rows = list(bank.list_lines(chosen, q.strip(), suggested)[start : start + PAGE_SIZE + 1])
    return {"page": page, "has_more": len(rows) > PAGE_SIZE, "lines": _lines(rows[:PAGE_SIZE])}


def _lines(rows: list[BankLine]) -> list[dict[str, Any]]:
    suggestions, decisions = bank.load_suggestions(rows), bank.load_decisions(rows)
    accounts = bank.list_accounts_of([one for some in suggestions.values() for one in some])
    return [
        {
            **{name: getattr(row, name) for name in _PLAIN},
            "id": row.public_id,
            "amount": f"{row.amount.normalize():f}" if row.amount != round(row.amount, 2) else f"{row.amount:.2f}",
            "suggestions": [
                {
                    "place": one.place, "digest": one.digest, "ground": one.ground, "reason": one.reason,
                    "shares": [
                        {"account": accounts[share["account"]].public_id, "invoice": share["number"],
                         "amount": share["amount"]}
                        for share in one.shares
                    ],
                }
                for one in suggestions.get(row.pk, [])
            ],
            "shares": [
                {"account": share.account.public_id, "invoice": share.invoice.number if share.invoice else "",
                 "amount": str(share.amount)}
                for share in decisions[row.pk].shares.all()
            ] if row.pk in decisions else [],
        }
        for row in rows
    ]  # fmt: skip


_PLAIN = ("state", "account", "booked_on", "currency", "name", "iban", "text", "references", "settlement", "reason")
