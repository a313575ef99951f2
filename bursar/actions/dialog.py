"""The dialog's contents: what will happen, to whom, what the customer will see, the fields, the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings

from bursar.access.actor import ActorKind
from bursar.actions.registry import ACTIONS, target_of, tell_apart
from bursar.actions.run import preview
from bursar.actions.spec import Action, Case, Outcome, Reason
from bursar.core.errors import Invalid, Refusal, Unavailable


def foresee(action: Action, case: Case, data: Mapping[str, Any], is_untouched: bool = False) -> dict[str, Any]:
    """Sentences, effects and the customer's view, by rehearsing the action; nothing is kept of it.

    is_untouched: nobody filled in anything yet, so what speaks against it is said calmly, not as a fault.
    """
    data = {**_ticked(action, data), **action.form.as_confirmed(case)}
    try:
        outcome = preview(action.key, case.actor, case.target.public_id, data)
    except Invalid:
        return {"will": [action.help], "effects": [], "customer_sees": None, "refusal": "", "incomplete": True}
    except Unavailable:
        raise
    except Refusal as refusal:
        said = (
            {"will": [refusal.sentence], "refusal": ""} if is_untouched else {"will": [], "refusal": refusal.sentence}
        )
        return {**said, "effects": [], "customer_sees": None, "incomplete": False}
    form = action.form_for(case, data)
    is_whole = form.is_valid()
    more = action.preview(case, form.cleaned_data) if action.preview and is_whole else []
    return {
        "shown": action.shows(case, form.cleaned_data) if action.shows and is_whole else None,
        "will": [outcome.sentence, *more],
        "effects": [*outcome.changes, *outcome.effects],
        "customer_sees": None if outcome.waits else customer_view(action, outcome),
        "refusal": "",
        "incomplete": False,
    }


def _ticked(action: Action, data: Mapping[str, Any]) -> dict[str, Any]:
    """What has to be ticked is taken as ticked: what will happen is read before one agrees to it."""
    fields = action.form.base_fields  # type: ignore[attr-defined]  # set by Django's form metaclass
    ticks = [name for name, field in fields.items() if isinstance(field, forms.BooleanField) and field.required]
    return {**data, **dict.fromkeys(ticks, True)}


def customer_view(action: Action, outcome: Outcome) -> dict[str, Any] | None:
    """The line as the customer's history will show it; None when they will see nothing."""
    if not action.customer_visible:
        return None
    return {
        "label": action.told,
        "changes": [change for change in outcome.changes if not change.private],
        "by": f"the {settings.BURSAR_COMPANY_NAME} team",
    }


def describe(action: Action, case: Case) -> dict[str, Any]:
    """What does not depend on what is filled in."""
    return {
        "action": action,
        "verb_label": action.title,
        "target_label": target_of(case.target).name(case.target),
        "target_kind": target_of(case.target).label,
        "target_about": "" if case.actor.kind is ActorKind.CUSTOMER else tell_apart(case.target, case.now),
        "reason_policy": action.reason.value,
        "reason_required": action.reason is Reason.REQUIRED,
        "is_own": (is_own := case.actor.kind is ActorKind.CUSTOMER),
        "message_allowed": action.takes_message and not is_own,
        "asks_for_whom": action.asks_for_whom and not is_own,
        "message_required": action.message is Reason.REQUIRED,
        "customer_visible": action.customer_visible,
        "beside": ACTIONS[action.beside] if action.beside else None,
    }
