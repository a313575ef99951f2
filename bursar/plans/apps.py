from django.apps import AppConfig


class PlansConfig(AppConfig):
    name = "bursar.plans"
    label = "plans"
