"""Register loyalty.jobs with Django."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Name this part of the product."""

    name = "loyalty.jobs"
