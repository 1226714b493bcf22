"""Where something was, or who did it."""

from django.conf import settings
from django.db import models

from clubs.models import Store


class Placed(models.Model):
    """A row about a store or a person; their indexes are those of the table."""

    store = models.ForeignKey(
        Store, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )

    class Meta:
        abstract = True
