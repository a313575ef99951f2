from django.urls import path

from bursar.approvals import pages

app_name = "approvals"

urlpatterns = [
    path("", pages.show_queue, name="queue"),
    path("<slug:approval_id>", pages.show_approval, name="approval"),
]
