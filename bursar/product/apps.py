from django.apps import AppConfig


class ProductConfig(AppConfig):
    name = "bursar.product"
    label = "product"
