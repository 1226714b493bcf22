"""Register loyalty.members with Django."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """Name this part of the product."""

    name = "loyalty.members"
