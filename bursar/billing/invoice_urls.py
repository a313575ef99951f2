from django.urls import path

from bursar.billing import balance_pages, bundle_pages, invoice_pages, to_issue_pages
from bursar.billing.to_issue import list_to_issue
from bursar.core import clock
from bursar.ui.navigation import NavEntry, register

app_name = "invoices"

urlpatterns = [
    path("", invoice_pages.open_invoices, name="page"),
    path("to-issue/", to_issue_pages.show_to_issue, name="to_issue"),
    path("drafts/", to_issue_pages.show_drafts, name="drafts"),
    path("drafts/<str:draft_id>/pdf", to_issue_pages.show_draft_pdf, name="draft_pdf"),
    path("list/", invoice_pages.show_list, name="list"),
    path("list/export", invoice_pages.export, name="export"),
    path("list/export-accounting", invoice_pages.export_accounting, name="export_accounting"),
    path("balances/", balance_pages.show_balances, name="balances"),
    path("balances/export", balance_pages.export, name="export_balances"),
    path("bundles/", bundle_pages.show_bundles, name="bundles"),
    path("bundles/make", bundle_pages.export, name="bundle"),
]

register(
    NavEntry(
        key="invoices",
        label="Invoices",
        url_name="invoices:page",
        order=35,
        help="invoices",
        group="money",
        icon="file-invoice",
        holds=(
            "reminders:page",
            "panel:invoice",
            *(f"{app_name}:{one.name}" for one in urlpatterns[1:] if one.name != "to_issue"),
        ),
    )
)
register(
    NavEntry(
        key="to-issue",
        label="To issue",
        url_name="invoices:to_issue",
        order=37,
        help="to-issue",
        group="money",
        icon="file-plus",
        count=lambda actor: len(list_to_issue(clock.now())),
    )
)
