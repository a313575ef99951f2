from django.urls import path

from bursar.training import certificate_pages

app_name = "certificates"

urlpatterns = [
    path("certificates/<str:token>/", certificate_pages.verify, name="verify"),
    path("certificate/<slug:licence_id>", certificate_pages.show_own, name="own"),
]
