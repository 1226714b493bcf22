"""People who sign in."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    """Register the user model."""

    name = "loyalty.users"
