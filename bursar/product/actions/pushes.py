"""What the product pushes: through the door once a batch, one line with counts and a digest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import DataError, IntegrityError, transaction

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Company, Outcome, Reason
from bursar.product.models import Scope
from bursar.product.pushed import read_item
from bursar.product.sign_in import make_customer_link
from bursar.product.upsert import NotPossible, Result, apply_item, end_organisations, lock_what_they_name
from bursar.rollup.project import add_usage
from bursar.tenants.models import Person
from bursar.usage.ingest import Event, ingest


@dataclass(frozen=True)
class Batch:
    """Parsed input that need not become text again. `digest`: SHA-256 of the body as it came."""

    items: list[Any]
    digest: str

    def __str__(self) -> str:
        return self.digest


class BatchField(forms.Field):
    """Takes a Batch as it is."""

    def to_python(self, value: Any) -> Batch:
        if not isinstance(value, Batch):
            raise forms.ValidationError("Push through the product's own API.")
        return value


class PushForm(ActionForm):
    batch = BatchField(label="Batch")


@action(
    key="product.company.push",
    on=Company,
    form=PushForm,
    label="Push from the product",
    done="Pushed by the product",
    icon="arrow-bar-to-down",
    help="Takes organisations, workspaces, people, memberships, invitations and logins from the product; newer wins.",
    when=(
        "The product's systems use this; people do not. A wrong name or membership is put right in the product, which "
        "pushes again: a change made here only would be overruled."
    ),
    permission=Scope.PUSH,
    reason=Reason.NONE,
    stream="product",
    in_menu=False,
)
def push(act: Act, company: Company, data: Cleaned) -> Outcome:
    batch: Batch = data["batch"]
    items = [_read(raw, act) for raw in batch.items]
    lock_what_they_name([item for item in items if not isinstance(item, Result)])
    results = _apply_all(items, act)
    counts = Counter(result.what for result in results)
    changes = [Change(what.capitalize(), "", str(count)) for what, count in sorted(counts.items())]
    changes.append(Change("SHA-256", "", batch.digest))
    changes += [Change("Overruled", result.overruled, "as the product says") for result in results if result.overruled]
    touched = {pk: None for result in results for pk in result.accounts}
    return Outcome(
        f"{len(results)} items: {', '.join(f'{count} {what}' for what, count in sorted(counts.items()))}.",
        changes,
        touched=dict(touched),
        data={"results": [{"result": r.what, "sentence": r.sentence} for r in results]},
    )


def _read(raw: Any, act: Act) -> Any:
    try:
        return read_item(raw, act.now)
    except ValueError as error:
        return Result("refused", str(error))


class _Undo(Exception):
    pass


def _apply_all(items: list[Any], act: Act) -> list[Result]:
    """In order. An organisation that may not end once all is written is left out, and the rest is taken anew."""
    refused: dict[int, str] = {}
    while True:
        try:
            with transaction.atomic():
                results = [
                    Result("refused", refused[place]) if place in refused else _apply(item, act)
                    for place, item in enumerate(items)
                ]
                more = end_organisations(results, act.now)
                if not more:
                    return results
                raise _Undo
        except _Undo:
            refused |= more


def _apply(item: Any, act: Act) -> Result:
    """Each item by itself: what contradicts the database is refused and leaves the others alone."""
    if isinstance(item, Result):
        return item
    try:
        with transaction.atomic():
            return apply_item(item, act.now)
    except NotPossible as refusal:
        return Result("refused", str(refusal))
    except (IntegrityError, DataError) as error:
        return Result("refused", f"It contradicts what is stored: {str(error).splitlines()[0]}")


class UsageForm(ActionForm):
    batch = BatchField(label="Events")


@action(
    key="product.company.take_usage",
    on=Company,
    form=UsageForm,
    label="Usage from the product",
    done="Usage taken from the product",
    icon="activity",
    help="Takes a batch of usage events; the same event again changes nothing.",
    when=(
        "The product's systems use this; people do not. Send again whatever got no answer: an event counts once. To "
        "give a customer hours back, reset usage; what was recorded is never taken away."
    ),
    permission=Scope.USAGE,
    reason=Reason.NONE,
    stream="product",
    in_menu=False,
)
def take_usage(act: Act, company: Company, data: Cleaned) -> Outcome:
    batch: Batch = data["batch"]
    events: list[Event] = batch.items
    done = ingest(events, act.now)
    add_usage(done.months, act.now)
    counts = {"Taken": done.taken, "Repeated": done.repeated, "Refused": len(done.refused)}
    changes = [Change(label, "", str(count)) for label, count in counts.items()]
    return Outcome(
        f"{done.taken} events taken, {done.repeated} repeated, {len(done.refused)} refused.",
        [*changes, Change("SHA-256", "", batch.digest)],
        data={"taken": done.taken, "repeated": sorted(done.repeats), "refused": done.refused},
    )


class LinkForm(ActionForm):
    person = forms.CharField(label="Person", max_length=100, help_text="The product's id of the person.")


def _why_no_link(case: Case, data: Cleaned) -> str | None:
    person = Person.objects.filter(external_id=data["person"], erased_at=None).first()
    return None if person else f"There is no person “{data['person']}”."


@action(
    key="product.company.make_sign_in_link",
    on=Company,
    form=LinkForm,
    label="One-time sign-in link",
    done="One-time sign-in link made",
    icon="login",
    help="Makes a link that signs a customer in once, within five minutes. The product hands it on to them.",
    when=(
        "The product asks for it when a customer goes to their own pages from there. Staff have no use for it: links "
        "for colleagues come with Add staff."
    ),
    permission=Scope.SIGN_IN,
    reason=Reason.NONE,
    refused=_why_no_link,
    stream="product",
    in_menu=False,
)
def make_sign_in_link(act: Act, company: Company, data: Cleaned) -> Outcome:
    person = Person.objects.get(external_id=data["person"])
    link = make_customer_link(person, act.now)
    changes = [Change("Person", "", person.name, after_ref=person.public_id)]
    if link is None:
        return Outcome("Nobody may sign in by a link here: no address, or a colleague's.", changes)
    return Outcome("The link works once, within five minutes.", changes, secret=link)
