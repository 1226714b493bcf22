"""Make the sums behind analytics again from the ledger."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from clubs.models import Partner
from loyalty.analytics import rollups


class Command(BaseCommand):
    """Safe to run at any time; meanwhile figures are read from the ledger, only slower."""

    help = "Forget the sums by day and month, and make them again from the ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a partner."""
        parser.add_argument("--partner", type=int, metavar="ID", help="only this partner's sums")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild and say how many partners it was."""
        partners = Partner.objects.order_by("pk")
        if options["partner"] is not None:
            partners = partners.filter(pk=options["partner"])
        at, done = timezone.now(), 0
        for partner in partners:
            rollups.rebuild(partner=partner, at=at)
            done += 1
        self.stdout.write(f"Sums made again for partners: {done}.")
