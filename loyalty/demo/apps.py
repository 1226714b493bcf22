"""Register loyalty.demo with Django."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Name this part of the product."""

    name = "loyalty.demo"
