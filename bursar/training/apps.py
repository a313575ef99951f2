from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "bursar.training"
    label = "training"
