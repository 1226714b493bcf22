"""Register cards with Django."""

from django.apps import AppConfig


class CardsConfig(AppConfig):
    """Name this part of the product."""

    name = "cards"
