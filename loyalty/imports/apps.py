"""Register loyalty.imports with Django."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    """Name this part of the product, and its background work."""

    name = "loyalty.imports"

    def ready(self) -> None:
        """Register the work of its jobs, and what an erasure takes away."""
        from loyalty.imports import (  # noqa: PLC0415 - models are ready only now
            booking,  # noqa: F401
            checking,  # noqa: F401
            erasing,  # noqa: F401 - registers what an erasure takes away
        )
