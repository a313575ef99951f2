from django.urls import path

from bursar.audit import pages

app_name = "audit"

urlpatterns = [
    path("", pages.show_book, name="book"),
    path("timeline/<slug:public_id>", pages.show_timeline, name="timeline"),
]
