from django.urls import path

from bursar.billing import reminder_pages

app_name = "reminders"

urlpatterns = [
    path("", reminder_pages.show_page, name="page"),
    path("undelivered/", reminder_pages.show_undelivered, name="undelivered"),
]
