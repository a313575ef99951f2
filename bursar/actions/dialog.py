"""The dialog's contents: what will happen, to whom, what the customer will see, the fields, the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from django import forms
from django.conf import settings

from bursar.access.actor import ActorKind
from bursar.actions.cards import Card, Watcher
from bursar.actions.lasting import find_ending, say_mail
from bursar.actions.registry import ACTIONS, target_of, tell_apart
from bursar.actions.run import preview
from bursar.actions.spec import Action, ActionForm, Case, Change, Outcome, Reason
from bursar.core.errors import Invalid, Refusal, Unavailable
from bursar.core.words import list_words

CARRIES_CARD = ("workspace", "account", "organisation")
_SENTENCES = re.compile(r"(?<=[.!?]) (?=[A-Z“€])")


def foresee(action: Action, case: Case, data: Mapping[str, Any], is_untouched: bool = False) -> dict[str, Any]:
    """The card, sentences and the customer's view, by rehearsing the action; nothing is kept of it.

    is_untouched: nobody filled in anything yet, so what speaks against it is said calmly, not as a fault; nor that it
    stands like that already, which is why the fields are filled as they are.
    """
    data, watcher = {**_ticked(action, data), **action.form.as_confirmed(case)}, Watcher()
    try:
        outcome = preview(action.key, case.actor, case.target.public_id, data, watcher)
    except Invalid:
        return _unforeseen(action, case, watcher.card, [action.help])
    except Unavailable:
        raise
    except Refusal as refusal:
        if is_untouched:
            return _unforeseen(action, case, watcher.card, [refusal.sentence])
        return {**_unforeseen(action, case, watcher.card, []), "refusal": refusal.sentence}
    form = action.form_for(case, data)
    is_whole, card = form.is_valid(), watcher.card
    more = action.preview(case, form.cleaned_data) if action.preview and is_whole else []
    return {
        "card": card if is_about(case, card) else None,
        "summary": outcome.sentence,
        "idle": _why_idle(action, case, form, outcome, card, is_untouched),
        "shown": action.shows(case, form.cleaned_data) if action.shows and is_whole else None,
        "will": [*list_unsaid(outcome.sentence, card), *more],
        "effects": [change for change in (*outcome.changes, *outcome.effects) if not _is_said(change, outcome, card)],
        "customer_sees": None if outcome.waits else customer_view(action, outcome),
        "refusal": "",
        **_describe_end(action, case, outcome),
    }


def _unforeseen(action: Action, case: Case, card: Card, will: list[str]) -> dict[str, Any]:
    """Where it could not be rehearsed: how things stand, and what the declaration says."""
    shown = card if is_about(case, card) and case.actor.kind is not ActorKind.CUSTOMER else None
    none: dict[str, Any] = {"idle": "", "effects": [], "customer_sees": None, "refusal": ""}
    return {**none, "card": shown, "will": will, **_describe_end(action, case, None)}


def _describe_end(action: Action, case: Case, outcome: Outcome | None) -> dict[str, Any]:
    """How it is taken back, and who of the customer's people reads of it all the same."""
    is_own = case.actor.kind is ActorKind.CUSTOMER
    return {
        "ending": find_ending(action, case, outcome),
        "mailed": "" if is_own or (outcome and outcome.waits) else say_mail(action),
    }


def is_about(case: Case, card: Card) -> bool:
    """Whether the dialog shows the card: always of an account and what stands beside it, else when something moves."""
    if not card.lines:
        return False
    return bool(card.changed) or target_of(case.target).slug in CARRIES_CARD


def _why_idle(action: Action, case: Case, form: ActionForm, outcome: Outcome, card: Card, is_untouched: bool) -> str:
    """Why it would change nothing that counts: as the action declares, or because nothing at all is written."""
    if outcome.waits:
        return ""
    if action.idle and form.is_valid():
        seen = replace(case, moved=frozenset(line.name for line in card.changed))
        if said := action.idle(seen, form.cleaned_data):
            return said
    if is_untouched and form.fields:
        return ""
    does = outcome.changes or outcome.effects or outcome.outgoing or outcome.secret or outcome.next
    is_as_it_stands = bool(form.fields) and not form.has_changed()
    is_still = card.is_rehearsed and action.prepare is None and not does and (is_as_it_stands or not card.wrote)
    return "It stands like that already." if is_still and not action.tell else ""


def list_unsaid(sentence: str, card: Card) -> list[str]:
    """The outcome's sentences, without those that only say a changed line of the card once more."""
    moves = [f" from {line.before.text} to {line.after.text}." for line in card.changed if line.after]
    return [one for one in _SENTENCES.split(sentence) if not any(one.endswith(move) for move in moves)]


def _is_said(change: Change, outcome: Outcome, card: Card) -> bool:
    """Whether card or sentence say it, so that no fact is read twice."""
    if card.says(change):
        return True
    return bool(change.after) and all(_stands_in(outcome.sentence, text) for text in (change.before, change.after))


def _stands_in(sentence: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(text)}(?!\w)", sentence) is not None


def _ticked(action: Action, data: Mapping[str, Any]) -> dict[str, Any]:
    """What has to be ticked is taken as ticked: what will happen is read before one agrees to it."""
    fields = action.form.base_fields  # type: ignore[attr-defined]  # set by Django's form metaclass
    ticks = [name for name, field in fields.items() if isinstance(field, forms.BooleanField) and field.required]
    return {**data, **dict.fromkeys(ticks, True)}


def customer_view(action: Action, outcome: Outcome) -> dict[str, Any] | None:
    """The line as the customer's history will show it: what it is called, which of the changes it names, by whom.

    None when they will see nothing.
    """
    if not action.customer_visible:
        return None
    shown = [change for change in outcome.changes if not change.private]
    headings = [change.heading for change in shown if change.heading]
    return {
        "label": action.told,
        "changes": shown,
        "headings": list_words(headings) if headings else "",
        "by": f"the {settings.BURSAR_COMPANY_NAME} team",
    }


def _tell_apart(case: Case) -> str:
    """Looked up where a template asks for it: what refreshes while somebody types does not."""
    return "" if case.actor.kind is ActorKind.CUSTOMER else tell_apart(case.target, case.now)


def describe(action: Action, case: Case) -> dict[str, Any]:
    """What does not depend on what is filled in."""
    return {
        "action": action,
        "verb_label": action.title,
        "target_label": target_of(case.target).name(case.target),
        "target_kind": target_of(case.target).label,
        "target_about": partial(_tell_apart, case),
        "reason_policy": action.reason.value,
        "reason_required": action.reason is Reason.REQUIRED,
        "is_own": (is_own := case.actor.kind is ActorKind.CUSTOMER),
        "message_allowed": action.takes_message and not is_own,
        "asks_for_whom": action.asks_for_whom and not is_own,
        "message_required": action.message is Reason.REQUIRED,
        "customer_visible": action.customer_visible,
        "beside": ACTIONS[action.beside] if action.beside else None,
    }
