"""What goes with a refunded purchase: bonuses it caused, and where its points are by now."""

from decimal import Decimal

import pytest

from cards.models import Tier
from loyalty.ledger import posting
from loyalty.ledger.drafts import Draft, LotGrant, Move
from loyalty.ledger.models import Kind, Source, Unit
from loyalty.operations import refunds
from tests.cast import deed, join, make_cast, make_reward, publish
from tests.operations.counter import account_of, adjust, buy, redeem, undo
from tests.operations.families import LATER, Family, leave
from tests.operations.money import held, mismatches, pay, refund

pytestmark = pytest.mark.django_db


def _bonus(cast, sale, points, membership=None):
    """Book a bonus that the purchase caused, on Mia's account or another's."""
    on = membership or cast.membership
    done = posting.post(
        [
            Draft(
                kind=Kind.BONUS,
                source=Source.SCAN,
                partner_id=cast.partner.pk,
                card_id=cast.card.pk,
                membership_id=on.pk,
                account=account_of(on),
                actor_id=None,
                store_id=None,
                request_id=f"bonus-{sale.pk}-{on.pk}",
                fingerprint="bonus",
                occurred_at=sale.occurred_at,
                terms_id=sale.terms_id,
                caused_by_id=sale.pk,
                lifetime_points=points,
                moves=(Move(amount=points, grants=(LotGrant(amount=points, expires_at=None),)),),
                result={"points": points, "reason": "REFERRAL"},
            )
        ]
    )
    return done[0]


@pytest.mark.req("IV3.20")
def test_bonuses_that_a_purchase_caused_go_with_its_last_part():
    cast = make_cast()
    noors = join(cast.noor, cast.card)
    sale = buy(cast, 1000)
    bonus = _bonus(cast, sale, 50, noors)

    refund(cast, sale, 400)
    meanwhile = account_of(noors).points
    last = refund(cast, sale, 600)

    account = account_of(noors)
    assert (meanwhile, account.points, account.lifetime_points) == (50, 0, 0)
    assert [(one.refunds_id, one.membership_id, one.points) for one in last.caused.all()] == [
        (bonus.pk, noors.pk, -50)
    ]
    undo(cast, last)
    assert account_of(noors).points == 50
    assert mismatches() == []


def test_a_bonus_that_its_owner_has_spent_is_owed_and_stops_no_refund():
    cast = make_cast(clawback="REFUSE")
    noors = join(cast.noor, cast.card)
    sale = buy(cast, 1000)
    _bonus(cast, sale, 50, noors)
    make_reward(cast.card, "Bun", 45)
    redeem(cast, cast.card.rewards.get(name="Bun"), membership=noors)

    refund(cast, sale, 1000)

    account = account_of(noors)
    assert (account.points, account.lifetime_points, account.shortfall_points) == (0, 0, 45)


def test_two_bonuses_on_the_buyers_account_take_nothing_twice():
    cast = make_cast()
    sale = buy(cast, 1000)
    _bonus(cast, sale, 50)
    adjust(cast, -45)

    refund(cast, sale, 1000)

    assert held(cast) == (0, 0, 45)
    assert mismatches() == []


def test_a_card_that_takes_nothing_back_leaves_bonuses_alone():
    cast = make_cast(refund_method="NONE")
    sale = buy(cast, 1000)
    _bonus(cast, sale, 50)

    refund(cast, sale, 1000)

    assert held(cast) == (60, 60, 0)


@pytest.mark.req("IV9.1", "IV3.20")
def test_a_purchase_from_before_a_group_is_refunded_on_the_groups_account():
    family = Family()
    sale = buy(family.cast, 8000)
    other = buy(family.cast, 9000, membership=family.noor)
    family.form(family.noor)
    scan = family.cast.scan(at=LATER)

    told = refunds.foretell(
        deed=deed(family.cast.sam, at=LATER, store=family.cast.old_port),
        membership_id=family.mia.pk,
        transaction_id=sale.pk,
        amount_minor=8000,
        scan_id=scan,
    )
    done = refund(family.cast, sale, 8000, at=LATER, scan=scan)

    group = account_of(family.mia)
    assert (told.revoked(Unit.POINTS), done.points, done.account_id) == (80, -80, group.pk)
    assert (group.points, group.lifetime_points) == (90, 90)
    assert (other.points, mismatches(LATER)) == (90, [])


@pytest.mark.req("IV9.1", "IV3.20")
def test_who_left_a_group_refunds_on_the_account_that_has_the_points():
    family = Family()
    sale = buy(family.cast, 8000)
    buy(family.cast, 9000, membership=family.noor)
    family.form(family.noor, family.kim)
    leave(family.cast, family.mia)
    scan = family.cast.scan(at=LATER)

    told = refunds.foretell(
        deed=deed(family.cast.sam, at=LATER, store=family.cast.old_port),
        membership_id=family.mia.pk,
        transaction_id=sale.pk,
        amount_minor=8000,
        scan_id=scan,
    )
    refund(family.cast, sale, 8000, at=LATER, scan=scan)

    assert told.revoked(Unit.POINTS) == 80
    assert (account_of(family.mia).points, account_of(family.noor).points) == (0, 90)
    assert mismatches(LATER) == []


@pytest.mark.req("IV9.1", "IV3.20")
def test_points_paid_before_a_group_come_back_to_the_groups_account():
    family = Family()
    Tier.objects.update(rate=Decimal("0.01"))
    publish(family.cast.card)
    buy(family.cast, 8000)
    paid = pay(family.cast, 2000, 50)
    family.form(family.noor)

    parts = [refund(family.cast, paid, 1000, at=LATER) for _ in range(2)]

    assert [one.points for one in parts] == [25, 25]
    assert (account_of(family.mia).points, mismatches(LATER)) == (80, [])
