from django.urls import path

from bursar.product import import_pages

app_name = "imports"

urlpatterns = [path("", import_pages.show_imports, name="page")]
