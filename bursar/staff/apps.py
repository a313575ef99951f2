from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "bursar.staff"
    label = "staff"
