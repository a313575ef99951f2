from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "bursar.access"
    label = "access"
