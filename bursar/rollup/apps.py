from importlib import import_module

from django.apps import AppConfig


class RollupConfig(AppConfig):
    name = "bursar.rollup"
    label = "rollup"

    def ready(self) -> None:
        """Lists of lower rooms ask for these, whatever the door."""
        import_module("bursar.rollup.account_filters")
