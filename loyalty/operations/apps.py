"""Register loyalty.operations with Django."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Name this part of the product."""

    name = "loyalty.operations"

    def ready(self) -> None:
        """Register what only this layer can say about the ledger."""
        from loyalty.operations import recomputing  # noqa: F401, PLC0415 - models are ready only now
