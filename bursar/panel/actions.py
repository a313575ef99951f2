"""The book as a file: a verb of the room that knows both the book and what accounts are called."""

from __future__ import annotations

from django import forms

from bursar.access.rights import Right
from bursar.actions.exports import CsvForm, keep
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, Company, Outcome, Reason
from bursar.core.asked import read_query
from bursar.core.errors import Refusal
from bursar.core.reading import consistent_read
from bursar.core.timeouts import Work
from bursar.files.csv import Written, write
from bursar.panel import book


class ExportBook(CsvForm):
    query = forms.CharField(
        label="Filters", required=False, max_length=2000, widget=forms.HiddenInput,
        help_text="As in the page's address: q, key, actor, since, until; empty: the whole book.",
    )  # fmt: skip

    def clean_query(self) -> str:
        text: str = self.cleaned_data["query"]
        try:
            book.read_filters(read_query(text))
        except Refusal as refusal:
            raise forms.ValidationError(refusal.sentence) from None
        return text


def _write_file(case: Case, data: Cleaned) -> Written:
    with consistent_read(Work.EXPORT):
        _, found = book.read_filters(read_query(data["query"]))
        return write(book.COLUMNS, book.batches(found), data["layout"])


@action(
    key="panel.company.export_book",
    on=Company,
    form=ExportBook,
    label="Export the book…",
    done="Book exported",
    icon="download",
    help="Writes the lines of the book that fit, all of them, into a CSV file; the link lives 24 hours, for you alone.",
    when=(
        "For an auditor, or to answer who did what over a year. It holds names and reasons: do not pass it on to "
        "customers, who read what was changed for them on their own pages."
    ),
    permission=Right.READ,
    reason=Reason.NONE,
    prepare=_write_file,
    in_menu=False,
)
def export_book(act: Act, company: Company, data: Cleaned) -> Outcome:
    return keep(act, act.prepared, f"book-{act.now:%Y-%m-%d}", data["query"])
