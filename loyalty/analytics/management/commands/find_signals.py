"""Search the whole ledger for signals again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from clubs.models import Partner
from loyalty.analytics import signals


class Command(BaseCommand):
    """Safe to run at any time; signals that somebody has seen stay as they are."""

    help = "Forget the signals that nobody has seen, and search for all again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a partner."""
        parser.add_argument("--partner", type=int, metavar="ID", help="only this partner's signals")

    def handle(self, *args: Any, **options: Any) -> None:
        """Search and say how many partners it was."""
        partners = Partner.objects.order_by("pk")
        if options["partner"] is not None:
            partners = partners.filter(pk=options["partner"])
        at, done = timezone.now(), 0
        for partner in partners:
            signals.rebuild(partner=partner, at=at)
            done += 1
        self.stdout.write(f"Signals searched again for partners: {done}.")
