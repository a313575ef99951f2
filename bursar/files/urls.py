from django.urls import path

from bursar.files import pages

app_name = "files"

urlpatterns = [
    path("upload/<slug:kind>", pages.upload, name="upload"),
    path("<slug:file_id>", pages.download, name="download"),
]
