"""Register staff with Django."""

from django.apps import AppConfig


class StaffConfig(AppConfig):
    """Name this part of the product."""

    name = "staff"

    def ready(self) -> None:
        """Register the checks of a deployment."""
        from staff import checks  # noqa: F401, PLC0415 - Django's place for registering checks
