from django.apps import AppConfig


class EnvironmentsConfig(AppConfig):
    name = "matrix.environments"
    verbose_name = "Environments"
