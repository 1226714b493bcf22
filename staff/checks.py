"""What must hold before a real shop opens."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def dashboard_needs_second_factor(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001 - Django's signature
    **_kwargs: Any,
) -> list[CheckMessage]:
    """Refuse a deployment whose dashboard opens with a password or an e-mail code alone."""
    if settings.ADMIN_NEEDS_SECOND_FACTOR:
        return []
    return [
        Error(
            "The dashboard opens without a second factor.",
            hint="Leave ADMIN_NEEDS_SECOND_FACTOR unset; only a demo switches it off.",
            id="staff.E001",
        )
    ]
