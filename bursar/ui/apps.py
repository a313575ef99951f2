from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "bursar.ui"
    label = "ui"
