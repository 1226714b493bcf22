"""Register loyalty.operations with Django."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Name this part of the product."""

    name = "loyalty.operations"

    def ready(self) -> None:
        """Register what only this layer can say about the ledger, and the work of the clock."""
        from loyalty.operations import (  # noqa: PLC0415 - models are ready only now
            by_the_clock,  # noqa: F401 - registers its works
            forgetting,  # noqa: F401 - registers its work
            recomputing,  # noqa: F401 - registers its check
        )
