"""Everybody who might come: strangers, customers by their role, colleagues by theirs, keys and tokens."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.test import Client

from bursar.access.actor import Actor
from bursar.access.keys import digest_of
from bursar.access.models import User
from bursar.access.rights import Right
from bursar.actions.registry import ACTIONS, TARGETS
from bursar.actions.spec import Action, Case
from bursar.config.actors import actor_for
from bursar.core.errors import NotFound
from bursar.product.models import ApiKey, Scope
from bursar.staff.models import ApiToken, Role, StaffMember
from bursar.tenants.models import Person
from tests.cast import NOW, Cast, bring_all, confirmed, seat, sign_in

CUSTOMERS = ("stranger", "member", "billing", "owner")
ROLES = ("auditor", "staff", "support", "training", "success", "finance", "partnerships", "lead")
KEYS = tuple(f"key:{scope}" for scope in Scope.values)
WHO = ("anonymous", *CUSTOMERS, *ROLES, *KEYS, "token:read")
BROKEN = "{"  # a body that is no JSON


class Crowd:
    """A client, and the headers it sends, for each of WHO."""

    def __init__(self, cast: Cast) -> None:
        old = NOW.replace(month=9)
        bring_all(
            {"kind": "person", "external_id": "bill", "name": "Bill", "email": "bill@client.example"},
            {"kind": "person", "external_id": "odd", "name": "Odd", "email": "odd@client.example"},
            seat("panel", "bill", "billing", old),
        )
        mails = {"stranger": "odd", "member": "ali", "billing": "bill", "owner": "lotte"}
        self.clients: dict[str, Client] = {"anonymous": Client()}
        for who, name in mails.items():
            user, _ = User.objects.get_or_create(email=f"{name}@client.example", defaults={"name": name})
            Person.objects.filter(external_id=name).update(user=user)
            self.clients[who] = sign_in(user.email)
        for role in ROLES:
            user = User.objects.create_user(f"m-{role}@agora.example", role)
            StaffMember.objects.create(user=user).roles.add(Role.objects.get(slug=role))
            self.clients[role] = sign_in(user.email)
        self.headers: dict[str, dict[str, str]] = {}
        for who in KEYS:
            scope = who.partition(":")[2]
            self.clients[who] = Client()
            self.headers[who] = {"Authorization": f"Bearer {who}"}
            ApiKey.objects.create(name=who, digest=digest_of(who), hint="h", scopes=[scope], created_by="t")
        self.clients["token:read"] = Client()
        self.headers["token:read"] = {"Authorization": "Bearer token"}
        lead = StaffMember.objects.get(user__email="m-lead@agora.example")
        ApiToken.objects.create(member=lead, name="t", digest=digest_of("token"), hint="h", rights=["read"])

        self.cast = cast
        # Asked for once, for each of thousands of questions: whoever is refused changes none of it.
        self.id_of = cache(cast.target_id)
        self.actor_of = cache(actor_of_role)
        self.rights_of = cache(lambda role: {Right(right) for right in Role.objects.get(slug=role).rights})
        self.finds = cache(lambda actor, slug: finds(actor, slug, cast))
        self.need_of = cache(lambda actor, key: need_of(actor, ACTIONS[key], cast))

    def reaches(self, who: str, slug: str) -> bool:
        """Whether they find the cast's one of these on their own pages: by its fetch, in the customer's hat."""
        user = User.objects.get(pk=self.clients[who].session["_auth_user_id"])
        return self.finds(actor_for(user).as_customer(), slug)

    def ask(self, who: str, method: str, path: str, body: str = "") -> Any:
        return self.clients[who].generic(
            method, path, body, content_type="application/json", headers=self.headers.get(who, {})
        )


def finds(actor: Actor, slug: str, cast: Cast) -> bool:
    try:
        TARGETS[slug].fetch(actor, cast.target_id(slug))
    except NotFound:
        return False
    return True


def need_of(actor: Actor, action: Action, cast: Cast) -> Right | None:
    """The further right that it takes there, whatever is filled in."""
    target = TARGETS[action.target_slug].fetch(actor, cast.target_id(action.target_slug))
    need = action.needs(Case(actor, target, NOW), None) if action.needs else None
    return Right(need.right) if need else None


def actor_of_role(role: str) -> Actor:
    return confirmed(f"m-{role}@agora.example")
