"""One declaration, and what its verb returns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db import models

from bursar.access.rights import Own, Right
from bursar.actions.finding import Keys, keys_of
from bursar.actions.spec.case import Case
from bursar.actions.spec.choices import Group, Notice, Reason, Topic
from bursar.actions.spec.form import ActionForm, Cleaned
from bursar.core.calendar import Month
from bursar.core.naming import Said


@dataclass(frozen=True)
class Change:
    """One thing that changed, in words. `private` changes are for staff; a customer never sees them.

    `label`: empty for a sentence that stands by itself, in `after`.
    `concerns_money`: of a customer's people only those with billing rights read it.
    `before_ref` and `after_ref` are public ids when the value is a person's name, so that it can be erased. `who` and
    `who_ref`: the person whose change it is, named instead of the label wherever people read it.
    """

    label: str
    before: str
    after: str
    private: bool = False
    before_ref: str = ""
    after_ref: str = ""
    who: str = ""
    who_ref: str = ""
    concerns_money: bool = False

    @property
    def heading(self) -> str:
        return self.who or self.label


class Loss(str):
    """A sentence on what is taken away: dialogs show it, and the button that does it, red."""

    takes_away = True


Touched = dict[int, Month | None]


@dataclass(frozen=True)
class Undo:
    """The action on the same target that brings the former state back, and its data; of a way back, what was before.

    `left`: how the action leaves it, for `Action.moved_on`.
    """

    key: str
    data: dict[str, Any]
    left: dict[str, Any] = field(default_factory=dict)


@dataclass
class Outcome:
    """What a verb returns: a sentence, what changed, and the accounts whose facts it moved.

    `sentence` names people by `naming.say`, so that it can be kept without their names.
    `touched` maps an account's key to the first month concerned; None means the current one only.
    `effects` are added by the projections (MRR before and after). `data` is for programs. `project_later`: a batch
    only marks its accounts; the refresh computes them before anybody reads. `undo`: how to take it back, this time.
    `secret`: a secret, or the path of a link, that is shown once to whoever made it and kept nowhere.
    `secret_was_shown`: a repeated request hears that instead. `event`: instead of the one that the action declares.
    `touches`: ids beside the target's own whose timelines show the line, such as that of what was made.
    `told`: what it is called this time, instead of what the action says.
    `next`: the path of a page on which whoever did it goes on.
    `outgoing`: outbox rows that leave after commit, as (kind, payload); the door adds the line's id as `line`.
    `waits`: nothing was done yet, a second person decides.
    """

    sentence: str
    changes: list[Change] = field(default_factory=list)
    touched: Touched = field(default_factory=dict)
    effects: list[Change] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    project_later: bool = False
    undo: Undo | None = None
    secret: str = ""
    secret_was_shown: bool = False
    next: str = ""
    event: str = ""
    told: str = ""
    touches: list[str] = field(default_factory=list)
    outgoing: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    line_id: str = ""
    group: str = ""
    waits: bool = False

    def __post_init__(self) -> None:
        self.sentence = Said(self.sentence)


class Shown(NamedTuple):
    """A template of the action's own room, and what it is given: how something will look, in the dialog's preview."""

    template: str
    context: dict[str, Any]


class Stale(Exception):
    """Raised by a verb: what `prepare` made rests on what has changed since. The door has it made again."""


class Together(NamedTuple):
    """How an action is done for many targets by one that calls it (`Act.also_each`), with few statements for all.

    load: what `blocked` and `refused` look up in each case is put there, from all cases and their data as sent.
    verb: the verb of all, an act, a target and cleaned data each; an outcome each, in their order.
    """

    load: Callable[[Sequence[tuple[Case, Mapping[str, Any]]]], None]
    verb: Callable[[Sequence[tuple[Any, Any, Cleaned]]], list[Outcome]]


class Need(NamedTuple):
    """A right beyond the declared one. `why`: a sentence on what it is needed for here."""

    right: models.TextChoices
    why: str = ""


class Weighed(NamedTuple):
    """What a lever would move, EUR, and why a second person decides on it; None: whoever pulls it does so alone."""

    amount: Decimal
    why_second: str | None


@dataclass(frozen=True)
class Action:
    """`verb` is run by the door only. Predicates return None or the sentence that says why not.

    What it is called:
      label: in the kebab; with “…” where a dialog follows.  done: in the book, notices and mail once it happened;
      without it they say the label, which is right only for what stands in no menu.  help: what it does.  when: for
      the handbook, when to reach for it and when not.  group: its place in the kebab; what stands in no menu has none.
      code: two letters that find it in the kebab, its own among those on the same target; they stay when others come.
      formerly: other words by which people look for it, such as names that it had or that other products use.
    What is asked before it:
      permission: a staff role's right, a customer's (`Own`), a key's scope, or what no role opens (`By`); None:
      everybody for themselves.  needs: a further right, by what the case is (data None: whatever is filled in) and by
      what is filled in.  blocked: whatever is filled in.  refused: with what is filled in.  locks: account keys to lock
      beside the target's own, from the case and the data as sent, which nobody has checked yet.
      danger: people confirm that it is they, whatever the door.  second: what is filled in, weighed: whether it is done
      at once, or put up for a second person to decide (`actions/second.py`).
    What it does:
      preview: sentences on what will happen, beside the changes the door finds by running the verb and rolling back.
      shows: how what it makes will look, in the dialog.  beside: the key of an action on the same target with the same
      form, which the dialog offers as a second button.
      prepare: slow work before the transaction, free of side effects on the data; its result reaches the verb as
      `act.prepared`.  prepare_is_cheap: the rehearsal does it too; else it finds None there.  calls: keys of the
      actions that the verb runs by `act.also`.  together: how another action has it done for many targets at once.
      inverse: keys of the actions that `Outcome.undo` may name.  way_back: it does nothing but take another back, which
      its `line` names (form `undo.WayBack`).  moved_on: of the offers that name it, the lines after which what stands
      there changed by something else; by one statement.  bulk: may be done to several at once; else that is
      refused.  takes_away: always does, and is red in kebab and dialog; where that depends on what is filled in,
      `preview` says it by a `Loss`.  is_harmless: it asks, tests or writes a file: nothing here stands otherwise behind
      it and no customer hears of it, so there is nothing to take back; `instead` says what it leaves.
      idle: a sentence on why it would change nothing that counts, as filled in and rehearsed (`Case.moved`); the dialog
      says so, and people may do it all the same.
      opposite: the key of the action that does the contrary, where nothing undoes it.  instead: a sentence on what one
      can do where there is no opposite either.
    Who hears of it:
      customer_visible: whether it stands in the customer's history.  concerns_money: then whether it is about prices,
      discounts or payment as a whole, for people with billing rights alone; a change among others says so for itself.
      message: whether the customer must be told something in words, where the action is visible to them.  topic: what
      its notices are about.  event: the name of the outgoing webhook.  events: others that an outcome may name instead.
    """

    key: str
    on: type
    label: str
    help: str
    verb: Callable[..., Outcome]
    when: str = ""
    done: str = ""
    form: type[ActionForm] = ActionForm
    group: Group | None = None
    code: str = ""
    formerly: tuple[str, ...] = ()
    icon: str = "bolt"
    permission: models.TextChoices | None = Right.ACT
    reason: Reason = Reason.REQUIRED
    customer_visible: bool = False
    concerns_money: bool | None = None
    message: Reason = Reason.OPTIONAL
    tell: tuple[Notice, ...] = ()
    topic: Topic = Topic.PLAN
    event: str = ""
    events: tuple[str, ...] = ()
    needs: Callable[[Case, Cleaned | None], Need | None] | None = None
    second: Callable[[Case, Cleaned], Weighed] | None = None
    blocked: Callable[[Case], str | None] | None = None
    refused: Callable[[Case, Cleaned], str | None] | None = None
    preview: Callable[[Case, Cleaned], list[str]] | None = None
    shows: Callable[[Case, Cleaned], Shown] | None = None
    idle: Callable[[Case, Cleaned], str | None] | None = None
    beside: str = ""
    prepare: Callable[[Case, Cleaned], Any] | None = None
    prepare_is_cheap: bool = False
    locks: Callable[[Case, Mapping[str, Any]], Iterable[int]] | None = None
    calls: tuple[str, ...] = ()
    together: Together | None = None
    inverse: tuple[str, ...] = ()
    opposite: str = ""
    instead: str = ""
    way_back: bool = False
    moved_on: Callable[[Sequence[Any]], Collection[str]] | None = None
    stream: str | None = None
    in_menu: bool = True
    danger: bool = False
    takes_away: bool = False
    is_harmless: bool = False
    bulk: bool = False

    @property
    def room(self) -> str:
        return self.key.split(".")[0]

    @property
    def target_slug(self) -> str:
        return self.key.split(".")[1]

    @property
    def verb_name(self) -> str:
        return self.key.split(".")[2]

    @property
    def title(self) -> str:
        """The label without the ellipsis that says a dialog follows."""
        return self.label.removesuffix("…")

    @property
    def way_out(self) -> str:
        """What leaves its dialog: beside “Cancel plan” a button “Cancel” would be taken for the action itself."""
        return "Back" if self.title.startswith("Cancel") else "Cancel"

    def keys_beside(self, code: str, target: str) -> Keys:
        """By what it is found in a menu: as `finding.keys_of`, with the code that it has there."""
        return keys_of(self.title, code, self.formerly, target)

    @property
    def keys(self) -> Keys:
        """By what it is found on its own."""
        return keys_of(self.title, self.code, self.formerly)

    @property
    def told(self) -> str:
        """What it is called once it happened: “Tier changed”."""
        return self.done or self.title

    def form_for(self, case: Case, data: Any = None, **kwargs: Any) -> ActionForm:
        return self.form(data, case=case, **kwargs)

    @property
    def takes_message(self) -> bool:
        return self.customer_visible and self.message is not Reason.NONE

    @property
    def asks_for_whom(self) -> bool:
        """Whether a message may be kept to billing people: on a line about money it is so anyway, and what is written
        to whoever asked is theirs.
        """
        return self.takes_message and not self.concerns_money and Notice.REQUESTER not in self.tell

    @property
    def is_for_customers(self) -> bool:
        """Whether it stands on people's own pages: what customers ask, and what everybody does for themselves."""
        return self.permission is None or isinstance(self.permission, Own)


class Company:
    """The target of actions on no single row: an export, an import. There is one."""

    pk = 0
    public_id = "company"

    def __str__(self) -> str:
        return str(settings.BURSAR_COMPANY_NAME)
