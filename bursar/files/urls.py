from django.urls import path

from bursar.files import pages

app_name = "files"

urlpatterns = [path("<slug:file_id>", pages.download, name="download")]
