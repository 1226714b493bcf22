"""Register loyalty.outbox with Django."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Name this part of the product."""

    name = "loyalty.outbox"
