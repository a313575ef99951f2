"""What stands on the Payments page and its tabs as files."""

from __future__ import annotations

from django import forms
from django.http import QueryDict

from bursar.access.rights import Right
from bursar.actions.exports import CsvForm, ListForm, keep, query_field
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, Company, Outcome, Reason
from bursar.core.asked import read_query
from bursar.core.errors import Refusal
from bursar.core.reading import consistent_read
from bursar.core.timeouts import Work
from bursar.files.csv import Written
from bursar.payments import csv, filters
from bursar.payments.rules.gap import CAUSES


class ExportForm(ListForm):
    query = query_field("Month, filters and sort as in the page's address; empty: every payment of the current month.")

    def read(self, asked: QueryDict) -> object:
        return filters.read(asked, self.case.now)


def _write_payments(case: Case, data: Cleaned) -> Written:
    view = filters.read(read_query(data["query"]), case.now)
    with consistent_read(Work.EXPORT):
        return csv.write(view, data["layout"])


@action(
    key="payments.company.export_payments",
    on=Company,
    form=ExportForm,
    label="Export payments CSV…",
    done="Payments CSV exported",
    icon="download",
    help="Writes the payments on screen, all rows, into a CSV; the link lives 24 hours, for you alone.",
    when=(
        "For the bookkeeper, or to work on payments in a spreadsheet. To look one up, search by account or by Mollie's "
        "id on the page."
    ),
    permission=Right.READ,
    reason=Reason.NONE,
    prepare=_write_payments,
    in_menu=False,
)
def export_payments(act: Act, company: Company, data: Cleaned) -> Outcome:
    view = filters.read(read_query(data["query"]), act.now)
    return keep(act, act.prepared, f"payments-{view.month or filters.ALL}", data["query"])


class ExportGapForm(CsvForm):
    month = forms.CharField(
        label="Month", required=False, max_length=7, help_text="The seller's, such as 2026-11; empty: the current one."
    )
    cause = forms.ChoiceField(
        label="Cause",
        required=False,
        choices=[(cause.value, words) for cause, (words, _) in CAUSES.items()],
        help_text="Only accounts of which this is a part; empty: all that differ.",
    )

    def clean_month(self) -> str:
        text: str = self.cleaned_data["month"]
        try:
            filters.read_gap({"month": text}, self.case.now)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.sentence) from None
        return text


def _write_gap(case: Case, data: Cleaned) -> Written:
    with consistent_read(Work.EXPORT):
        return csv.write_gap(filters.read_gap(data, case.now), case.now, data["layout"])


@action(
    key="payments.company.export_gap",
    on=Company,
    form=ExportGapForm,
    label="Export gap CSV…",
    done="Gap CSV exported",
    icon="download",
    help="Writes a month's gap, a row an account and a column a cause, into a CSV file that lives 24 hours.",
    when="For a month's close: account by account, why what arrived is not what was due; it adds up to the cent.",
    permission=Right.READ,
    reason=Reason.NONE,
    prepare=_write_gap,
    in_menu=False,
)
def export_gap(act: Act, company: Company, data: Cleaned) -> Outcome:
    ask = filters.read_gap(data, act.now)
    return keep(act, act.prepared, f"gap-{ask.month}", " ".join(filter(None, (str(ask.month), ask.cause))))
