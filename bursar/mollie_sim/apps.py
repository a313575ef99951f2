from django.apps import AppConfig


class MollieSimConfig(AppConfig):
    """Here for its command alone: it has no tables, pages or jobs."""

    name = "bursar.mollie_sim"
    label = "mollie_sim"
