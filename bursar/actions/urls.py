from django.urls import path

from bursar.actions import pages

app_name = "actions"

urlpatterns = [
    path("menu/<slug:slug>/<slug:target_id>", pages.show_menu, name="menu"),
    path("<slug:slug>/<slug:target_id>/<slug:verb>", pages.show_dialog, name="dialog"),
    path("<slug:slug>/<slug:target_id>/<slug:verb>/preview", pages.show_preview, name="preview"),
]
