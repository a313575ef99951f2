from django.urls import path

from bursar.audit import pages

app_name = "audit"

urlpatterns = [
    path("timeline/<slug:public_id>", pages.show_timeline, name="timeline"),
]
