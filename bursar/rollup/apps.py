from django.apps import AppConfig


class RollupConfig(AppConfig):
    name = "bursar.rollup"
    label = "rollup"
