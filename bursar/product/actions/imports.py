"""The import, through the same door as everything: one line in the book a batch, with counts and a digest."""

from __future__ import annotations

from typing import Any

import orjson
from django import forms
from django.db import DataError, IntegrityError, transaction

from bursar.access.rights import By
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Change, Cleaned, Company, Outcome, Reason
from bursar.product.apply import ENDS, Applied, apply
from bursar.product.lookup import hold_what_they_name
from bursar.product.records import KINDS, read_record


class ImportBatch(ActionForm):
    kind = forms.ChoiceField(label="Kind of line", choices=[(kind, kind) for kind in (*KINDS, ENDS)])
    lines = forms.CharField(label="Lines", strip=False, help_text="Line number, tab, JSON; one a line.")
    digest = forms.CharField(label="SHA-256 of the lines", max_length=64)


@action(
    key="product.company.import",
    on=Company,
    form=ImportBatch,
    label="Import a batch…",
    done="Batch imported",
    icon="upload",
    help="Takes one batch of an import file: what is there already stays, what is new is added.",
    when=(
        "At the operator's shell, by `bursar import`: to bring in an installation's past, or to mend it. The panel "
        "refuses it. What changes from today on comes by the product's own pushes."
    ),
    reason=Reason.OPTIONAL,
    permission=By.SHELL,
    stream="product",
    in_menu=False,
)
def import_batch(act: Act, company: Company, data: Cleaned) -> Outcome:
    records = [(int(number), read_record(orjson.loads(text), act.now)) for number, text in _split(data["lines"])]
    applied = _apply_what_holds(data["kind"], records, act)
    counts = [Change("Kind", "", data["kind"]), Change("Lines taken", "", str(applied.taken))]
    counts += [Change("Lines refused", "", str(len(applied.bad))), Change("SHA-256", "", data["digest"])]
    return Outcome(
        f"{applied.taken} lines of kind {data['kind']} taken, {len(applied.bad)} refused.",
        counts,
        touched=dict(applied.touched),
        data={"taken": applied.taken, "bad": {str(number): text for number, text in applied.bad.items()}},
        project_later=True,
    )


def _split(lines: str) -> list[tuple[str, str]]:
    pairs = (line.partition("\t") for line in lines.split("\n") if line)
    return [(number, text) for number, _, text in pairs]


def _apply_what_holds(kind: str, records: list[tuple[int, Any]], act: Act) -> Applied:
    """The whole batch at once; when the database refuses something in it, line by line, to find which.

    Usage is counted without locking accounts, as when the product sends it.
    """
    if kind != "usage":
        hold_what_they_name([record for _, record in records])
    try:
        with transaction.atomic():
            return apply(kind, records, act.now)
    except (IntegrityError, DataError):
        result = Applied()
    for number, record in records:
        try:
            with transaction.atomic():
                one = apply(kind, [(number, record)], act.now)
        except (IntegrityError, DataError) as error:
            result.bad[number] = f"contradicts what is stored: {str(error).splitlines()[0]}"
            continue
        result.add(one)
    return result
