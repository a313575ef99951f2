from django.urls import path

from bursar.dashboard import pages, request_pages

app_name = "dashboard"

urlpatterns = [path("", pages.show_home, name="home"), path("history/", pages.show_history, name="history")]
urlpatterns += [path("requests/", request_pages.show_requests, name="requests")]
