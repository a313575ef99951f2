from django.urls import path

from bursar.dashboard import pages, partner_pages, request_pages, training_pages

app_name = "dashboard"

urlpatterns = [
    path("", pages.show_home, name="home"),
    path("workspaces/<slug:workspace_id>", pages.show_workspace, name="workspace"),
    path("billing/<slug:account_id>", pages.show_account, name="account"),
    path("history/", pages.show_history, name="history"),
    path("training/", training_pages.show_training, name="training"),
    path("training/sessions/<slug:session_id>/calendar", training_pages.download_calendar, name="training_calendar"),
    path("requests/", request_pages.show_requests, name="requests"),
    path("partner-programme/<slug:organisation_id>", partner_pages.show_partner, name="partner"),
    path(
        "partner-programme/<slug:organisation_id>/statements/<slug:quarter>",
        partner_pages.show_statement,
        name="statement",
    ),
    path(
        "partner-programme/<slug:organisation_id>/self-billing/<slug:quarter>",
        partner_pages.show_self_billing,
        name="own_paper",
    ),
    path(
        "partner-programme/<slug:organisation_id>/self-billing/<slug:quarter>/e-invoice",
        partner_pages.show_e_invoice,
        name="own_e_invoice",
    ),
    path("requests/<slug:request_id>", request_pages.show_requests, name="request"),
]
