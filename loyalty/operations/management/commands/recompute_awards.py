"""Compute every stored award again from its terms version and its stored facts."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from loyalty.ledger.models import Transaction
from loyalty.operations import recomputing
from loyalty.operations.recomputing import Recomputed

MOST_DAYS = 36_500


class Command(BaseCommand):
    """Exit 1 if any award does not follow from what is stored with it."""

    help = "Compute stored awards again; say how many agree, and name each that does not."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a partner and a number of days."""
        parser.add_argument("--partner", type=int, metavar="ID", help="only this partner's awards")
        parser.add_argument(
            "--days", type=int, metavar="N", help="only awards of the last N times 24 hours"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Compute and print."""
        deeds = Transaction.objects.all()
        if options["partner"] is not None:
            deeds = deeds.filter(partner=options["partner"])
        days = options["days"]
        if days is not None:
            if not 0 < days <= MOST_DAYS:
                raise CommandError(f"--days is a number from 1 to {MOST_DAYS}.")
            deeds = deeds.filter(occurred_at__gt=timezone.now() - timedelta(days=days))
        total = agreed = 0
        for one in recomputing.recomputed(deeds):
            total += 1
            if one.differs:
                self.stdout.write(_line(one))
            else:
                agreed += 1
        told = f"{agreed} of {total} awards agree with their terms and stored facts."
        if agreed != total:
            raise CommandError(told, returncode=1)
        self.stdout.write(told)


def _line(one: Recomputed) -> str:
    stored = f"stored {one.points} points, {one.credit_minor} minor units of credit"
    if one.award is None:
        return f"transaction {one.transaction_id}: {stored}; too little is stored to compute it"
    now = f"computed {one.award.points} points, {one.award.credit_minor}"
    return f"transaction {one.transaction_id}: {stored}; {now}; differs: {', '.join(one.differs)}"
