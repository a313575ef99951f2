from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "bursar.core"
    label = "core"
