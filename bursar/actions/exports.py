"""What the verb of every export does with the file that was written before it."""

from __future__ import annotations

from django import forms
from django.urls import reverse

from bursar.access.actor import Door
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Change, Outcome
from bursar.files import store
from bursar.files.csv import LAYOUTS, Layout, Written


class CsvForm(ActionForm):
    """What every export asks: how the file is laid out."""

    layout = forms.ChoiceField(
        label="Layout",
        required=False,
        choices=[
            ("comma", "cells parted by commas"),
            ("semicolon", "cells parted by semicolons"),
            ("excel", "for Excel: semicolons, and a byte order mark"),
        ],
        help_text="Always UTF-8, with decimal points. Empty: commas.",
    )

    def clean_layout(self) -> Layout:
        return LAYOUTS[self.cleaned_data["layout"] or "comma"]


def keep(act: Act, written: Written | None, name: str, query: str) -> Outcome:
    """The outcome of an export's verb: the link, and in the book what was written. None: it was only rehearsed."""
    if written is None:
        return Outcome("A CSV file will be written.")
    file = store.finish(written.file, act.actor, act.now, name=f"bursar-{name}.csv", rows=written.rows)
    changes = [Change("Rows", "", str(written.rows)), Change("SHA-256", "", written.sha256)]
    changes.append(Change("Filters", "", query or "none"))
    address = "api:files_download" if act.actor.door is Door.API else "files:download"
    found = {"export": file.public_id, "rows": written.rows, "sha256": written.sha256}
    return Outcome(
        f"{written.rows:,} rows are ready.", changes, data={**found, "path": reverse(address, args=[file.public_id])}
    )
