from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "bursar.usage"
    label = "usage"
