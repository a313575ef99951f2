from django.urls import path

from bursar.webhooks import pages

app_name = "webhooks"

urlpatterns = [
    path("", pages.show_endpoints, name="list"),
    path("messages/<slug:message_id>", pages.show_message, name="message"),
    path("<slug:endpoint_id>", pages.show_endpoint, name="endpoint"),
]
