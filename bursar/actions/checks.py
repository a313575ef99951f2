"""What the door asks before a verb runs, in one order: under the lock, and before it where there is slow work to do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import models

from bursar.access import confirm
from bursar.access.actor import Actor, ActorKind
from bursar.access.holders import explain_to, load_holders
from bursar.access.rights import Own, explain_out_of_reach
from bursar.actions import undo
from bursar.actions.registry import target_of
from bursar.actions.request import Request
from bursar.actions.spec import Action, Case, Cleaned, Reason
from bursar.audit import queries as book
from bursar.audit.models import AuditLine
from bursar.core import naming
from bursar.core.errors import Blocked, Forbidden, Invalid, Refusal, Refused
from bursar.core.text import why_not_keep

REASON_LENGTH = 2000


def why_not_permitted(action: Action, case: Case) -> str | None:
    """None, or the sentence that greys the lever for this actor, whatever is filled in."""
    return _why_not_theirs(action, case) or _why_needs_more(action, case, None)


def check_permission(request: Request, case: Case, further: Iterable[int] = ()) -> None:
    """What the actor and the target alone decide. `further`: accounts beside the target's own. Raises Forbidden."""
    _refuse_with(Forbidden, _why_not_theirs(request.action, case, further))


def _why_not_theirs(action: Action, case: Case, further: Iterable[int] = ()) -> str | None:
    actor, kind = case.actor, target_of(case.target)
    if not actor.can(action.permission):
        assert action.permission is not None
        return _explain_missing(case, action.permission)
    if isinstance(action.permission, Own) and action.permission not in kind.own_rights(case):
        return explain_out_of_reach(action.permission)
    is_own = actor.kind is ActorKind.STAFF and bool(actor.own_account_ids)
    if is_own and not actor.own_account_ids.isdisjoint({*kind.accounts(case.target), *further}):
        return "You are a customer of this account yourself. Ask a colleague."
    return None


def _why_needs_more(action: Action, case: Case, data: Cleaned | None) -> str | None:
    need = action.needs(case, data) if action.needs else None
    if need is None or case.actor.can(need.right):
        return None
    return _explain_missing(case, need.right, need.why)


def _explain_missing(case: Case, right: models.TextChoices, why: str = "") -> str:
    """And whom to ask: who has it is looked up once a case."""
    return explain_to(case.actor, right, why, lambda: case.once("holders", lambda: case.share("holders", load_holders)))


def ask(request: Request, case: Case, *, by_itself: bool = True) -> Cleaned:
    """Everything between the right and the verb; the form's data when nothing speaks against it.

    by_itself: false for a rehearsal, and for what another action or the clock runs: no reason is asked for then.
    Raises Forbidden (Unconfirmed where people must prove who they are), Blocked, Invalid or Refused.
    """
    action = request.action
    _refuse_with(Forbidden, _why_needs_more(action, case, None))
    if not request.rehearsed:
        check_confirmed(action, case.actor, case.now)
    _refuse_with(Blocked, action.blocked(case) if action.blocked else None)
    data = _clean(request, case, list_reason_faults(request) if by_itself else {})
    _refuse_with(Forbidden, _why_needs_more(action, case, data))
    _check_seen(request, case)
    if request.undoes:
        undo.check(request, case)
    _refuse_with(Refused, action.refused(case, data) if action.refused else None)
    return data


def check_confirmed(action: Action, actor: Actor, now: datetime) -> None:
    """Of what is dangerous, at every door, and of what another action or an undo does too. Raises Unconfirmed."""
    if action.danger and confirm.is_needed(actor, now):
        raise confirm.Unconfirmed


def _refuse_with(refusal: type[Refusal], sentence: str | None) -> None:
    if sentence:
        raise refusal(sentence)


def _clean(request: Request, case: Case, faults: dict[str, list[str]]) -> Cleaned:
    """Raises Invalid with every fault at once: of the form, the reason and the message."""
    form = request.action.form_for(case, request.data)
    unknown = sorted(set(request.data) - set(form.fields))
    fields = {name: ["There is no such field."] for name in unknown}
    if not form.is_valid():
        fields |= {name: [str(error) for error in errors] for name, errors in form.errors.items()}
    fields |= faults
    if unknown:
        raise Invalid(f"There is no field “{unknown[0]}” here.", fields)
    if fields:
        raise Invalid(fields=fields)
    return form.cleaned_data


def check_reason(request: Request) -> None:
    """For what many rows share, before the first of them. Raises Invalid for an unfit reason or message."""
    faults = list_reason_faults(request)
    if faults:
        raise Invalid(fields=faults)


def list_reason_faults(request: Request) -> dict[str, list[str]]:
    """What is wrong with the reason and the message, by field."""
    action, faults = request.action, {}
    texts = {"reason": request.reason.strip(), "message": request.message.strip()}
    if action.reason is Reason.REQUIRED and not texts["reason"]:
        faults["reason"] = ["Say why. The reason stays with the staff."]
    if action.message is Reason.REQUIRED and not texts["message"]:
        faults["message"] = ["Write to them what was decided and why. They will read this."]
    if texts["message"] and not action.takes_message:
        faults["message"] = ["The customer does not see this action, so there is nowhere to write to."]
    if request.message_for_billing and not action.takes_message:
        faults["message_for_billing"] = ["There is no message here that anybody could read."]
    for name, text in texts.items():
        if len(text) > REASON_LENGTH:
            faults[name] = [f"At most {REASON_LENGTH} characters; this has {len(text)}."]
        elif unfit := why_not_keep(text):
            faults[name] = [f"This {unfit}."]
    return faults


def _check_seen(request: Request, case: Case) -> None:
    """Two people on one row: the second, who saw an older row, gets a sentence instead of overwriting."""
    if request.seen is None:
        return
    line = (
        book.list_timeline(case.target.public_id).filter(target_id=case.target.public_id, at__gt=request.seen).first()
    )
    if line is not None:
        who = _who_was(line, request.actor)
        raise Refused(f"{who} was quicker: “{line.label}”, a moment ago. Look at the row again, then decide.")


def _who_was(line: AuditLine, reader: Actor) -> str:
    """Customers read no colleague's name."""
    if reader.kind is ActorKind.CUSTOMER and line.actor_kind != ActorKind.CUSTOMER:
        return f"The {settings.BURSAR_COMPANY_NAME} team"
    actors = (naming.say(row.reference, row.text) for row in line.name_rows.all() if row.slot == "actor")
    return next(actors, "") or "somebody"
