from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "bursar.billing"
    label = "billing"
