from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "bursar.config"
    label = "config"

    def ready(self) -> None:
        from bursar.config import starting  # noqa: F401  (it registers what every command asks first)
