"""Sessions as a file."""

from __future__ import annotations

from django.http import QueryDict

from bursar.access.rights import Right
from bursar.actions.exports import ListForm, keep, query_field
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, Company, Outcome, Reason
from bursar.billing.seller import seller_day
from bursar.core.asked import read_query
from bursar.core.reading import consistent_read
from bursar.core.timeouts import Work
from bursar.files.csv import Written
from bursar.training import filters, session_csv


class SessionsForm(ListForm):
    query = query_field("Tab, filters and sort as in the page's address; empty: what waits to be scheduled.")

    def read(self, asked: QueryDict) -> object:
        return filters.read(asked, self.case.now)


def _write(case: Case, data: Cleaned) -> Written:
    view = filters.read(read_query(data["query"]), case.now)
    with consistent_read(Work.EXPORT):
        return session_csv.write(view, case.actor, data["layout"])


@action(
    key="training.company.export_sessions",
    on=Company,
    form=SessionsForm,
    label="Export sessions CSV…",
    done="Sessions CSV exported",
    icon="download",
    help="Writes the sessions on screen, all rows, into a CSV; the link lives 24 hours, for you alone.",
    when="To work on a list of sessions in a spreadsheet. Who takes part stands in the CSV of a roster.",
    permission=Right.READ,
    reason=Reason.NONE,
    prepare=_write,
    in_menu=False,
)
def export_sessions(act: Act, company: Company, data: Cleaned) -> Outcome:
    view = filters.read(read_query(data["query"]), act.now)
    return keep(act, act.prepared, f"sessions-{view.shown}-{seller_day(act.now)}", data["query"])
