"""The referral ledger as a file."""

from __future__ import annotations

from django import forms

from bursar.access.rights import Right
from bursar.actions.exports import CsvForm, keep
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, Company, Outcome, Reason
from bursar.core.reading import consistent_read
from bursar.core.timeouts import Work
from bursar.files.csv import Written, write
from bursar.partners import csv
from bursar.partners.queries.ledger import partners


class ExportForm(CsvForm):
    partner = forms.CharField(
        label="Partner", required=False, max_length=24, help_text="Of this one alone, by its id; empty: of all."
    )

    def clean_partner(self) -> str:
        asked: str = self.cleaned_data["partner"]
        if asked and not partners().filter(public_id=asked).exists():
            raise forms.ValidationError(f"No partner has the id {asked}.")
        return asked


def _write_file(case: Case, data: Cleaned) -> Written:
    with consistent_read(Work.EXPORT):
        return write(csv.COLUMNS, csv.batches(data["partner"]), data["layout"])


@action(
    key="partners.company.export_referrals",
    on=Company,
    form=ExportForm,
    label="Export referral CSV…",
    done="Referral CSV exported",
    icon="download",
    help="Writes every line of the referral ledger into a CSV file; the link lives 24 hours, for you alone.",
    when="For a check of what a partner is owed. For the partner itself take the statement of the quarter.",
    permission=Right.READ,
    reason=Reason.NONE,
    prepare=_write_file,
    in_menu=False,
)
def export(act: Act, company: Company, data: Cleaned) -> Outcome:
    return keep(act, act.prepared, f"referrals-{act.now:%Y-%m-%d}", data["partner"])
