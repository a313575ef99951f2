from django.urls import path

from bursar.dashboard import pages, request_pages, training_pages

app_name = "dashboard"

urlpatterns = [
    path("", pages.show_home, name="home"),
    path("workspaces/<slug:workspace_id>", pages.show_workspace, name="workspace"),
    path("billing/<slug:account_id>", pages.show_account, name="account"),
    path("history/", pages.show_history, name="history"),
    path("training/", training_pages.show_training, name="training"),
    path("training/sessions/<slug:session_id>/calendar", training_pages.download_calendar, name="training_calendar"),
    path("requests/", request_pages.show_requests, name="requests"),
    path("requests/<slug:request_id>", request_pages.show_requests, name="request"),
]
