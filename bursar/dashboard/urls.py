from django.urls import path

from bursar.dashboard import pages, request_pages

app_name = "dashboard"

urlpatterns = [
    path("", pages.show_home, name="home"),
    path("workspaces/<slug:workspace_id>", pages.show_workspace, name="workspace"),
    path("billing/<slug:account_id>", pages.show_account, name="account"),
    path("history/", pages.show_history, name="history"),
    path("requests/", request_pages.show_requests, name="requests"),
    path("requests/<slug:request_id>", request_pages.show_requests, name="request"),
]
