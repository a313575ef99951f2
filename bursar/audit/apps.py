from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "bursar.audit"
    label = "audit"
