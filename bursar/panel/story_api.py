"""The story for programs: what the pages tell, by cursor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from bursar.access.request import actor_of
from bursar.core import clock
from bursar.core.errors import BadRequest
from bursar.core.money import plain
from bursar.panel.story import chosen, kinds_of, read_story
from bursar.tenants.queries import get_account, get_organisation, get_person, get_workspace
from bursar.ui.sections import Look
from bursar.ui.story import Told, read_place

router = Router(tags=["accounts"])
KINDS: list[str] = Query([], alias="kind", description="One or more of the kinds; without any, all of them together.")  # type: ignore[type-arg]  # ninja types
CURSOR: str = Query("", description="`next_cursor` of the part before.")  # type: ignore[type-arg]  # ninja types
LIMIT: int = Query(50, ge=1, le=200, description="How many entries; at most 200.")  # type: ignore[type-arg]  # ninja types


class ChangeOut(Schema):
    label: str
    before: str
    after: str


class EntryOut(Schema):
    at: datetime
    kind: str = Field(examples=["payments"])
    sentence: str = Field(examples=["Renewal: 4 seats, paid by SEPA direct debit"])
    where: str = Field(description="Of which part of the thing; empty: of the thing itself.")
    state: str = Field(
        examples=["failed"], description="How it stands now, in a word; empty where nothing is to be said."
    )
    by: str
    amount_eur: str = Field(examples=["312.18"], description="Below zero for what goes back; empty without money.")
    text: str = Field(description="What somebody wrote.")
    changes: list[ChangeOut]
    reason: str
    message: str = Field(description="To the customer.")
    path: str = Field(description="Of the page about it.")
    line: str = Field(examples=["aud_9s4k2m7q1x8v5t3w"], description="The book's line of it, where there is one.")


class StoryOut(Schema):
    """Newest first. A line of the book that another of the kinds told together tells better stands there alone."""

    entries: list[EntryOut]
    next_cursor: str = Field(description="Empty: nothing is older.")


def _out(told: Told) -> dict[str, Any]:
    entry = told.entry
    return {
        "at": entry.at, "kind": told.kind.key, "sentence": entry.says, "where": entry.where, "state": entry.state,
        "by": entry.by, "amount_eur": plain(entry.amount), "text": entry.body, "changes": list(entry.changes),
        "reason": entry.reason, "message": entry.message, "path": entry.url, "line": entry.line_id,
    }  # fmt: skip


def _answer(request: HttpRequest, thing: Any, asked: list[str], cursor: str, limit: int) -> dict[str, Any]:
    look = Look(actor_of(request), thing, clock.now())
    known = [kind.key for kind in kinds_of(thing) if kind.is_for(look)]
    if strange := [one for one in asked if one not in known]:
        raise BadRequest(f"“kind” is one of {', '.join(known)}, not “{strange[0][:40]}”.")
    kinds = chosen(look, asked)
    part = read_story(look, kinds, limit, before=read_place(cursor, kinds))
    return {
        "entries": [_out(one) for one in part.told],
        "next_cursor": part.told[-1].cursor if part.has_more else "",
    }


@router.get(
    "/accounts/{account_id}/story",
    operation_id="account_story",
    summary="What happened at an account",
    response=StoryOut,
)
def read_account_story(
    request: HttpRequest, account_id: str, kind: list[str] = KINDS, cursor: str = CURSOR, limit: int = LIMIT
) -> dict[str, Any]:
    """Kinds: log, mails, notes, requests, thresholds, payments, invoices."""
    return _answer(request, get_account(actor_of(request), account_id), kind, cursor, limit)


@router.get(
    "/organisations/{organisation_id}/story",
    operation_id="organisation_story",
    summary="What happened at an organisation",
    response=StoryOut,
)
def read_organisation_story(
    request: HttpRequest, organisation_id: str, kind: list[str] = KINDS, cursor: str = CURSOR, limit: int = LIMIT
) -> dict[str, Any]:
    """With all its accounts and workspaces. Kinds: as of an account."""
    return _answer(request, get_organisation(actor_of(request), organisation_id), kind, cursor, limit)


@router.get(
    "/workspaces/{workspace_id}/story",
    operation_id="workspace_story",
    summary="What happened at a workspace",
    response=StoryOut,
)
def read_workspace_story(
    request: HttpRequest, workspace_id: str, kind: list[str] = KINDS, cursor: str = CURSOR, limit: int = LIMIT
) -> dict[str, Any]:
    """Kinds: log, mails, notes, requests, thresholds."""
    return _answer(request, get_workspace(actor_of(request), workspace_id), kind, cursor, limit)


@router.get(
    "/people/{person_id}/story",
    operation_id="person_story",
    summary="What happened with a person",
    response=StoryOut,
)
def read_person_story(
    request: HttpRequest, person_id: str, kind: list[str] = KINDS, cursor: str = CURSOR, limit: int = LIMIT
) -> dict[str, Any]:
    """Kinds: log, mails, requests."""
    return _answer(request, get_person(actor_of(request), person_id), kind, cursor, limit)
