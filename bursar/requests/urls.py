from django.urls import path

from bursar.requests import pages

app_name = "requests"

urlpatterns = [
    path("", pages.show_queue, name="queue"),
    path("<slug:request_id>", pages.show_request, name="request"),
]
