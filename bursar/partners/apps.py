from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "bursar.partners"
    label = "partners"
