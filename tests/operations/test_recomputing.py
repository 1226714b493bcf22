"""Any stored award can be computed again from what is stored with it, and a changed fact shows."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from cards import terms
from cards.models import Card
from loyalty.ledger import verification
from loyalty.ledger.models import LineMatch, Transaction
from loyalty.ledger.verification import Mismatch, Scope
from loyalty.operations import purchases, recomputing
from loyalty.operations.purchases import Bill
from loyalty.rules.baskets import BasketLine, Payment
from tests.cast import NOON, deed, make_cast, make_tier, publish
from tests.operations.counter import buy, days
from tests.operations.planned import planned_cast, rewrite

ROOT = Path(__file__).resolve().parent.parent.parent
CHECK = "each award follows from its terms and facts"


def book(cast, *lines, at=NOON, paid=(), way=purchases.award_purchase):
    bill = Bill(
        amount_minor=sum(line.amount_minor for line in lines),
        currency="EUR",
        lines=lines,
        payments=tuple(Payment(tender=code, amount_minor=minor) for code, minor in paid),
    )
    return way(
        deed=deed(cast.sam, store=cast.old_port, at=at),
        membership_id=cast.membership.pk,
        bill=bill,
        scan_id=cast.scan(at=at),
    )


def apples(minor, quantity="1"):
    return BasketLine(
        product="APPLE", group="FRUIT", quantity=Decimal(quantity), amount_minor=minor
    )


def differing():
    found = recomputing.recomputed(Transaction.objects.all())
    return {one.transaction_id: one.differs for one in found if one.differs}


def history(cast):
    """Five purchases of all sorts, on five days."""
    rest = BasketLine(amount_minor=730)
    return [
        book(cast, apples(999), rest, at=NOON - days(5), paid=[("CASH", 1000)]),
        book(cast, apples(250, "0.455"), at=NOON - days(4)),
        buy(cast, 5000, at=NOON - days(3)),
        buy(cast, 1, at=NOON - days(2)),
        book(cast, rest, at=NOON - days(1), way=purchases.book_buy),
    ]


@pytest.mark.django_db
@pytest.mark.req("R7.3")
def test_each_award_of_a_card_with_plans_is_computed_again_from_what_is_stored():
    cast = planned_cast(max_points_day=60, rounding="HALF_UP")
    make_tier(cast.card, "Silver", 10, multiplier=Decimal("1.5"))
    done = history(cast)

    assert LineMatch.objects.exists()
    assert len({one.points for one in done}) > 2
    found = list(recomputing.recomputed(Transaction.objects.all()))
    assert [(one.transaction_id, one.differs) for one in found] == [(one.pk, ()) for one in done]
    assert verification.verify(Scope(at=NOON)) == []


@pytest.mark.django_db
def test_a_cumulative_card_agrees_too():
    cast = make_cast(award_criteria="CUMULATIVE", cumulative_days=3, step_minor=1000)
    given = [buy(cast, 700, at=NOON + days(day)).points for day in range(3)]

    assert given == [0, 1, 1]
    assert differing() == {}


@pytest.mark.django_db
def test_points_that_staff_typed_agree_too():
    cast = make_cast(is_points_only=True)
    purchases.award_points(
        deed=deed(cast.sam), membership_id=cast.membership.pk, points=7, scan_id=cast.scan()
    )

    assert differing() == {}


@pytest.mark.django_db
def test_later_rules_change_nothing_about_an_earlier_award():
    cast = make_cast()
    buy(cast, 1000)
    Card.objects.filter(pk=cast.card.pk).update(points_per_step=9)
    publish(Card.objects.get(pk=cast.card.pk), at=NOON + days(1))
    buy(cast, 1000, at=NOON + days(2))

    assert differing() == {}


def _two_before(ordinals):
    ordinals.update(dict.fromkeys(ordinals, 2))


CHANGE_TABLE = [
    # what is changed                                     what then differs
    (lambda row: row.facts["rules"].update(tier_id=None), {"points", "explanation", "shares"}),
    (lambda row: row.facts["rules"].update(points_today=55), {"points", "explanation", "shares"}),
    (lambda row: row.facts["rules"].update(ordinals={}), {"explanation"}),
    (lambda row: _two_before(row.facts["rules"]["ordinals"]), {"explanation", "matches"}),
    (lambda row: row.facts["rules"].pop("at"), {"facts"}),
    (lambda row: row.facts.pop("rules"), {"facts"}),
    (lambda row: row.result.update(points=999), {"points"}),
    (lambda row: row.result["explanation"].pop(), {"explanation"}),
    (lambda row: row.result.update(missing_minor=3), {"missing"}),
    (lambda row: row.result.update(settled_points=1), {"entries"}),
]


@pytest.mark.django_db
@pytest.mark.req("R7.3")
@pytest.mark.parametrize(("change", "differs"), CHANGE_TABLE)
def test_one_changed_fact_shows(change, differs):
    cast = planned_cast(max_points_day=60)
    make_tier(cast.card, "Silver", 10, multiplier=Decimal("1.5"))
    done = history(cast)[2]
    row = Transaction.objects.get(pk=done.pk)
    change(row)

    rewrite(row.pk, "facts", json.dumps(row.facts))
    rewrite(row.pk, "result", json.dumps(row.result))

    found = differing()
    assert set(found) == {row.pk}
    assert differs <= set(found[row.pk])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "value", "differs"),
    [("amount_minor", 5100, "points"), ("terms_id", None, "facts"), ("kind", "BUY", "points")],
)
def test_one_changed_column_shows(column, value, differs):
    cast = make_cast()
    done = buy(cast, 5000)

    rewrite(done.pk, column, value)

    assert differs in differing()[done.pk]


@pytest.mark.django_db
def test_the_verifier_names_an_award_that_does_not_follow_from_its_facts():
    cast = make_cast()
    first, second = buy(cast, 5000), buy(cast, 7000, at=NOON + days(3))
    told = json.dumps({**second.result, "missing_minor": 5})
    rewrite(second.pk, "result", told)
    mismatch = [Mismatch(check=CHECK, table="ledger_transaction", keys=(second.pk,))]
    partner = cast.partner.pk

    assert verification.verify(Scope(at=NOON)) == mismatch
    assert verification.verify(Scope(at=NOON, partner_id=partner, since=NOON)) == mismatch
    assert verification.verify(Scope(at=NOON, partner_id=partner + 1)) == []
    later = timezone.now() + timedelta(days=1)
    assert verification.verify(Scope(at=NOON, since=later)) == []
    assert first.pk not in mismatch[0].keys


def recompute(**options):
    out = StringIO()
    call_command("recompute_awards", stdout=out, **options)
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_says_how_many_agree():
    cast = make_cast()
    buy(cast, 5000, at=timezone.now() - timedelta(days=40))
    buy(cast, 5000, at=timezone.now())
    words = "{0} of {0} awards agree with their terms and stored facts.\n"

    assert recompute() == words.format(2)
    assert recompute(days=30, partner=cast.partner.pk) == words.format(1)
    assert recompute(partner=cast.partner.pk + 1) == words.format(0)
    with pytest.raises(CommandError, match="--days"):
        recompute(days=0)


@pytest.mark.django_db
def test_the_command_names_each_award_that_does_not_agree():
    cast = make_cast()
    first, second = buy(cast, 5000), buy(cast, 7000, at=NOON + days(1))
    rewrite(first.pk, "amount_minor", 6000)
    rewrite(second.pk, "facts", "{}")
    out = StringIO()

    with pytest.raises(CommandError, match=r"^0 of 2 awards agree"):
        call_command("recompute_awards", stdout=out)

    named = [line.partition(";")[0] for line in out.getvalue().splitlines()]
    assert named == [
        f"transaction {first.pk}: stored 50 points, 0 minor units of credit",
        f"transaction {second.pk}: stored 70 points, 0 minor units of credit",
    ]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.req("R7.3")
def test_a_fresh_process_computes_the_same_awards():
    cast = planned_cast()
    make_tier(cast.card, "Silver", 10, multiplier=Decimal("1.5"))
    history(cast)
    terms.of_version.cache_clear()
    facts = connection.settings_dict
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    script = (
        "import django, sys; from django.conf import settings;"
        "settings.DATABASES['default']['NAME'] = sys.argv[1];"
        "django.setup(); from django.core.management import call_command;"
        "call_command('recompute_awards')"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, str(facts["NAME"])],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "5 of 5 awards agree with their terms and stored facts.\n", done.stderr
