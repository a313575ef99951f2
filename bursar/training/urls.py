from django.urls import path

from bursar.training import calendar_pages, catalogue_pages, licence_pages, pages

app_name = "training"

urlpatterns = [
    path("", pages.show_sessions, name="sessions"),
    path("export", pages.export, name="sessions_export"),
    path("calendar", calendar_pages.show_calendar, name="calendar"),
    path("catalogue", catalogue_pages.show_catalogue, name="catalogue"),
    path("sessions/<slug:session_id>", pages.show_session, name="session"),
    path("licences", licence_pages.show_licences, name="licences"),
    path("licences/export", licence_pages.export, name="licences_export"),
    path("licences/coverage", licence_pages.show_coverage, name="coverage"),
    path("licences/<slug:licence_id>", licence_pages.show_licence, name="licence"),
    path("licences/<slug:licence_id>/certificate", licence_pages.show_certificate, name="certificate"),
]
