from django.urls import path

from bursar.billing import invoice_pages
from bursar.ui.navigation import NavEntry, register

app_name = "invoices"

urlpatterns = [
    path("", invoice_pages.open_invoices, name="page"),
    path("list/", invoice_pages.show_list, name="list"),
]

register(
    NavEntry(
        key="invoices",
        label="Invoices",
        url_name="invoices:page",
        order=17,
        help="invoices",
        holds=tuple(f"{app_name}:{one.name}" for one in urlpatterns[1:]),
    )
)
