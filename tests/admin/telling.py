"""What tests of the pages of figures share: something to count, and what a page tells of it."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from loyalty.analytics import rollups
from loyalty.ledger.models import Source
from loyalty.operations import purchases
from loyalty.operations.purchases import Bill
from tests.analytics import raw
from tests.cast import deed, make_cast
from tests.operations.counter import adjust, redeem


def buy(cast, *, days=0, amount=1000, source=Source.SCAN):
    at = timezone.now() - timedelta(days=days)
    return purchases.award_purchase(
        deed=deed(cast.sam, source, store=cast.old_port, at=at),
        membership_id=cast.membership.pk,
        bill=Bill(amount_minor=amount, currency="EUR"),
        scan_id=cast.scan(at=at),
    )


def busy():
    """Return the cast with a purchase and a reward this week, and a purchase the week before."""
    cast = make_cast()
    buy(cast, days=9, amount=10_000)
    buy(cast, days=2, amount=20_000)
    adjust(cast, 7, at=timezone.now())
    redeem(cast, at=timezone.now())
    return cast


def address(slug, **asked):
    return reverse(f"admin:figures_{slug}", query=asked)


def shown(page, label):
    """Return a figure of a page and how it says that it changed."""
    return next(
        (one.text, one.change, one.tone)
        for question in page.context["content"].questions
        for one in question.figures
        if one.label == label
    )


def table(page, name):
    """Return the table behind a chart as it stands on the page."""
    return [[cell.text for cell in row] for row in chart(page, name).table.rows]


def chart(page, name):
    """Return a chart of a page."""
    return next(found for found, _ in page.context["charts"] if found.name == name)


def counted_members():
    """Return the cast with a busy member, after the daily round has counted."""
    cast = busy()
    rollups.rebuild(partner=cast.partner, at=raw.soon())
    return cast
