from django.urls import path

from bursar.payments import hooks

urlpatterns = [
    path("mollie/hook", hooks.hear, name="mollie_hook"),
    path("mollie/hook/<slug:token>", hooks.hear, name="mollie_link_hook"),
]
