"""Fill an empty database with the demo, or say who can sign in to it."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from loyalty.demo import seeding
from loyalty.ledger.models import Transaction
from loyalty.members.models import Member


class Command(BaseCommand):
    """Does nothing where the demo is already, and refuses a database in use."""

    help = "Fill an empty database with a believable shop and a year of its history."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the wish to see the sign-ins, and the size."""
        parser.add_argument("--show", action="store_true", help="only print who can sign in")
        parser.add_argument("--members", type=int, default=seeding.MEMBERS, help="how many members")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fill the database or print the table."""
        if options["show"]:
            self._show()
            return
        if options["members"] < seeding.FEWEST_MEMBERS:
            raise CommandError(f"At least {seeding.FEWEST_MEMBERS} members.")
        started = time.monotonic()
        try:
            is_new = seeding.seed(now=timezone.now(), members=options["members"])
        except seeding.NotEmptyError as error:
            raise CommandError(
                "This database is in use. The demo needs an empty one; nothing was changed."
            ) from error
        if not is_new:
            self.stdout.write("The demo is here already; nothing was changed.")
            return
        self.stdout.write(
            f"The demo is made: {Member.objects.count()} members,"
            f" {Transaction.objects.count()} transactions,"
            f" in {time.monotonic() - started:.0f} s."
        )

    def _show(self) -> None:
        if not seeding.is_there():
            raise CommandError("The demo is not here. Run manage.py seed_demo.")
        rows = seeding.sign_ins()
        widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
        for row in rows:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write(line.rstrip())
