"""Where a person's name, address and logins are kept, and blanking them there. Called by the erase action only.

What names people in passing (mail to others, kept outcomes, results of bulk runs) holds references: once the name is
gone here, it stands nowhere. No text is searched for it, but what the eraser picked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db.models import Q

from bursar.access.models import User
from bursar.actions import undo
from bursar.actions.models import BulkRun
from bursar.audit.links import erases
from bursar.audit.store import blank_names
from bursar.billing import store as billing
from bursar.billing.store import sending
from bursar.core.naming import ERASED
from bursar.notifications import store as notices
from bursar.product import texts
from bursar.product.models import ImportRun
from bursar.product.traces import trace
from bursar.requests.models import UpgradeRequest
from bursar.staff.models import StaffMember
from bursar.staff.sign_in import shut_out
from bursar.tenants import store as tenants
from bursar.tenants.models import Person
from bursar.training.store import licences, rosters, sessions
from bursar.usage import store as usage


@dataclass(frozen=True)
class Counts:
    """`references`: the public ids under which the book named them. `accounts`: whose workspaces did."""

    references: list[str]
    names: int
    logins: int
    invitations: int
    texts: int
    accounts: set[int]


def is_active_staff(person: Person) -> bool:
    return person.user_id is not None and StaffMember.objects.filter(user_id=person.user_id, is_active=True).exists()


def erase(person: Person, chosen: Collection[str] | None, now: datetime) -> Counts:
    """`person` is changed in place too, so that the book's line about this names nobody.

    chosen: ids of the others' texts (`texts.find`) that shall name them no more; None: all of them.
    """
    traces = trace(person)
    rewritten = texts.rewrite(traces, chosen)
    notices.erase(traces.references, traces.emails)
    invitations = tenants.invitations.forget(traces.emails, now)
    references = [*traces.references, *licences.list_references(person, traces.emails)]
    names = sum(blank_names(reference) for reference in references)
    usage.forget_names(traces.references)
    _forget_actor(traces.references)
    undo.forget(traces.emails)
    logins = tenants.logins.forget(person)
    accounts = tenants.workspaces.forget_address(person.email) if person.email else set()
    billing.forget_mails(traces.emails)
    sending.forget_addresses(traces.emails)
    licences.forget(person, traces.emails)
    rosters.forget([person.pk], traces.emails)
    sessions.forget_wishes(person)
    UpgradeRequest.objects.filter(requester=person).exclude(message="").update(message="")
    if person.user is not None:
        _erase_user(person.user, now)
    tenants.people.erase(person, now)
    return Counts(references, names, logins, invitations, rewritten, accounts)


@erases("product.person.erase")
def list_people_behind(reference: str) -> list[str]:
    """The people whom a line of their erasure names, for the id of a sign-in or of a colleague."""
    behind = Q(user__public_id=reference) | Q(user__staff__public_id=reference)
    return list(Person.objects.filter(behind).values_list("public_id", flat=True))


def _forget_actor(references: list[str]) -> None:
    """Jobs keep who began them, the name beside the id."""
    for begun in (BulkRun.objects, ImportRun.objects):
        for pk, actor in begun.filter(actor__id__in=references).values_list("pk", "actor"):
            begun.filter(pk=pk).update(actor={**actor, "name": ERASED})


def _erase_user(user: User, now: datetime) -> None:
    """The sign-in goes, with its sessions, links and factors; the row stays, because others point to it."""
    shut_out(user, now)
    Authenticator.objects.filter(user=user).delete()
    SocialAccount.objects.filter(user=user).delete()
    EmailAddress.objects.filter(user=user).delete()
    user.email, user.name, user.is_active = f"{user.public_id}@erased.invalid", ERASED, False
    user.set_unusable_password()
    user.save()
