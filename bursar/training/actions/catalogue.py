"""The catalogue: what is offered, at which price, from when on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Company, DayInput, Group, Outcome, Reason, Undo
from bursar.core.calendar import midnight
from bursar.core.days import say_day
from bursar.core.money import euros
from bursar.core.sortkey import sort_key
from bursar.training import rules
from bursar.training.models import TITLE_LENGTH, Mode, Training, TrainingPrice
from bursar.training.queries.catalogue import find_next_price, find_same_title, get_price
from bursar.training.store import catalogue as store
from bursar.training.store.catalogue import Kind, Terms

KIND = ("title", "mode", "grants_licence")
TERMS = ("price", "included", "extra")
LICENCE = {True: "granted", False: "none"}
MOST = 10_000


class KindForm(ActionForm):
    title = forms.CharField(label="Title", max_length=TITLE_LENGTH)
    mode = forms.ChoiceField(label="Held", choices=Mode.choices)
    grants_licence = forms.BooleanField(
        label="Grants a licence", required=False, help_text="To everybody who took part, for a year from the day held."
    )

    def clean_title(self) -> str:
        return " ".join(self.cleaned_data["title"].split())


class TermsForm(ActionForm):
    price = forms.DecimalField(
        label="Price of a session, EUR", help_text="Without VAT.", min_value=0, max_digits=10, decimal_places=2
    )
    included = forms.IntegerField(label="Participants included", min_value=1, max_value=MOST)
    extra = forms.DecimalField(label="Each one more, EUR", min_value=0, max_digits=10, decimal_places=2)


class AddForm(KindForm, TermsForm):
    field_order = (*KIND, *TERMS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["grants_licence"].initial = True


def _kind_of(data: Cleaned) -> Kind:
    return Kind(*(data[name] for name in KIND))


def _terms_of(data: Cleaned | TrainingPrice) -> Terms:
    return Terms(*(getattr(data, name) if isinstance(data, TrainingPrice) else data[name] for name in TERMS))


def say_terms(terms: Terms) -> str:
    """ "€ 675.00 for 5, € 60.00 for each one more" """
    return f"{euros(terms.price)} for {terms.included}, {euros(terms.extra)} for each one more"


def _why_title_taken(title: str, but: Training | None) -> str | None:
    known = find_same_title(sort_key(title), but)
    if known is None:
        return None
    gone = ", and is retired: bring that back" if known.retired_at else ""
    return f"A training is called “{known.title}” already{gone}."


@action(
    key="training.company.add_training",
    on=Company,
    form=AddForm,
    label="Add training…",
    opposite="training.training.retire",
    done="Training added",
    icon="school",
    code="at",
    formerly=("new course",),
    group=Group.SETUP,
    help="Adds a training to the catalogue; from now on it can be asked for.",
    when="For something new. Another price of what is there already is “Set price”, which leaves sessions as they are.",
    reason=Reason.NONE,
    refused=lambda case, data: _why_title_taken(data["title"], None),
)
def add_training(act: Act, company: Company, data: Cleaned) -> Outcome:
    kind, terms = _kind_of(data), _terms_of(data)
    made = store.make(kind, terms, act.now)
    changes = [Change(label, "", after) for label, after in _say(kind)]
    changes.append(Change("Price", "", say_terms(terms), concerns_money=True))
    told = {"training": made.public_id}
    return Outcome(f"{made.title} is offered.", changes, data=told, touches=[made.public_id])


def _say(kind: Kind) -> list[tuple[str, str]]:
    return [("Title", kind.title), ("Held", str(Mode(kind.mode).label)), ("Licence", LICENCE[kind.grants_licence])]


def _present(training: Training) -> Kind:
    return Kind(training.title, training.mode, training.grants_licence)


class UpdateForm(KindForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in _present(self.case.target)._asdict().items():
            self.fields[name].initial = value


def _why_not_update(case: Case, data: Cleaned) -> str | None:
    if _kind_of(data) == _present(case.target):
        return "This is what it is already."
    return _why_title_taken(data["title"], case.target)


@action(
    key="training.training.update",
    on=Training,
    form=UpdateForm,
    label="Update…",
    done="Training updated",
    icon="edit",
    code="up",
    formerly=("edit",),
    group=Group.SETUP,
    help="Changes the title, how it is held, and whether it grants a licence. What sessions are in is their own: they "
    "stay as they were planned, and take the title.",
    when="When it was described wrongly, or from now on grants a licence or does not. For another price: “Set price”.",
    reason=Reason.NONE,
    refused=_why_not_update,
    inverse=("training.training.update",),
)
def update(act: Act, training: Training, data: Cleaned) -> Outcome:
    before, after = _present(training), _kind_of(data)
    store.change(training, after)
    pairs = zip(_say(before), _say(after), strict=True)
    changes = [Change(label, was, now) for (label, was), (_, now) in pairs if was != now]
    return Outcome(f"{training.title} is updated.", changes, undo=Undo("training.training.update", before._asdict()))


class PriceForm(TermsForm):
    """`first_day`: a UTC day; left empty, from this moment on."""

    first_day = forms.DateField(
        label="From", required=False, widget=DayInput(), help_text="Empty: at once. It never holds for the past."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in _terms_of(get_price(self.case.target, self.case.now))._asdict().items():
            self.fields[name].initial = value


def _begins(data: Cleaned, now: datetime) -> datetime:
    return max(now, midnight(data["first_day"])) if data["first_day"] else now


def _why_not_price(case: Case, data: Cleaned) -> str | None:
    today = case.now.date()
    if data["first_day"] and (sentence := rules.why_not_begin(data["first_day"], today)):
        return sentence
    following = find_next_price(case.target, case.now)
    is_same = _terms_of(data) == _terms_of(get_price(case.target, case.now))
    return "This is what it costs already." if is_same and following is None else None


def _foresee_price(case: Case, data: Cleaned) -> list[str]:
    words = ["Sessions that were asked for before keep the price that held then."]
    dropped = find_next_price(case.target, case.now)
    if dropped is not None and dropped.valid_from >= _begins(data, case.now):
        words.append(f"The price that was to begin on {say_day(dropped.valid_from)} is dropped.")
    return words


@action(
    key="training.training.set_price",
    on=Training,
    form=PriceForm,
    label="Set price…",
    done="Price of a training set",
    icon="tag",
    code="sp",
    formerly=("fee",),
    group=Group.MONEY,
    help="Sets what a session costs, and how many participants that includes, from a day on.",
    when="When prices change. Sessions keep the price that held when they were asked for; what is agreed with one "
    "customer alone is written on their invoice.",
    concerns_money=True,
    reason=Reason.OPTIONAL,
    refused=_why_not_price,
    preview=_foresee_price,
    inverse=("training.training.set_price",),
)
def set_price(act: Act, training: Training, data: Cleaned) -> Outcome:
    store.hold(training)
    following = find_next_price(training, act.now)
    before, after, begins = _terms_of(get_price(training, act.now)), _terms_of(data), _begins(data, act.now)
    store.set_price(training, after, begins)
    since = f", from {say_day(begins)}" if begins > act.now else ""
    sentence = f"{training.title} costs {say_terms(after)}{since}."
    change = Change("Price", say_terms(before), f"{say_terms(after)}{since}", concerns_money=True)
    kept = {name: str(value) for name, value in before._asdict().items()}
    undo = Undo("training.training.set_price", kept) if following is None else None  # else one that was to come is gone
    return Outcome(sentence, [change], undo=undo)


@action(
    key="training.training.retire",
    on=Training,
    label="Retire…",
    done="Training retired",
    icon="archive",
    code="rt",
    formerly=("archive",),
    group=Group.SETUP,
    help="Offers it no more. Its sessions and licences stay as they are.",
    when="When nobody shall ask for it any more. It can be brought back.",
    reason=Reason.OPTIONAL,
    blocked=lambda case: "It is retired already." if case.target.retired_at else None,
    inverse=("training.training.bring_back",),
)
def retire(act: Act, training: Training, data: Cleaned) -> Outcome:
    store.retire(training, act.now)
    change = Change("Offered", "yes", "no")
    return Outcome(f"{training.title} is offered no more.", [change], undo=Undo("training.training.bring_back", {}))


@action(
    key="training.training.bring_back",
    on=Training,
    label="Bring back…",
    done="Training brought back",
    icon="archive-off",
    code="bb",
    formerly=("unarchive",),
    group=Group.SETUP,
    help="Offers a retired training again, at the price that stands.",
    when="When it was retired by mistake, or is held again.",
    reason=Reason.OPTIONAL,
    blocked=lambda case: None if case.target.retired_at else "It is offered already.",
    inverse=("training.training.retire",),
)
def bring_back(act: Act, training: Training, data: Cleaned) -> Outcome:
    store.bring_back(training)
    change = Change("Offered", "no", "yes")
    return Outcome(f"{training.title} is offered again.", [change], undo=Undo("training.training.retire", {}))
