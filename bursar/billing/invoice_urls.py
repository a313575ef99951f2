from django.urls import path

from bursar.billing import bundle_pages, invoice_pages
from bursar.ui.navigation import NavEntry, register

app_name = "invoices"

urlpatterns = [
    path("", invoice_pages.open_invoices, name="page"),
    path("list/", invoice_pages.show_list, name="list"),
    path("export", invoice_pages.export, name="export"),
    path("export-accounting", invoice_pages.export_accounting, name="export_accounting"),
    path("bundles/", bundle_pages.show_bundles, name="bundles"),
    path("bundles/make", bundle_pages.export, name="bundle"),
]

register(
    NavEntry(
        key="invoices",
        label="Invoices",
        url_name="invoices:page",
        order=17,
        help="invoices",
        holds=("reminders:page", *(f"{app_name}:{one.name}" for one in urlpatterns[1:])),
    )
)
