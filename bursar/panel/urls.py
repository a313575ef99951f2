from django.urls import path
from django.views.generic import RedirectView

from bursar.panel import jump, pages

app_name = "panel"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="rollup:page"), name="home"),
    path("counts", pages.show_counts, name="counts"),
    path("jump", jump.show_jump, name="jump"),
    path("accounts/<slug:account_id>", pages.show_account, name="account"),
    path("workspaces/<slug:workspace_id>", pages.show_workspace, name="workspace"),
    path("people/<slug:person_id>", pages.show_person, name="person"),
    path("organisations/<slug:organisation_id>", pages.show_organisation, name="organisation"),
]
