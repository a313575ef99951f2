from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "bursar.webhooks"
    label = "webhooks"
