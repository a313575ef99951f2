from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "bursar.payments"
    label = "payments"
