"""An outbox row in words: what goes out, to whom, how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bursar.audit.pages import describe
from bursar.core import naming
from bursar.notifications import queries
from bursar.notifications.models import Mail
from bursar.notifications.present import tell
from bursar.outbox.carriers import CARRIERS, Outgoing
from bursar.outbox.models import OutboxRow, OutboxState

STATES = {
    OutboxState.FAILED: ("failed", "bad"),
    OutboxState.WAITING: ("waiting", ""),
    OutboxState.SENDING: ("being sent", ""),
    OutboxState.DONE: ("done", ""),
    OutboxState.DROPPED: ("dropped", "warn"),
}


@dataclass(frozen=True)
class Delivery:
    """`path`: what it is about. `next_try_at` is None once it is done or given up. `why`: it failed or was dropped."""

    row: OutboxRow
    what: str
    to: str
    path: str
    mail: Mail | None
    state: str
    tone: str
    next_try_at: datetime | None
    why: str

    @property
    def id(self) -> str:
        return self.row.public_id

    @property
    def kind(self) -> str:
        return say_kind(self.row.kind)


def say_kind(kind: str) -> str:
    """As whoever carries it calls it; by its key where nobody does any more."""
    return CARRIERS[kind].label if kind in CARRIERS else kind


def describe_rows(rows: Sequence[OutboxRow]) -> list[Delivery]:
    """In three statements, one a kind of people named in subjects, and those of each carrier that tells of its own,
    however many rows there are.
    """
    mails, lines, told = queries.mails_of(rows), queries.lines_of(rows), _ask_carriers(rows)
    subjects = naming.read({key: mail.subject for key, mail in mails.items()})
    whys = naming.read([row.last_error for row in rows])
    found = []
    for row, why in zip(rows, whys, strict=True):
        mail = mails.get(row.payload.get("mail", ""))
        line = lines.get(row.payload.get("line", ""))
        what, to, path = told.get(row.pk) or Outgoing(row.payload.get("subject", row.key), row.payload.get("to", ""))
        if mail is not None:
            what, to = subjects[mail.public_id], mail.email or "erased"
        elif line is not None:
            what = f"{row.payload.get('event') or line.label}: {describe(line)['target']}"
            to = row.payload.get("url") or ("the product" if row.kind == "webhook" else "everybody who is told")
        state, tone = STATES[OutboxState(row.state)]
        waits = row.state == OutboxState.WAITING
        path = tell(line, is_staff=True).path if line else path
        found.append(Delivery(row, what, to, path, mail, state, tone, row.due_at if waits else None, why))
    return found


def _ask_carriers(rows: Sequence[OutboxRow]) -> dict[int, Outgoing]:
    """What those say of their rows who carry what neither a mail nor a line of the book names."""
    found: dict[int, Outgoing] = {}
    for kind in {row.kind for row in rows}:
        describe = CARRIERS[kind].describe if kind in CARRIERS else None
        if describe is not None:
            found |= describe([row for row in rows if row.kind == kind])
    return found


def name_delivery(row: OutboxRow) -> str:
    """What goes out and to whom: “Tier changed: Samen aan zet, to sanne@client.example”."""
    it = describe_rows([row])[0]
    return f"{it.what}, to {it.to}" if it.to else it.what
