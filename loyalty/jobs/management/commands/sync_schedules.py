"""Tell the queue what this version of the product runs by the clock."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

from loyalty.jobs import timetable

# By name, because the schedules know every part of the product and no part knows them.
SCHEDULES = "loyalty.schedules.SCHEDULES"


class Command(BaseCommand):
    """Safe to run at any time, as often as one likes."""

    help = "Create, change or remove the schedules of the job queue."

    def handle(self, *args: Any, **options: Any) -> None:
        """Bring the rows up to date and say how many changed."""
        changed = timetable.sync(import_string(SCHEDULES))
        self.stdout.write(
            f"Schedules: {changed} changed." if changed else "Schedules: as they are."
        )
