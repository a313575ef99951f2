from django.apps import AppConfig


class ActionsConfig(AppConfig):
    name = "bursar.actions"
    label = "actions"

    def ready(self) -> None:
        from bursar.actions import closing

        closing.close()
