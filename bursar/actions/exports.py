"""What the verb of every export does with the file that was written before it."""

from __future__ import annotations

from django import forms
from django.http import QueryDict
from django.urls import reverse

from bursar.access.actor import Door
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Change, Outcome
from bursar.core.asked import read_query
from bursar.core.errors import Refusal
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


def query_field(help_text: str) -> forms.CharField:
    """Of a `ListForm`. help_text: what it says, and what empty is."""
    return forms.CharField(
        label="Filters", required=False, max_length=2000, widget=forms.HiddenInput, help_text=help_text
    )


class ListForm(CsvForm):
    """Of a page that lists: `query` is what stands in its address."""

    def read(self, asked: QueryDict) -> object:
        """As the page reads it. Raises Refusal for what the page would refuse."""
        raise NotImplementedError

    def clean_query(self) -> str:
        text: str = self.cleaned_data["query"]
        try:
            self.read(read_query(text))
        except Refusal as refusal:
            raise forms.ValidationError(refusal.sentence) from None
        return text


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
