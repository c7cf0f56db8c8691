from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "integrations.catalogue"
    verbose_name = "Catalogue"
