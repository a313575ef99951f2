from django.urls import path

from bursar.actions import bulk_pages, pages

app_name = "actions"

urlpatterns = [
    path("menu/<slug:slug>/<slug:target_id>", pages.show_menu, name="menu"),
    path("bulk/<slug:slug>/<slug:verb>", bulk_pages.show_bulk, name="bulk"),
    path("bulk/<slug:slug>/<slug:verb>/preview", bulk_pages.show_preview, name="bulk_preview"),
    path("bulk-runs/<slug:run_id>", bulk_pages.show_run, name="bulk_run"),
    path("<slug:slug>/<slug:target_id>/<slug:verb>", pages.show_dialog, name="dialog"),
    path("<slug:slug>/<slug:target_id>/<slug:verb>/preview", pages.show_preview, name="preview"),
]
