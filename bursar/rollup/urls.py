from django.urls import path

from bursar.rollup import movement_pages, pages

app_name = "rollup"

urlpatterns = [
    path("", pages.show_page, name="page"),
    path("movements/", movement_pages.show_movements, name="movements"),
    path("movements/export", movement_pages.export, name="export_movements"),
    path("movements/<str:month>/<slug:kind>", movement_pages.show_moved, name="moved"),
    path("totals", pages.show_totals, name="totals"),
    path("rows/<slug:account_id>", pages.show_row, name="row"),
    path("rows/<slug:account_id>/detail", pages.show_detail, name="detail"),
    path("seats/<slug:account_id>", pages.show_seats, name="seats"),
    path("export", pages.export, name="export"),
]
