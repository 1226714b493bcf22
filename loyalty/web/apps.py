"""Register loyalty.web with Django."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Name this part of the product."""

    name = "loyalty.web"
