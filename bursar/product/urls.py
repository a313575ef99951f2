from django.urls import path

from bursar.product import pages

app_name = "product"

urlpatterns = [path("", pages.show_keys, name="keys")]
