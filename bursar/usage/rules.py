"""What is counted, and how near the cap a workspace is. Pure. Rules: DOMAIN 3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction

PACE_WINDOW = timedelta(days=14)
PACE_HORIZON = timedelta(days=7)
APPROACHING = Fraction(4, 5)
NAMED_AT_MOST = 10


@dataclass(frozen=True)
class CapState:
    """`key`: ok, approaching, at_cap or hard_blocked. `share`: per cent of the cap, at most 100."""

    key: str
    share: int

    @property
    def is_full(self) -> bool:
        return self.key in ("at_cap", "hard_blocked")

    @property
    def label(self) -> str:
        return {"ok": "", "approaching": "approaching cap", "at_cap": "at cap", "hard_blocked": "blocked"}[self.key]


def calc_cap_state(counted: int, cap: int | None, effect: str, recent: int = 0) -> CapState:
    """Seconds counted against a cap in seconds (None: unlimited); `recent`: counted in the last 14 days."""
    if cap is None:
        return CapState("ok", 0)
    share = min(100, counted * 100 // cap) if cap else 100
    if counted >= cap:
        return CapState("hard_blocked" if effect == "hard_block" else "at_cap", 100)
    pace = Fraction(recent, PACE_WINDOW.days) * PACE_HORIZON.days
    if counted >= APPROACHING * cap or (recent and counted + pace >= cap):
        return CapState("approaching", share)
    return CapState("ok", share)


@dataclass(frozen=True)
class Entitlement:
    tier: str
    cap_seconds: int | None
    counted_seconds: int
    may_record: bool
    uploads_locked: bool


def calc_entitlement(tier: str, cap: int | None, counted: int, effect: str) -> Entitlement:
    """Free at its cap: records on, uploads locked. Pilot at its cap: no recording, uploads locked too (DOMAIN 3)."""
    is_full = cap is not None and counted >= cap
    return Entitlement(
        tier=tier,
        cap_seconds=cap,
        counted_seconds=counted,
        may_record=not (is_full and effect == "hard_block"),
        uploads_locked=is_full,
    )


def why_not_reset(cap: int | None, counted: int) -> str | None:
    if cap is None:
        return "This tier has no cap, so there is nothing to reset."
    if counted == 0:
        return "Nothing is counted yet, so there is nothing to reset."
    return None


@dataclass(frozen=True)
class Recorder:
    """A person, and the seconds they recorded in a workspace.

    `place`: "own" for whoever has or had a role there or in its organisation, "support" for a colleague who came
    as support only, "elsewhere" for everybody else.
    """

    key: int
    public_id: str
    name: str
    place: str
    seconds: int


@dataclass(frozen=True)
class Share:
    """One line of who recorded. `kind`: person, support, elsewhere, more, unnamed or others.

    `shown`: its seconds in whole minutes, so that the minutes of all lines add up to those of their sum. `key` and
    `public_id` are the person's; None and "" where a line stands for several or for nobody.
    """

    kind: str
    label: str
    seconds: int
    key: int | None = None
    public_id: str = ""
    is_own: bool = False
    shown: int = 0


@dataclass(frozen=True)
class Shares:
    """The list as one reader sees it. `is_counted`, `since` and `total` as in the figure that it explains."""

    is_counted: bool
    since: datetime | None
    total: int
    lines: list[Share]

    @property
    def has_unnamed(self) -> bool:
        return any(line.kind == "unnamed" for line in self.lines)


def share_out(recorders: Sequence[Recorder], unnamed: int) -> list[Share]:
    """As staff see it: the ten who recorded most, the rest as one line, and what names nobody."""
    return _lines([_share(one) for one in recorders], unnamed)


def share_out_to_member(recorders: Sequence[Recorder], unnamed: int, reader: int | None, company: str) -> list[Share]:
    """As people of the workspace see it: support visits stay unnamed, and so do people who have no role there."""
    named = [_share(one, reader) for one in recorders if one.place == "own"]
    veiled = []
    for place in ("support", "elsewhere"):
        hidden = [one for one in recorders if one.place == place]
        if hidden:
            veiled.append(Share(place, name_to_member(hidden[0], company), sum(one.seconds for one in hidden)))
    return _lines(named, unnamed, veiled)


def name_to_member(one: Recorder, company: str) -> str:
    if one.place == "own":
        return one.name
    return f"{company} support" if one.place == "support" else "Without a role here"


def share_out_to_guest(recorders: Sequence[Recorder], unnamed: int, reader: int | None) -> list[Share]:
    """As a guest sees it: their own, and everybody else as one."""
    own = sum(one.seconds for one in recorders if one.key == reader)
    rest = sum(one.seconds for one in recorders) + unnamed - own
    return _in_minutes([Share("person", "You", own, key=reader), *([Share("others", "Others", rest)] if rest else [])])


def _share(one: Recorder, reader: int | None = None) -> Share:
    return Share("person", one.name, one.seconds, one.key, one.public_id, is_own=one.key == reader)


def _lines(named: Sequence[Share], unnamed: int, veiled: Sequence[Share] = ()) -> list[Share]:
    """`named` stand with most first; whoever is `veiled` never takes one of their places."""
    lines, rest = list(named[:NAMED_AT_MOST]), named[NAMED_AT_MOST:]
    if rest:
        label = "1 more person" if len(rest) == 1 else f"{len(rest)} more people"
        lines.append(Share("more", label, sum(share.seconds for share in rest)))
    lines += veiled
    if unnamed:
        lines.append(Share("unnamed", "Without a name", unnamed))
    return _in_minutes(lines)


def _in_minutes(lines: list[Share]) -> list[Share]:
    """Each cut to its minutes; those that the sum then lacks go to whoever lost most."""
    missing = sum(line.seconds for line in lines) // 60 - sum(line.seconds // 60 for line in lines)
    lost_most = sorted(range(len(lines)), key=lambda place: -(lines[place].seconds % 60))[:missing]
    return [replace(line, shown=(line.seconds // 60 + (place in lost_most)) * 60) for place, line in enumerate(lines)]
