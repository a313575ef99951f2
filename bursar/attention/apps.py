from django.apps import AppConfig


class AttentionConfig(AppConfig):
    name = "bursar.attention"
    label = "attention"
