"""The at-risk lists as a file."""

from __future__ import annotations

from django.http import QueryDict

from bursar.access.rights import Right
from bursar.actions.exports import ListForm, keep, query_field
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, Company, Outcome, Reason
from bursar.attention import csv, filters
from bursar.core.asked import read_query
from bursar.core.reading import consistent_read
from bursar.core.timeouts import Work
from bursar.files.csv import Written, write
from bursar.rollup.refresh import refresh


class ExportForm(ListForm):
    query = query_field("Tab and filters as in the page's address; empty: everybody who needs a human now.")

    def read(self, asked: QueryDict) -> object:
        return filters.read(asked)


def _write_file(case: Case, data: Cleaned) -> Written:
    refresh(case.now)
    ask = filters.read(read_query(data["query"]))
    with consistent_read(Work.EXPORT):
        return write(csv.COLUMNS, csv.batches(ask, case.actor, case.now), data["layout"])


@action(
    key="attention.company.export_at_risk",
    on=Company,
    form=ExportForm,
    label="Export at-risk CSV…",
    done="At-risk CSV exported",
    icon="download",
    help="Writes both at-risk lists as on screen, all rows, into a CSV file; the link lives 24 hours, for you alone.",
    when="For a call list, or for a meeting. It holds names and addresses of contacts: do not pass it on.",
    permission=Right.READ,
    reason=Reason.NONE,
    prepare=_write_file,
    in_menu=False,
)
def export(act: Act, company: Company, data: Cleaned) -> Outcome:
    return keep(act, act.prepared, f"at-risk-{act.now:%Y-%m-%d}", data["query"])
