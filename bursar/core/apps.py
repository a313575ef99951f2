from types import ModuleType

from django.apps import AppConfig

from bursar.core import field_words


class CoreConfig(AppConfig):
    name = "bursar.core"
    label = "core"

    def __init__(self, app_name: str, app_module: ModuleType | None) -> None:
        super().__init__(app_name, app_module)
        field_words.speak()  # apps are made before any of them makes a form
