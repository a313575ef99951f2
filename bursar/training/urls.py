from django.urls import path

from bursar.training import catalogue_pages, pages

app_name = "training"

urlpatterns = [
    path("", pages.show_sessions, name="sessions"),
    path("catalogue", catalogue_pages.show_catalogue, name="catalogue"),
    path("sessions/<slug:session_id>", pages.show_session, name="session"),
]
