"""Register loyalty.web with Django."""

from django.apps import AppConfig
from django.urls import register_converter

from loyalty.web.keys import KeyConverter


class WebConfig(AppConfig):
    """Name this part of the product, and teach addresses what the key of a row is."""

    name = "loyalty.web"

    def ready(self) -> None:
        """Register the kind of number that stands in addresses of every part."""
        register_converter(KeyConverter, "key")
