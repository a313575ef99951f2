"""The rollup's projection and verbs: the export, saved views."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from django import forms
from django.db import DatabaseError, transaction
from django.http import QueryDict

from bursar.access.rights import Right
from bursar.actions.exports import CsvForm, ListForm, keep, query_field
from bursar.actions.registry import Target, action, apart, projection, register_target
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Company, Group, Need, Outcome, Reason, Touched
from bursar.core.asked import read_query
from bursar.core.calendar import Month
from bursar.core.errors import Refusal, Unavailable
from bursar.core.money import format_money
from bursar.core.reading import consistent_read
from bursar.core.timeouts import Work
from bursar.files.csv import Written, write
from bursar.plans.actions.shared import state_after
from bursar.rollup import card, csv, filters, movement_csv, movements
from bursar.rollup.apart import tell_accounts_apart
from bursar.rollup.models import SavedView
from bursar.rollup.project import Moved, describe_fault, project, project_each
from bursar.rollup.refresh import refresh
from bursar.rollup.store import mark
from bursar.rollup.views import PAGES, ROLLUP, get_view
from bursar.tenants.models import BillingAccount, Workspace

__all__ = ["card"]

log = structlog.get_logger()


@apart("account")
def tell_account_apart(account: BillingAccount, now: datetime) -> str:
    return tell_accounts_apart([account.pk], now).get(account.pk, "")


@apart("workspace")
def tell_workspace_apart(workspace: Workspace, now: datetime) -> str:
    of = tell_accounts_apart([workspace.account_id], now).get(workspace.account_id, "")
    return " · ".join(filter(None, [str(workspace.account), of]))


@projection("rollup")
def project_facts(touched: Touched, case: Case, later: bool) -> list[Change]:
    """Brings the touched accounts' facts up to date; says how MRR and potential moved when it was one account.

    What is done to an account that cannot be computed is refused; what comes in for the whole house (a push, a batch)
    is taken, and the account's row says so.
    """
    if later:
        current = Month.of(case.now)
        mark({pk: min(month or current, current) for pk, month in touched.items()})
        return []
    if len(touched) != 1:
        project_each(touched, case.now)
        return []
    if not isinstance(case.target, Company):
        return _say_amounts(_project_one(touched, case))
    try:
        with transaction.atomic():
            return _say_amounts(_project_one(touched, case))
    except Unavailable:
        project_each(touched, case.now)
        return []


def _project_one(touched: Touched, case: Case) -> Moved:
    (pk,) = touched
    state = state_after(case, pk)
    try:
        return project(touched, case.now, states={pk: state} if state else None)[pk]
    except DatabaseError:
        raise
    except Exception as error:
        log.exception("account_not_computed", account=pk)
        sentence = "This account cannot be computed at present, so nothing was changed. We have been told"
        raise Unavailable(f"{sentence}: {describe_fault(error)}.") from error


def _say_amounts(moved: Moved) -> list[Change]:
    before, after = moved
    amounts = [
        ("MRR", before.mrr if before else None, after.mrr if after else None),
        ("Potential", before.potential if before else None, after.potential if after else None),
    ]
    return [Change(name, _eur(old), _eur(new), private=True) for name, old, new in amounts if old != new]


def _eur(amount: Any) -> str:
    return "" if amount is None else f"€ {format_money(amount)}"


class ExportForm(ListForm):
    rows = forms.ChoiceField(label="One row for each", choices=[("accounts", "account"), ("workspaces", "workspace")])
    query = query_field("Month, filters and sort as in the page's address; empty: everything of the current month.")

    def read(self, asked: QueryDict) -> object:
        return filters.read(asked, self.case.now)


def _write_file(case: Case, data: Cleaned) -> Written:
    """The slow part, in one consistent read, before the door's own transaction."""
    refresh(case.now)
    view = filters.read(read_query(data["query"]), case.now)
    with consistent_read(Work.EXPORT):
        return csv.write(view, case.now, data["layout"], by_workspace=data["rows"] == "workspaces")


@action(
    key="rollup.company.export",
    on=Company,
    form=ExportForm,
    label="Export CSV…",
    done="CSV exported",
    icon="download",
    help="Writes what is on screen, all rows, the columns shown, into a CSV; the link lives 24 hours, for you alone.",
    when=(
        "For figures that leave Bursar: a report, a spreadsheet, a board paper. It writes the rows as filtered, all of "
        "them. To look something up, filter on screen: an export is written in the book, and its link lives 24 hours, "
        "for you alone."
    ),
    permission=Right.READ,
    reason=Reason.NONE,
    prepare=_write_file,
    in_menu=False,
)
def export(act: Act, company: Company, data: Cleaned) -> Outcome:
    view = filters.read(read_query(data["query"]), act.now)
    return keep(act, act.prepared, f"{data['rows']}-{view.month}", data["query"])


class ExportMovements(CsvForm):
    month = forms.CharField(
        label="Month", required=False, max_length=7, help_text="Such as 2026-11; empty: every month that is shown."
    )
    kind = forms.ChoiceField(
        label="Kind of movement",
        required=False,
        choices=list(movements.LABELS.items()),
        help_text="Empty: all of them.",
    )

    def clean_month(self) -> list[Month]:
        text: str = self.cleaned_data["month"]
        try:
            view = filters.read({"month": text}, self.case.now)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.sentence) from None
        return [view.month] if text else movements.list_months(view.current)


