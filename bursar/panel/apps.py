from django.apps import AppConfig


class PanelConfig(AppConfig):
    name = "bursar.panel"
    label = "panel"
