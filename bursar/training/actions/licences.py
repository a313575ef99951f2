"""What is done with a licence once it is there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from bursar.access.rights import By
from bursar.actions.registry import Target, action, register_target
from bursar.actions.run import Act
from bursar.actions.spec import (
    ActionForm,
    Case,
    Cleaned,
    DayInput,
    Group,
    Loss,
    Notice,
    Outcome,
    Reason,
    Topic,
    Undo,
)
from bursar.billing.seller import seller_day
from bursar.core import clock, naming
from bursar.core.days import say_day
from bursar.tenants.models import Organisation
from bursar.tenants.queries import list_account_ids_of, list_account_public_ids_of
from bursar.tenants.store import lock_accounts
from bursar.training import licence_rules as rules
from bursar.training.actions.completing import say_change, shown_at
from bursar.training.models import Licence
from bursar.training.queries.licences import get_licence, list_to_announce, tell
from bursar.training.store import licences as store

REVOKE, REINSTATE, EDIT = (f"training.licence.{verb}" for verb in ("revoke", "reinstate", "edit"))
ANNOUNCE = "training.licence.announce_end"


def _touches(licence: Licence) -> list[str]:
    above = list_account_public_ids_of(licence.organisation)
    return [*shown_at(licence), *above, licence.organisation.public_id]


register_target(
    Target(
        slug="licence",
        model=Licence,
        label="licence",
        name=lambda licence: f"{licence.training}: {licence.whose or naming.ERASED}",
        fetch=lambda actor, public_id: get_licence(actor, public_id, clock.now()),
        accounts=lambda licence: list_account_ids_of(licence.organisation),
        lock=lock_accounts,
        stream=lambda licence: licence.organisation.public_id,
        touches=_touches,
        parents=lambda licence: [licence.organisation],
        page="training:licence",
        leads=True,
    )
)


class DatesForm(ActionForm):
    valid_from = forms.DateField(label="Valid from", widget=DayInput())
    last_day = forms.DateField(label="Last day", widget=DayInput(), help_text="It still counts.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.case.is_one_of_several:
            for name in ("valid_from", "last_day"):
                self.fields[name].initial = getattr(self.case.target, name)


def _why_not_edit(case: Case, data: Cleaned) -> str | None:
    licence: Licence = case.target
    if (data["valid_from"], data["last_day"]) == (licence.valid_from, licence.last_day):
        return "These are its dates already."
    return rules.why_not_dates(data["valid_from"], data["last_day"], seller_day(case.now))


def _foresee_edit(case: Case, data: Cleaned) -> list[str]:
    licence: Licence = case.target
    if licence.revoked_at is not None:
        return ["It is revoked, and stays so."]
    is_over = rules.state_of(data["last_day"], False, seller_day(case.now)) is rules.LicenceState.EXPIRED
    return [Loss(f"It has expired then: {say_day(data['last_day'])} is over.")] if is_over else []


@action(
    key=EDIT,
    on=Licence,
    form=DatesForm,
    label="Edit licence…",
    done="Licence edited",
    icon="edit",
    code="el",
    formerly=("change name",),
    group=Group.TRAINING,
    help="Changes from when through when a licence is valid. Its certificate says the new dates from then on.",
    when="To put one person's dates right, or to give them longer. For everybody of a session correct the day held.",
    customer_visible=True,
    concerns_money=False,
    refused=_why_not_edit,
    preview=_foresee_edit,
    inverse=(EDIT,),
    events=("licence.granted",),
)
def edit(act: Act, licence: Licence, data: Cleaned) -> Outcome:
    before = {"valid_from": licence.valid_from.isoformat(), "last_day": licence.last_day.isoformat()}
    was = rules.say_span(licence.valid_from, licence.last_day)
    store.set_dates(licence, data["valid_from"], data["last_day"])
    span = rules.say_span(licence.valid_from, licence.last_day)
    return Outcome(
        f"The licence of {_name(licence)} is valid {span}.", [say_change(licence, was, span)], data=tell(licence),
        undo=Undo(EDIT, before), event="" if licence.revoked_at else "licence.granted",
    )  # fmt: skip


def _name(licence: Licence) -> str:
    return naming.say(licence.named_by, licence.whose) if licence.whose else naming.ERASED


@action(
    key=REVOKE,
    on=Licence,
    label="Revoke licence…",
    done="Licence revoked",
    icon="certificate-off",
    code="rv",
    formerly=("withdraw certificate",),
    group=Group.TRAINING,
    help="Takes a licence back at once. Whoever looks its certificate up reads that it is revoked.",
    when="When somebody may work by it no more. One that is over by its date needs nothing; wrong dates are edited.",
    customer_visible=True,
    concerns_money=False,
    blocked=lambda case: "It is revoked already." if case.target.revoked_at else None,
    inverse=(REINSTATE,),
    tell=(Notice.ORGANISATION_ADMINS,),
    topic=Topic.PEOPLE,
    event="licence.revoked",
    takes_away=True,
    bulk=True,
)
def revoke(act: Act, licence: Licence, data: Cleaned) -> Outcome:
    before = _say_state(licence, act)
    store.set_revoked(licence, act.now)
    change = say_change(licence, f"{licence.training}, {before}", "revoked")
    return Outcome(
        f"The licence of {_name(licence)} is revoked.", [change], data=tell(licence), undo=Undo(REINSTATE, {})
    )


def _say_state(licence: Licence, act: Act) -> str:
    is_revoked = licence.revoked_at is not None
    return rules.state_of(licence.last_day, is_revoked, seller_day(act.now)).value


@action(
    key=REINSTATE,
    on=Licence,
    label="Reinstate licence…",
    done="Licence reinstated",
    icon="certificate",
    code="ri",
    formerly=("restore",),
    group=Group.TRAINING,
    help="Takes a revocation back: the licence holds again, through the last day that it had.",
    when="When it was revoked by mistake.",
    customer_visible=True,
    concerns_money=False,
    blocked=lambda case: None if case.target.revoked_at else "It is not revoked.",
    inverse=(REVOKE,),
    event="licence.granted",
)
def reinstate(act: Act, licence: Licence, data: Cleaned) -> Outcome:
    store.set_revoked(licence, None)
    change = say_change(licence, "revoked", f"{licence.training}, {_say_state(licence, act)}")
    sentence = f"The licence of {_name(licence)} holds again, through {say_day(licence.last_day)}."
    return Outcome(sentence, [change], data=tell(licence), undo=Undo(REVOKE, {}))


@action(
    key=ANNOUNCE,
    on=Licence,
    label="Announce the end of a licence",
    done="Licence ends soon",
    help="Tells programs that a licence ends within the time of warning; once for each of its last days.",
    when="Never by hand. Bursar does it by itself, with the notice to the organisation.",
    permission=By.CLOCK,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    event="licence.expiring",
    in_menu=False,
)
def announce_end(act: Act, licence: Licence, data: Cleaned) -> Outcome:
    store.note_announced(licence, act.now)
    change = say_change(licence, "", f"{licence.training}, ends on {say_day(licence.last_day)}")
    return Outcome(f"The licence of {_name(licence)} ends soon.", [change], data=tell(licence))


def _due(case: Case) -> list[Licence]:
    def load() -> list[Licence]:
        due = list_to_announce(case.now).filter(organisation=case.target)
        return list(due.select_related("training", "organisation", "person", "attendee"))

    found: list[Licence] = case.once("due", load)
    return found


@action(
    key="training.organisation.announce_ends",
    on=Organisation,
    label="Announce ends of licences",
    done="Licences end soon",
    help="Tells an organisation's owners and admins, and the account manager, whose licences end within the time of "
    "warning (a setting). Nobody who has a later licence of the same training is named.",
    when="Never by hand. Bursar does it by itself, once for each licence.",
    permission=By.CLOCK,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    blocked=lambda case: None if _due(case) else "No licence ends that was not announced.",
    calls=(ANNOUNCE,),
    tell=(Notice.ORGANISATION_ADMINS, Notice.MANAGER),
    topic=Topic.PEOPLE,
    in_menu=False,
)
def announce_ends(act: Act, organisation: Organisation, data: Cleaned) -> Outcome:
    due = _due(act.case)
    for licence in due:
        act.also(ANNOUNCE, licence, {})
    changes = [say_change(one, "", f"{one.training}, ends on {say_day(one.last_day)}") for one in due]
    count = f"{len(due):,} licence{' ends' if len(due) == 1 else 's end'}"
    return Outcome(f"{count} within {settings.BURSAR_LICENCE_WARNED} days.", changes)
