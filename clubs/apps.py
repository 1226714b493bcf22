"""Register clubs with Django."""

from django.apps import AppConfig


class ClubsConfig(AppConfig):
    """Name this part of the product."""

    name = "clubs"
