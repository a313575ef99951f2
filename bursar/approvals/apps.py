from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "bursar.approvals"
    label = "approvals"
