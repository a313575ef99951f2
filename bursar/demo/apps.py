from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "bursar.demo"
    label = "demo"
