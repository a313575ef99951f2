from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "bursar.outbox"
    label = "outbox"
