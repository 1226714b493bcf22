"""Register loyalty.audit with Django."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Name this part of the product."""

    name = "loyalty.audit"
