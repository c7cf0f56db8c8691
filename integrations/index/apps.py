from django.apps import AppConfig


class IndexConfig(AppConfig):
    name = "integrations.index"
    verbose_name = "Package index"
