from django.urls import path

from bursar.payments import bank_pages, pages, tab_pages

app_name = "payments"

urlpatterns = [
    path("", pages.show_page, name="page"),
    path("export", pages.export, name="export"),
    path("gap/", tab_pages.show_gap, name="gap"),
    path("gap/export", tab_pages.export_gap, name="export_gap"),
    path("bank/", bank_pages.show_bank, name="bank"),
    path("drift/", tab_pages.show_drift, name="drift"),
]
