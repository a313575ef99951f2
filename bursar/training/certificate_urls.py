from django.urls import path

from bursar.training import certificate_pages

app_name = "certificates"

urlpatterns = [
    path("certificates/<str:token>/", certificate_pages.verify, name="verify"),
    path("training/licences/<slug:licence_id>/certificate", certificate_pages.show_own, name="own"),
]
