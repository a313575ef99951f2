"""What stands in the lists of Invoices as a file."""

from __future__ import annotations

from django import forms

from bursar.access.rights import Right
from bursar.actions.exports import CsvForm, keep
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, Company, Outcome, Reason
from bursar.billing import invoice_csv
from bursar.billing import invoice_filters as filters
from bursar.core.asked import read_query
from bursar.core.errors import Refusal
from bursar.core.reading import consistent_read
from bursar.core.timeouts import Work
from bursar.files.csv import Written


class ExportForm(CsvForm):
    query = forms.CharField(
        label="Filters", required=False, max_length=2000, widget=forms.HiddenInput,
        help_text="Tab, filters and sort as in the page's address; empty: every invoice of which something is open.",
    )  # fmt: skip

    def clean_query(self) -> str:
        text: str = self.cleaned_data["query"]
        try:
            filters.read(read_query(text), self.case.now)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.sentence) from None
        return text


def _write(case: Case, data: Cleaned) -> Written:
    view = filters.read(read_query(data["query"]), case.now)
    with consistent_read(Work.EXPORT):
        return invoice_csv.write(view, data["layout"])


@action(
    key="billing.company.export_invoices",
    on=Company,
    form=ExportForm,
    label="Export invoices CSV…",
    done="Invoices CSV exported",
    icon="download",
    help="Writes the documents on screen, all rows, into a CSV; the link lives 24 hours, for you alone.",
    when="To work on a list of invoices in a spreadsheet. For bookkeeping, Export for accounting… says each line.",
    permission=Right.READ,
    reason=Reason.NONE,
    prepare=_write,
    in_menu=False,
)
def export_invoices(act: Act, company: Company, data: Cleaned) -> Outcome:
    view = filters.read(read_query(data["query"]), act.now)
    return keep(act, act.prepared, f"invoices-{view.shown}-{view.today}", data["query"])
