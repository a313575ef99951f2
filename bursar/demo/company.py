"""The demo company: invented organisations in which every class, state and edge of the rollup occurs.

Deterministic: the same seed and day give the same lines. They are lines of the import format, so the demo comes in
through the same door as anybody's data.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bursar.core.calendar import Month
from bursar.demo import names
from bursar.demo.stories import STORIES, Story

Line = dict[str, Any]
HISTORY = 13
NEARLY_FULL = 2880  # seconds, of the 3,600 that Free includes
# The customers that visitors sign in to, the first and a partner: their people by place, with the first one's seats.
GUESTS = {
    (1, 0): "admin@client.example",
    (1, 3): "member@client.example",
    (1, 4): "billing@client.example",
    (1, 5): "external@client.example",
    (9, 0): "partner@client.example",
}
GUEST_SEATS = {
    "member@client.example": "member",
    "billing@client.example": "billing",
    "external@client.example": "external",
}


def staff() -> Iterator[Line]:
    for email, name, role in names.STAFF:
        yield {"kind": "staff", "email": email, "name": name, "role": role}


@dataclass
class Workspace:
    ref: str
    tier: str
    members: list[str]


class Company:
    """Writes one company's lines, account by account."""

    def __init__(self, accounts: int, seed: int, now: datetime) -> None:
        self.random = random.Random(seed)
        self.accounts, self.now = accounts, now
        self.start = Month.of(now).plus(-HISTORY).start + timedelta(days=3)
        self.people = 0

    def lines(self) -> Iterator[Line]:
        yield from staff()
        number = made = 0
        while made < self.accounts:
            number += 1
            story = STORIES[(number - 1) % len(STORIES)]
            made += 2 if story.is_partner or story.own_account else 1
            yield from self._account(number, story)

    def _account(self, number: int, story: Story) -> Iterator[Line]:
        org = f"org-{number:04d}"
        created = self._created(story)
        yield {
            "kind": "organisation", "external_id": org, "name": names.organisation(self.random, number),
            "country": "NL" if number % 9 else "BE", "is_partner": story.is_partner, "created_at": created,
        }  # fmt: skip
        people = yield from self._people(org, number, story, created)
        workspaces = yield from self._workspaces(org, number, story, created, people)
        yield from self._terms(org, number, story, created, workspaces)
        yield from self._usage(number, story, workspaces, created)

    def _created(self, story: Story) -> datetime:
        days = (self.now - self.start).days
        latest = max(1, days - story.least_age)
        return self.start + timedelta(days=0 if story.is_old else self.random.randrange(latest), hours=9)

    def _people(self, org: str, number: int, story: Story, created: datetime) -> Any:
        refs = []
        for place in range(story.people or self.random.randint(2, 9)):
            self.people += 1
            ref = f"per-{self.people:05d}"
            name = names.person(self.random, number, place)
            mail = GUESTS.get((number, place)) or names.mail(name, number)
            yield {"kind": "person", "external_id": ref, "name": name, "email": mail}
            role = "owner" if place == 0 else "admin" if place == 1 else "member"
            if place < 3:
                yield {"kind": "organisation_member", "organisation": org, "person": ref, "role": role, "from": created}
            yield from self._logins(ref, story)
            refs.append(ref)
        return refs

    def _logins(self, ref: str, story: Story) -> Iterator[Line]:
        today = self.now.date()
        for back in range(story.quiet_days, 75):
            if self.random.random() < 0.18:
                day = (today - timedelta(days=back)).isoformat()
                yield {"kind": "login", "person": ref, "day": day, "count": self.random.randint(1, 4)}

    def _workspaces(self, org: str, number: int, story: Story, created: datetime, people: list[str]) -> Any:
        made = []
        for place in range(story.workspaces or self.random.randint(1, 4)):
            ref = f"ws-{number:04d}-{place + 1:02d}"
            tier = story.tier if place == 0 or self.random.random() < 0.6 else story.second_tier
            tier = "free" if place and place == story.nearly_full else tier
            since = (
                created
                if place == 0
                else min(created + timedelta(days=self.random.randrange(90)), self.now - timedelta(days=2))
            )
            line: Line = {
                "kind": "workspace", "external_id": ref, "organisation": org,
                "name": names.workspace(self.random, number, place), "created_at": since,
                "visibility": self.random.choice(["open_to_organisation", "invite_only", "private"]),
            }  # fmt: skip
            if story.own_account and place == 0:
                line["own_account"] = True
            if story.is_partner and place == 1:
                owner = max(1, number - 1)
                client = {"type": "external_client", "data_owner": f"org-{owner:04d}"}
                line |= {**client, "data_owner_email": f"data@org{owner}.example", "agreement_accepted_at": since}
            if story.ends_in_deletion:
                line["deleted_at"] = Month.of(self.now).plus(-2).start + timedelta(days=9)
            yield line
            sitting = people if place == 0 else people[: max(1, len(people) - place)]
            yield from self._seats(ref, number, sitting, since)
            if place == 0 and not story.ends_in_deletion:
                yield from self._invitations(ref, number, people, since)
            made.append(Workspace(ref, tier, sitting))
        return made

    def _seats(self, ref: str, number: int, people: list[str], since: datetime) -> Iterator[Line]:
        for seat, person in enumerate(people):
            roles = ["owner", "admin", "billing", "external", "observer"]
            role = roles[seat] if seat < 2 else ("member" if seat % 4 else self.random.choice(roles[2:4]))
            role = GUEST_SEATS.get(GUESTS.get((number, seat), ""), role)
            joined = since + timedelta(
                days=self.random.randrange(1 + max(1, (self.now - since).days - 2)) if seat > 1 else 0
            )
            line: Line = {"kind": "workspace_member", "workspace": ref, "person": person, "role": role, "from": joined}
            if seat > 4 and self.random.random() < 0.15:
                line["until"] = joined + (self.now - joined) / 2 + timedelta(hours=1)
            yield line

    def _invitations(self, ref: str, number: int, people: list[str], since: datetime) -> Iterator[Line]:
        """A few of the customers wait for an answer. Without the dice, so that all else stays as it was."""
        if number % 5 != 1:
            return
        for place, (role, days) in enumerate([("member", 3), ("external", 1)]):
            yield {
                "kind": "invitation", "external_id": f"inv-{number:04d}-{place + 1}", "workspace": ref, "role": role,
                "email": f"{role}.{number}@invited.example", "invited_by": people[place % len(people)],
                "invited_at": max(since, self.now - timedelta(days=days, hours=number % 7)),
            }  # fmt: skip
        yield {
            "kind": "invitation", "external_id": f"inv-{number:04d}-0", "workspace": ref, "role": "member",
            "email": f"joined.{number}@invited.example", "invited_by": people[0], "invited_at": since,
            "state": "accepted", "ended_at": min(since + timedelta(days=1), self.now),
        }  # fmt: skip

    def _terms(
        self, org: str, number: int, story: Story, created: datetime, workspaces: list[Workspace]
    ) -> Iterator[Line]:
        account = {"workspace": workspaces[0].ref} if story.own_account else {"organisation": org}
        bought = min(created + timedelta(days=story.free_days), self.now - timedelta(days=2))
        for workspace in workspaces:
            if workspace.tier != "free":
                yield {"kind": "tier", "workspace": workspace.ref, "tier": workspace.tier, "from": bought}
        for when, tier in story.later_tiers(self.now):
            yield {
                "kind": "tier",
                "workspace": workspaces[0].ref,
                "tier": tier,
                "from": max(when, bought + timedelta(hours=1)),
            }
        if number % 3 == 0:
            yield {"kind": "manager", "account": account, "staff": names.STAFF[number % 2][0], "from": bought}
        yield from story.payments(account, number, bought, self.now)
        yield from story.discounts(account, workspaces[0].ref, bought, self.now)
        yield from story.grants([w.ref for w in workspaces], self.now)
        yield from story.resets(workspaces[0].ref, self.now)

    def _usage(self, number: int, story: Story, workspaces: list[Workspace], created: datetime) -> Iterator[Line]:
        for place, workspace in enumerate(workspaces):
            at, event = created + timedelta(days=1), 0
            budget = story.counted_seconds if place == 0 else None
            budget = NEARLY_FULL if place and place == story.nearly_full else budget
            while at < self.now and budget is None and story.records:
                event += 1
                yield self._event(
                    workspace, event, at, self.random.randint(3, 70) * 60 if workspace.tier != "free" else 60
                )
                at += timedelta(days=self.random.randint(1, 12), minutes=self.random.randrange(600))
            for seconds in _parts(budget or 0):
                event += 1
                yield self._event(workspace, event, self.now - timedelta(days=40 - event * 3, hours=2), seconds)

    def _event(self, workspace: Workspace, event: int, at: datetime, seconds: int) -> Line:
        key = f"{workspace.ref}-{event:05d}"
        line: Line = {
            "kind": "usage",
            "source": "recorder",
            "id": key,
            "workspace": workspace.ref,
            "at": at,
            "seconds": seconds,
        }
        # Most recordings know who pressed the button; a device in a meeting room does not.
        if workspace.members and event % 6:
            line["person"] = workspace.members[event * event % len(workspace.members)]
        return line


def _parts(total: int) -> list[int]:
    """Up to ten recordings that add up to `total` exactly."""
    if total == 0:
        return []
    share = total // 10 or total
    parts = [share] * (total // share)
    parts[-1] += total - sum(parts)
    return parts
