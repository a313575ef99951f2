"""What stands in the lists of Invoices as a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from procrastinate.contrib.django import app

from bursar.access.rights import Right
from bursar.actions.exports import CsvForm, ListForm, keep, query_field
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Company, Outcome, Reason
from bursar.billing import accounting_csv, invoice_csv
from bursar.billing import invoice_filters as filters
from bursar.billing.models import Invoice
from bursar.billing.queries import balances
from bursar.billing.queries.balances import Side
from bursar.billing.queries.bundles import select_documents
from bursar.billing.rules.periods import Period, read_period
from bursar.billing.seller import seller_day
from bursar.billing.store import bundles
from bursar.core.asked import read_query
from bursar.core.calendar import Month
from bursar.core.reading import consistent_read
from bursar.core.timeouts import Work
from bursar.files.csv import Written


class ExportForm(ListForm):
    query = query_field(
        "Tab, filters and sort as in the page's address; empty: every invoice of which something is open."
    )

    def read(self, asked: QueryDict) -> object:
        return filters.read(asked, self.case.now)


KINDS = {
    "lines": "each line, with its VAT and ledger account",
    "vat_return": "totals for the VAT return",
    "supplies": "supplies to businesses elsewhere in the EU, by VAT id",
    "shop": "the one-stop shop, by country and rate",
}


class PeriodForm(ActionForm):
    """`period`: a month or a quarter of the seller's, by the day of issue."""

    period = forms.CharField(
        label="Period", max_length=7, help_text="A month such as 2026-11, or a quarter such as 2026-Q4."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        month = Month.of(seller_day(self.case.now))
        self.fields["period"].initial = str(month.previous())

    def clean_period(self) -> Period:
        try:
            return read_period(self.cleaned_data["period"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class AccountingForm(PeriodForm, CsvForm):
    kind = forms.ChoiceField(label="What", choices=list(KINDS.items()))


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


def _write_accounting(case: Case, data: Cleaned) -> Written:
    with consistent_read(Work.EXPORT):
        return accounting_csv.write(data["kind"], data["period"], data["layout"])


@action(
    key="billing.company.export_accounting",
    on=Company,
    form=AccountingForm,
    label="Export for accounting…",
    done="Accounting CSV exported",
    icon="calculator",
    help="Writes what was issued in a month or a quarter, for bookkeeping and the tax office, into a CSV that lives 24 "
    "hours. Credit notes are taken off in the period in which they were issued.",
    when="For each month's books and each quarter's VAT. An accountant reads the first one before it is relied on.",
    permission=Right.READ,
    reason=Reason.NONE,
    prepare=_write_accounting,
    in_menu=False,
)
def export_accounting(act: Act, company: Company, data: Cleaned) -> Outcome:
    name = f"{data['kind'].replace('_', '-')}-{data['period'].name}"
    return keep(act, act.prepared, name, f"{data['kind']} {data['period'].name}")


class BalancesForm(CsvForm):
    side = forms.ChoiceField(
        label="Which", required=False,
        choices=[("", "both"), (Side.CREDIT.value, "credit"), (Side.OWED.value, "what is owed beside invoices")],
    )  # fmt: skip


def _write_balances(case: Case, data: Cleaned) -> Written:
    with consistent_read(Work.EXPORT):
        return balances.write(Side(data["side"]) if data["side"] else None, data["layout"])


@action(
    key="billing.company.export_balances",
    on=Company,
    form=BalancesForm,
    label="Export balances CSV…",
    done="Balances CSV exported",
    icon="download",
    help="Writes what accounts have to their good, and below zero what they owe beside their invoices, as it stands "
    "now, into a CSV that lives 24 hours, for you alone.",
    when="For the books at a month's end: credit is owed to customers, and what is below zero is due from them. What "
    "invoices ask for stands in the lists of invoices.",
    permission=Right.READ,
    reason=Reason.NONE,
    prepare=_write_balances,
    in_menu=False,
)
def export_balances(act: Act, company: Company, data: Cleaned) -> Outcome:
    return keep(act, act.prepared, f"balances-{seller_day(act.now)}", data["side"])


class BundleForm(PeriodForm):
    with_pdf = forms.BooleanField(label="PDF", required=False, initial=True)
    with_ubl = forms.BooleanField(label="E-invoice (UBL)", required=False)

    def clean(self) -> Cleaned:
        data = super().clean() or {}
        if not data.get("with_pdf") and not data.get("with_ubl"):
            self.add_error("with_pdf", "Tick what it shall hold.")
        return data


def _select(data: Cleaned) -> QuerySet[Invoice]:
    return select_documents(data["period"], with_pdf=data["with_pdf"], with_ubl=data["with_ubl"])


@action(
    key="billing.company.bundle_documents",
    on=Company,
    form=BundleForm,
    label="Bundle documents…",
    done="Documents bundled",
    icon="file-zip",
    help="The worker puts the files of a month's or a quarter's documents into one ZIP that lives 24 hours, for you "
    "alone.",
    when="For a bookkeeper or an auditor who wants the documents themselves. One of them is fetched on its page.",
    permission=Right.READ,
    reason=Reason.NONE,
    refused=lambda case, data: None if _select(data).exists() else "No such document was issued in that period.",
    in_menu=False,
)
def bundle_documents(act: Act, company: Company, data: Cleaned) -> Outcome:
    total, period = _select(data).count(), data["period"].name
    values = {"period": period, "with_pdf": data["with_pdf"], "with_ubl": data["with_ubl"], "total": total}
    made = bundles.begin({**values, "actor": act.actor.reference()}, act.now)
    app.configure_task("billing.bundle_documents").defer(bundle_id=made.public_id)  # in this transaction
    changes = [Change("Period", "", period), Change("Documents", "", f"{total:,}")]
    told = {"bundle": made.public_id, "documents": total}
    return Outcome(f"The worker bundles {total:,} documents.", changes, data=told, next=reverse("invoices:bundles"))
