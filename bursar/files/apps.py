from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "bursar.files"
    label = "files"
