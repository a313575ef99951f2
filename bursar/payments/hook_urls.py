from django.urls import path

from bursar.payments import hooks

urlpatterns = [path("mollie/hook", hooks.hear, name="mollie_hook")]
