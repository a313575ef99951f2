from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "bursar.notifications"
    label = "notifications"
