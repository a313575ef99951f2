from django.urls import path

from bursar.dashboard import visit_pages

app_name = "visits"

urlpatterns = [path("<slug:workspace_id>", visit_pages.show_workspace, name="workspace")]
