"""The book's lines in the story of whom they touch, and what colleagues noted."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from bursar.audit import queries
from bursar.audit.models import AuditLine
from bursar.audit.pages import describe
from bursar.notifications.present import path_of
from bursar.ui.story import Ask, Bound, Entry, Kind, Source

NOTE = "Note"
"""What the change is called that holds a colleague's own words."""
NOTES_OF = frozenset(
    {f"tenants.{slug}.add_note" for slug in ("account", "workspace", "organisation")}
    | {f"attention.{slug}.note_outcome" for slug in ("account", "workspace", "organisation")}
    | {"requests.request.add_note"}
)


def _log(ask: Ask, bound: Bound) -> Iterator[Entry]:
    """Those that no kind beside it tells. In two statements."""
    found = queries.list_timeline(ask.look.target.public_id)
    return _tell(found.exclude(key__in=ask.left_out) if ask.left_out else found, ask, bound)


def _notes(ask: Ask, bound: Bound) -> Iterator[Entry]:
    """In two statements."""
    return _tell(queries.list_notes(ask.look.target.public_id), ask, bound)


def _tell(found: QuerySet[AuditLine], ask: Ask, bound: Bound) -> Iterator[Entry]:
    for line in bound.cut(found, "at"):
        told = describe(line)
        noted = [one for one in told["changes"] if one["label"] == NOTE and not one["before"]]
        yield Entry(
            line.at,
            line.pk,
            line.label,
            where=told["target"] if told["target"] != str(ask.look.target) else "",
            url=path_of(line),
            body="\n".join(one["after"] for one in noted),
            by=told["actor"],
            changes=[one for one in told["changes"] if one not in noted],
            reason=line.reason,
            message=line.message,
            is_for_billing=bool(line.message_for_billing or line.concerns_money),
            line_id=line.public_id,
        )


LOG = Kind("log", "Log", "book", "Nothing was done yet.", (Source("line", _log),))
NOTES = Kind(
    "notes",
    "Notes",
    "note",
    "Nobody noted anything yet. Notes are for colleagues only.",
    (Source("note", _notes),),
    NOTES_OF,
)
