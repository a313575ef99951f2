from django.urls import path

from bursar.billing import pages

app_name = "billing"

urlpatterns = [path("", pages.show_vat_ids, name="vat_ids")]
