from django.apps import AppConfig


class RequestsConfig(AppConfig):
    name = "bursar.requests"
    label = "requests"
