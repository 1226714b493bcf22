"""Register loyalty.operations with Django."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Name this part of the product."""

    name = "loyalty.operations"
