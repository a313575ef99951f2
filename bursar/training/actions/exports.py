"""Licences and rosters as files."""

from __future__ import annotations

from django.http import QueryDict

from bursar.access.rights import Right
from bursar.actions.exports import CsvForm, ListForm, keep, query_field
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, Company, Group, Outcome, Reason
from bursar.core.asked import read_query
from bursar.core.reading import consistent_read
from bursar.core.timeouts import Work
from bursar.files.csv import Written
from bursar.training import licence_csv
from bursar.training import licence_filters as filters
from bursar.training.models import TrainingSession


class LicencesForm(ListForm):
    query = query_field("Tab, filters and sort as in the page's address; empty: every active licence.")

    def read(self, asked: QueryDict) -> object:
        return filters.read(asked, self.case.now)


def _write(case: Case, data: Cleaned) -> Written:
    view = filters.read(read_query(data["query"]), case.now)
    with consistent_read(Work.EXPORT):
        return licence_csv.write(view, case.actor, data["layout"])


@action(
    key="training.company.export_licences",
    on=Company,
    form=LicencesForm,
    label="Export licences CSV…",
    done="Licences CSV exported",
    icon="download",
    help="Writes the licences on screen, all rows, into a CSV; the link lives 24 hours, for you alone.",
    when="To work on a list of licences in a spreadsheet. It holds names and addresses: keep it no longer than needed.",
    permission=Right.READ,
    reason=Reason.NONE,
    prepare=_write,
    in_menu=False,
)
def export_licences(act: Act, company: Company, data: Cleaned) -> Outcome:
    view = filters.read(read_query(data["query"]), act.now)
    return keep(act, act.prepared, f"licences-{view.shown}-{view.today}", data["query"])


def _write_roster(case: Case, data: Cleaned) -> Written:
    return licence_csv.write_roster(case.target, data["layout"])


@action(
    key="training.session.export_roster",
    on=TrainingSession,
    form=CsvForm,
    label="Export roster CSV…",
    instead="It changes nothing; the link ends by itself.",
    is_harmless=True,
    done="Roster CSV exported",
    icon="download",
    code="ex",
    formerly=("download participants",),
    group=Group.TRAINING,
    help="Writes who is on the roster, who was there and what they got into a CSV that lives 24 hours, for you alone.",
    when="For a list to sign at the door, or for the customer's own records.",
    permission=Right.READ,
    reason=Reason.NONE,
    prepare=_write_roster,
)
def export_roster(act: Act, session: TrainingSession, data: Cleaned) -> Outcome:
    outcome = keep(act, act.prepared, f"roster-{session.public_id}", session.public_id)
    outcome.next = outcome.data.get("path", "")
    return outcome
