from django.urls import path

from bursar.payments import vat_pages

app_name = "vat"

urlpatterns = [
    path("", vat_pages.show_to_correct, name="to_correct"),
    path("abroad/", vat_pages.show_abroad, name="abroad"),
]
