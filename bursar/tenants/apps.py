from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "bursar.tenants"
    label = "tenants"
