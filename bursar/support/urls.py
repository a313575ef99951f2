from django.urls import path

from bursar.support import pages

app_name = "support"

urlpatterns = [path("", pages.show_page, name="page")]
