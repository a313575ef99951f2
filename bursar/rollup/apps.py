from importlib import import_module

from django.apps import AppConfig


class RollupConfig(AppConfig):
    name = "bursar.rollup"
    label = "rollup"

    def ready(self) -> None:
        """Lower rooms ask for these: how lists choose accounts, and which plans are to be invoiced."""
        for name in ("account_filters", "to_issue"):
            import_module(f"bursar.rollup.{name}")
