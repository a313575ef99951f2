"""Every action × every door × sessions and tokens, fresh and stale: all doors ask the same questions in the same order.

Roles stand in `test_matrix.py`. Here a lead has every right, so that what is left to ask is the proof of who it is, what
their token may do, and whether it may be done to many.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from django.test import Client

from bursar.access.actor import Actor
from bursar.access.confirm import Unconfirmed
from bursar.access.keys import digest_of
from bursar.access.rights import Right
from bursar.actions.models import BulkRun
from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Action
from bursar.audit.models import AuditLine
from bursar.config.actors import actor_of_token
from bursar.staff.models import ApiToken, StaffMember
from tests.cast import NOW, PASSWORD, Cast, confirmed, sign_in
from tests.contract.crowd import finds, need_of

DEAD = ("a token that was revoked", "a token that ran out", "a token of one who left")
NOT_FOR_PAGES = ("a token to read and act", "a token to read", *DEAD)  # one of all rights tries each of them
LONG = "x" * 3000  # whoever is let in hears that this is too long, and nothing changes
ALL = [right.value for right in Right]


@dataclass
class Comer:
    """Somebody at a door. `actor` None: they are not let in at all."""

    client: Client
    actor: Actor | None
    is_confirmed: bool
    headers: Any = field(default_factory=dict)

    @property
    def has_pages(self) -> bool:
        return not self.headers

    def post(self, address: str, body: Any) -> Any:
        return self.client.post(address, json.dumps(body), content_type="application/json", headers=self.headers)


def token(name: str, rights: list[str], who: str = "iris", **more: Any) -> Comer:
    member = StaffMember.objects.get(user__email=f"{who}@agora.example")
    made = ApiToken.objects.create(member=member, name=name, digest=digest_of(name), hint="h", rights=rights, **more)
    actor = None if more or not member.is_active else actor_of_token(made)
    return Comer(Client(), actor, True, {"Authorization": f"Bearer {name}"})


@pytest.fixture
def comers(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> dict[str, Comer]:
    monkeypatch.setattr("bursar.config.middleware.BAD_TOKENS", 10**6)
    lead = confirmed("iris@agora.example")
    fresh = Client()
    fresh.post("/sign-in/", {"login": "iris@agora.example", "password": PASSWORD})
    StaffMember.objects.filter(user__email="noor@agora.example").update(is_active=False)
    return {
        "a fresh session": Comer(fresh, lead, True),
        "a session of an hour ago": Comer(sign_in("iris@agora.example"), replace(lead, confirmed_at=None), False),
        "a token of all rights": token("all", ALL),
        "a token to read and act": token("act", ["read", "act"]),
        "a token to read": token("read", ["read"]),
        "a token that was revoked": token("revoked", ALL, revoked_at=NOW),
        "a token that ran out": token("late", ALL, expires_at=NOW - timedelta(days=1)),
        "a token of one who left": token("left", ALL, "noor"),
    }


class Declared:
    """What the declarations say. Asked once, for each of thousands of questions: whoever is refused changes none of it."""

    def __init__(self, cast: Cast) -> None:
        self.finds = cache(lambda actor, slug: finds(actor, slug, cast))
        self.need_of = cache(lambda actor, key: need_of(actor, ACTIONS[key], cast))


@pytest.fixture
def declared(cast: Cast) -> Declared:
    return Declared(cast)


def said(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "") if answer["Content-Type"] == "application/json" else ""


def expected(comer: Comer, action: Action, declared: Declared, *, many: bool) -> set[tuple[int, str]]:
    """By the declaration alone: status and code."""
    actor = comer.actor
    if actor is None:
        return {(401, "unauthenticated")}
    if not many and not declared.finds(actor, action.target_slug):
        return {(404, "not_found")}
    need = None if many else declared.need_of(actor, action.key)
    if not actor.can(action.permission) or (need and not actor.can(need)):
        return {(403, "forbidden")}
    if many and not action.bulk:
        return {(409, "refused")}
    if action.danger and not comer.is_confirmed:
        return {(403, Unconfirmed.code)}
    return {(422, "invalid"), (409, "blocked")}


def walk(cast: Cast) -> Iterator[tuple[str, Action, str]]:
    find = cache(cast.target_id)
    for key, action in sorted(ACTIONS.items()):
        yield key, action, find(action.target_slug)


def asking(comers: dict[str, Comer], turn: int, alike: tuple[str, ...]) -> dict[str, Comer]:
    """All of them; of those who are the same to every door, since the middleware lets none of them in, the next in line.
    So each door meets one of them, and each of them dozens of doors.
    """
    return {who: comer for who, comer in comers.items() if who not in alike or who == alike[turn % len(alike)]}


def test_one_and_many_by_the_api(cast: Cast, comers: dict[str, Comer], declared: Declared) -> None:
    before, wrong = AuditLine.objects.count(), []
    for turn, (key, action, target) in enumerate(walk(cast)):
        one = f"/api/v1/{action.target_slug}/{target}/actions/{action.verb_name}"
        for who, comer in asking(comers, turn, DEAD).items():
            for address, body in ((one, {"data": {}}), ("/api/v1/bulk", {"action": key, "ids": [target], "data": {}})):
                answer = said(comer.post(address, {**body, "reason": LONG}))
                fits = expected(comer, action, declared, many=address == "/api/v1/bulk")
                if answer not in fits:
                    wrong.append((key, who, address, answer, fits))
    assert not wrong, wrong[:10]
    assert AuditLine.objects.count() == before and not BulkRun.objects.exclude(state="halted").exists()


def test_one_and_many_by_the_pages(cast: Cast, comers: dict[str, Comer], declared: Declared) -> None:
    """A token opens none of them; a session that is an hour old is asked in the dialog, and what was typed stays."""
    before, wrong = AuditLine.objects.count(), []
    for turn, (key, action, target) in enumerate(walk(cast)):
        slug, verb = action.target_slug, action.verb_name
        for who, comer in asking(comers, turn, NOT_FOR_PAGES).items():
            one = comer.client.post(f"/panel/actions/{slug}/{target}/{verb}", {"reason": LONG}, headers=comer.headers)
            posted = {slug: [target], "reason": LONG}
            many = comer.client.post(f"/panel/actions/bulk/{slug}/{verb}", posted, headers=comer.headers)
            if not comer.has_pages:
                fit = [one.status_code, many.status_code] == [302, 302] and "/sign-in/" in one["Location"]
            else:
                statuses = {status for status, _ in expected(comer, action, declared, many=False)}
                fit = one.status_code in statuses and (many.status_code == 404) == (not action.bulk)
                asked = action.danger and not comer.is_confirmed and statuses == {403}
                fit = fit and (not asked or "Confirm that it is you" in one.content.decode())
            if not fit:
                wrong.append((key, who, one.status_code, many.status_code))
    assert not wrong, wrong[:10]
    assert AuditLine.objects.count() == before and not BulkRun.objects.exclude(state="halted").exists()


def test_they_are_all_there(cast: Cast, comers: dict[str, Comer], declared: Declared) -> None:
    """Else the walk would say nothing: each kind of answer comes of something."""
    kinds = {
        kind
        for _, action, _ in walk(cast)
        for comer in comers.values()
        for many in (True, False)
        for kind in expected(comer, action, declared, many=many)
    }
    assert kinds == {
        (401, "unauthenticated"), (403, "forbidden"), (403, "confirm"), (409, "refused"), (404, "not_found"),
        (422, "invalid"), (409, "blocked"),
    }  # fmt: skip
