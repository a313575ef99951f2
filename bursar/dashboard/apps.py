from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "bursar.dashboard"
    label = "dashboard"
