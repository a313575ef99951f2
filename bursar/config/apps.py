from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "bursar.config"
    label = "config"
