"""Where a person's name, address and logins are kept, and blanking them there. Called by the erase action only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db.models import JSONField, Q, TextField, Value
from django.db.models.functions import Cast, Replace

from bursar.access.models import User
from bursar.actions.models import BulkResult, IdempotencyKey
from bursar.audit.links import erases
from bursar.audit.store import blank_names
from bursar.notifications import store as notices
from bursar.outbox.models import OutboxRow
from bursar.requests.models import UpgradeRequest
from bursar.staff.models import StaffMember
from bursar.staff.sign_in import end_sessions
from bursar.tenants import store as tenants
from bursar.tenants.models import Person
from bursar.tenants.store.people import ERASED
from bursar.usage import store as usage


@dataclass(frozen=True)
class Counts:
    """`references`: the ids whose names were blanked. `accounts`: those whose workspaces named the person."""

    references: list[str]
    names: int
    logins: int
    invitations: int
    accounts: set[int]


def is_active_staff(person: Person) -> bool:
    return person.user_id is not None and StaffMember.objects.filter(user_id=person.user_id, is_active=True).exists()


def erase(person: Person, now: datetime) -> Counts:
    """`person` is changed in place too, so that the book's line about this names nobody."""
    name, email, user = person.name, person.email, person.user
    ids, addresses = _addresses(person)
    notices.erase(ids, addresses, name, ERASED)
    invitations = tenants.invitations.forget(addresses, now)
    references = list_references(person)
    names = sum(map(blank_names, references))
    if user is not None:
        _erase_user(user)
    logins = tenants.logins.forget(person)
    accounts: set[int] = set()
    if email:
        accounts = tenants.workspaces.forget_address(email)
        OutboxRow.objects.filter(payload__to__iexact=email).delete()
    UpgradeRequest.objects.filter(requester=person).exclude(message="").update(message="")
    _blank_sentences(name)
    tenants.people.erase(person, now)
    return Counts(references, names, logins, invitations, accounts)


def _addresses(person: Person) -> tuple[list[str], list[str]]:
    """The ids under which a person is told things, and where mail to them went."""
    ids, emails = [person.public_id], [person.email]
    if person.user is not None:
        ids += StaffMember.objects.filter(user=person.user).values_list("public_id", flat=True)
        emails.append(person.user.email)
    return ids, emails


def list_references(person: Person) -> list[str]:
    """The ids under which the book may name them: the person's, the sign-in's, the colleague's."""
    ids, user = [person.public_id], person.user
    if user is not None:
        ids += [user.public_id, *StaffMember.objects.filter(user=user).values_list("public_id", flat=True)]
    return ids


@erases("product.person.erase")
def list_people_behind(reference: str) -> list[str]:
    """The people whom a line of their erasure names, for the id of a sign-in or of a colleague."""
    behind = Q(user__public_id=reference) | Q(user__staff__public_id=reference)
    return list(Person.objects.filter(behind).values_list("public_id", flat=True))


def _erase_user(user: User) -> None:
    """The sign-in goes, with its sessions and factors; the row stays, because others point to it."""
    if StaffMember.objects.filter(user=user).exists():
        usage.forget_name(user.name, ERASED)
    end_sessions(user)
    Authenticator.objects.filter(user=user).delete()
    SocialAccount.objects.filter(user=user).delete()
    user.email, user.name, user.is_active = f"{user.public_id}@erased.invalid", "", False
    user.set_unusable_password()
    user.save()


def _blank_sentences(name: str) -> None:
    """Outcomes that are kept for repeated submits, and results of bulk runs, say names in their sentences."""
    BulkResult.objects.filter(sentence__contains=name).update(sentence=Replace("sentence", Value(name), Value(ERASED)))
    kept = IdempotencyKey.objects.annotate(text=Cast("outcome", TextField())).filter(text__contains=name)
    kept.update(outcome=Cast(Replace("text", Value(name), Value(ERASED)), JSONField()))
