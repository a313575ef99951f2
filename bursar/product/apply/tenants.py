"""Lines about organisations, workspaces, people and who sits where."""

from __future__ import annotations

from datetime import datetime

from bursar.core.dated import Point
from bursar.product.apply.batch import ENDS, Records, said_by, takes
from bursar.product.lookup import Lookup
from bursar.tenants import store
from bursar.tenants.models import Invitation, Login, Organisation, Person, Workspace
from bursar.tenants.store import Told, Written
from bursar.tenants.store.workspaces import Line
from bursar.training.store import rosters


@takes("organisation")
def take_organisations(records: Records, lookup: Lookup, now: datetime) -> Written:
    """All but their ends, which `end_organisations` sees to after the whole file."""
    return Written(refused=store.organisations.take_history(_organisations(records, lookup)))


def _organisations(records: Records, lookup: Lookup) -> list[Told[Organisation]]:
    return [
        Told(
            Organisation(
                external_id=r.external_id, name=r.name, country=r.country, is_partner=r.is_partner,
                created_at=r.created_at, deleted_at=r.deleted_at, creator_id=lookup.people.get(r.creator),
            ),
            said_by(r),
        )
        for r in records
    ]  # fmt: skip


@takes(ENDS)
def end_organisations(records: Records, lookup: Lookup, now: datetime) -> Written:
    """The last line about each organisation says whether, and when, it ended."""
    return Written(refused=store.organisations.end_history(_organisations(records, lookup), now))


@takes("person")
def take_people(records: Records, lookup: Lookup, now: datetime) -> Written:
    people = [Person(external_id=r.external_id, name=r.name, email=r.email, changed_at=now) for r in records]
    told = [Told(row, said_by(r)) for row, r in zip(people, records, strict=True)]
    refused = store.people.take_history(told)
    rosters.attach([person.email for person in people], now)
    return Written(refused=refused)


@takes("workspace")
def take_workspaces(records: Records, lookup: Lookup, now: datetime) -> Written:
    return store.workspaces.take_history(
        [
            Line(
                Workspace(
                    external_id=r.external_id, organisation_id=lookup.organisations[r.organisation], name=r.name,
                    kind=r.type, visibility=r.visibility, data_owner_id=lookup.organisations.get(r.data_owner),
                    data_owner_email=r.data_owner_email, agreement_accepted_at=r.agreement_accepted_at,
                    created_at=r.created_at, deleted_at=r.deleted_at,
                ),
                said_by(r),
                r.own_account,
            )
            for r in records
        ],
        now,
    )  # fmt: skip


@takes("account")
def take_accounts(records: Records, lookup: Lookup, now: datetime) -> Written:
    store.accounts.set_labels({lookup.account(r.account): r.label for r in records})
    return Written()


@takes("organisation_member")
def take_organisation_members(records: Records, lookup: Lookup, now: datetime) -> Written:
    store.memberships.take_history_of_organisations(
        Point((lookup.organisations[r.organisation], lookup.people[r.person]), r.start, r.until, {"role": r.role})
        for r in records
    )
    return Written()


@takes("workspace_member")
def take_workspace_members(records: Records, lookup: Lookup, now: datetime) -> Written:
    return store.memberships.take_history_of_workspaces(
        [
            Point(
                (lookup.workspaces[r.workspace], lookup.people[r.person]),
                r.start,
                r.until,
                {"role": r.role, "is_support": r.is_support},
            )
            for r in records
        ]
    )


@takes("invitation")
def take_invitations(records: Records, lookup: Lookup, now: datetime) -> Written:
    """None touches an account: an invitation is in no figure."""
    refused = store.invitations.take_history(
        [
            Told(
                Invitation(
                    external_id=r.external_id, workspace_id=lookup.workspaces[r.workspace], role=r.role, email=r.email,
                    invited_by_id=lookup.people.get(r.invited_by), invited_at=r.invited_at, state=r.state,
                    ended_at=r.ended_at,
                ),
                said_by(r),
            )
            for r in records
        ]
    )  # fmt: skip
    return Written(refused=refused)


@takes("login")
def take_logins(records: Records, lookup: Lookup, now: datetime) -> Written:
    rows = [Login(person_id=lookup.people[r.person], day=r.day, count=r.count) for r in records]
    return Written(refused=store.logins.take_history(rows))