def _write_movements(case: Case, data: Cleaned) -> Written:
    refresh(case.now)
    with consistent_read(Work.EXPORT):
        rows = movement_csv.batches(data["month"], data["kind"] or movements.NET)
        return write(movement_csv.COLUMNS, rows, data["layout"])


@action(
    key="rollup.company.export_movements",
    on=Company,
    form=ExportMovements,
    label="Export movements CSV…",
    done="Movements CSV exported",
    icon="download",
    help="Writes the accounts whose MRR moved, a row a month, into a CSV file; the link lives 24 hours, for you alone.",
    when=(
        "To work on why MRR moved outside of Bursar, account by account. For what accounts are worth now, export "
        "Usage & billing."
    ),
    permission=Right.READ,
    reason=Reason.NONE,
    prepare=_write_movements,
    in_menu=False,
)
def export_movements(act: Act, company: Company, data: Cleaned) -> Outcome:
    months: list[Month] = data["month"]
    span = "-to-".join(dict.fromkeys(str(month) for month in (*months[:1], *months[-1:]))) or "none"
    asked = " ".join([*map(str, months[:1] if len(months) == 1 else []), data["kind"]]).strip()
    return keep(act, act.prepared, f"movements-{span}", asked)


register_target(
    Target(
        slug="view",
        model=SavedView,
        label="saved view",
        fetch=get_view,
        accounts=lambda view: [],
        stream=lambda view: "staff",
        touches=lambda view: [view.public_id],
    )
)


class SaveView(ActionForm):
    name = forms.CharField(label="Name", max_length=60, help_text="Your view of the same name is replaced.")
    shared = forms.BooleanField(label="Share with all colleagues", required=False)
    page = forms.ChoiceField(
        label="Page", required=False, choices=[(name, name) for name in PAGES], widget=forms.HiddenInput,
        help_text="Whose filters these are; empty: the rollup's.",
    )  # fmt: skip
    query = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput, help_text="The page's address.")

    def clean_page(self) -> str:
        return self.cleaned_data["page"] or ROLLUP

    def clean_query(self) -> str:
        try:
            given = read_query(self.cleaned_data["query"])
            for passing in ("month", "page"):
                given.pop(passing, None)
            PAGES[self.cleaned_data.get("page", ROLLUP)](given, self.case.now)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.sentence) from None
        return given.urlencode()


def _why_not_save(case: Case, data: Cleaned) -> str | None:
    if case.actor.staff_id is None:
        return "Views belong to staff people; a program keeps its own addresses."
    return None


def _need_to_share(case: Case, data: Cleaned | None) -> Need | None:
    return Need(Right.ACT, "Without it your views are yours alone.") if data and data["shared"] else None


@action(
    key="rollup.company.save_view",
    on=Company,
    form=SaveView,
    label="Save this view…",
    done="View saved",
    icon="bookmark",
    help="Keeps the filters, sort and columns on screen under a name.",
    when=(
        "For a list that you come back to, such as your own accounts or those past due; share it when colleagues work "
        "by it. A link to send once needs no view: filters and sort stand in the page's address."
    ),
    permission=Right.READ,
    reason=Reason.NONE,
    needs=_need_to_share,
    refused=_why_not_save,
    in_menu=False,
)
def save_view(act: Act, company: Company, data: Cleaned) -> Outcome:
    values = {"query": data["query"], "is_shared": data["shared"], "created_at": act.now}
    known_by = {"owner_id": act.actor.staff_id, "page": data["page"], "name": data["name"]}
    made, _ = SavedView.objects.update_or_create(**known_by, defaults=values)
    changes = [Change("View", "", made.name), Change("Shared", "", "yes" if made.is_shared else "no")]
    changes.append(Change("Address", "", made.query))
    return Outcome(f"The view “{made.name}” is kept.", changes, data={"view": made.public_id})


def _need_to_delete(case: Case, data: Cleaned | None) -> Need | None:
    if case.target.owner_id == case.actor.staff_id:
        return None
    return Need(Right.MANAGE_STAFF, f"{case.target.owner} made this view; ask them, or someone who manages staff.")


@action(
    key="rollup.view.delete",
    on=SavedView,
    label="Delete view…",
    opposite="rollup.company.save_view",
    group=Group.SETUP,
    done="View deleted",
    icon="trash",
    code="dv",
    formerly=("remove view",),
    help="Takes the view away from everybody who sees it. No figure changes.",
    when=(
        "When a view misleads more than it helps. Shared ones vanish for everybody, so ask first; your own can be "
        "replaced by saving another under the same name."
    ),
    permission=Right.READ,
    reason=Reason.NONE,
    needs=_need_to_delete,
    takes_away=True,
)
def delete_view(act: Act, view: SavedView, data: Cleaned) -> Outcome:
    SavedView.objects.filter(pk=view.pk).delete()
    return Outcome(f"The view “{view.name}” is gone.", [Change("View", view.name, "")])
