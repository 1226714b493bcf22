"""Register loyalty.analytics with Django."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """Name this part of the product, and its background work."""

    name = "loyalty.analytics"

    def ready(self) -> None:
        """Register the work of its jobs."""
        from loyalty.analytics import (  # noqa: PLC0415 - models are ready only now
            forgetting,  # noqa: F401
            rollups,  # noqa: F401
            signals,  # noqa: F401
            whatif,  # noqa: F401
        )
