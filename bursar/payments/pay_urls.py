from django.urls import path

from bursar.payments import pay_pages

app_name = "pay"

urlpatterns = [
    path("thanks", pay_pages.show_thanks, name="thanks"),
    path("<slug:charge_id>", pay_pages.show, name="charge"),
]
