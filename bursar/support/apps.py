from django.apps import AppConfig


class SupportConfig(AppConfig):
    name = "bursar.support"
    label = "support"
