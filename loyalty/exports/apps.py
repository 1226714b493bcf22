"""Register loyalty.exports with Django."""

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    """Name this part of the product, and its background work."""

    name = "loyalty.exports"

    def ready(self) -> None:
        """Register the work of its jobs."""
        from loyalty.exports import making  # noqa: F401, PLC0415 - models are ready only now
