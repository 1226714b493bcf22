"""How many statements a deed sends: counted, because clock times prove nothing here."""

import re
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.operations import purchases
from loyalty.operations.purchases import Bill
from tests.cast import deed, make_cast, make_tier

_FRAME = re.compile(r"^(BEGIN|COMMIT|SAVEPOINT|RELEASE|ROLLBACK)")


@contextmanager
def counted():
    """Collect the statements of a block, without those that only frame transactions."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    found += [one["sql"] for one in captured if not _FRAME.match(one["sql"])]


@pytest.mark.django_db
def test_an_award_sends_few_statements():
    cast = make_cast()
    purchases.award_purchase(
        deed=deed(cast.sam, store=cast.old_port),
        membership_id=cast.membership.pk,
        bill=Bill(amount_minor=1240, currency="EUR"),
        scan_id=cast.scan(),
    )
    scan = cast.scan()

    with counted() as statements:
        purchases.award_purchase(
            deed=deed(cast.sam, store=cast.old_port),
            membership_id=cast.membership.pk,
            bill=Bill(amount_minor=1240, currency="EUR"),
            scan_id=scan,
        )

    most = 5 if connection.vendor == "postgresql" else 10
    assert len(statements) <= most, "\n".join(statements)


@pytest.mark.django_db
def test_a_receipt_and_a_tier_rise_add_little():
    cast = make_cast()
    make_tier(cast.card, "Silver", 10)
    scan = cast.scan()

    with counted() as statements:
        purchases.award_purchase(
            deed=deed(cast.sam, store=cast.old_port),
            membership_id=cast.membership.pk,
            bill=Bill(amount_minor=1240, currency="EUR"),
            receipt="77",
            scan_id=scan,
        )

    most = 8 if connection.vendor == "postgresql" else 15
    assert len(statements) <= most, "\n".join(statements)
