"""Register staff with Django."""

from django.apps import AppConfig


class StaffConfig(AppConfig):
    """Name this part of the product."""

    name = "staff"
