from django.apps import AppConfig


class RollupConfig(AppConfig):
    name = "bursar.rollup"
    label = "rollup"

    def ready(self) -> None:
        from bursar.rollup import to_issue  # noqa: F401  (it registers what is to be invoiced of plans)
