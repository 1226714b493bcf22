"""Register loyalty.exports with Django."""

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    """Name this part of the product, and its background work."""

    name = "loyalty.exports"

    def ready(self) -> None:
        """Register the work of its jobs, and what an erasure takes away."""
        from loyalty.exports import (  # noqa: PLC0415 - models are ready only now
            forgetting,  # noqa: F401
            making,  # noqa: F401
        )
