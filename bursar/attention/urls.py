from django.urls import path

from bursar.attention import pages

app_name = "attention"

urlpatterns = [
    path("", pages.show_page, name="page"),
    path("tabs", pages.show_tabs, name="tabs"),
    path("rows/<slug:slug>/<slug:target_id>", pages.show_row, name="row"),
    path("templates/", pages.show_templates, name="templates"),
    path("export", pages.export, name="export"),
]
