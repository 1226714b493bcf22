"""Dates that are moved: the 30 June example of rules 13 by each setting, through the deeds."""

from datetime import UTC, date, datetime

import pytest

from loyalty.ledger import verification
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Entry, Kind, Lot, Source, Transaction, Unit
from loyalty.members.models import Account
from loyalty.operations import expiries, extensions, groups, lot_dates, restoring, rollbacks
from loyalty.operations.deeds import RepeatDiffersError
from loyalty.operations.drafting import NotEnoughPointsError
from loyalty.operations.standing import MembershipNotFoundError, OwnMembershipError
from loyalty.rules.terms import ExpiryOverride, Terms
from tests.cast import deed, join, make_cast, make_reward, make_tier, make_user, publish
from tests.operations.counter import account_of, buy, days, redeem, roll_back

pytestmark = pytest.mark.django_db
# In London, where the partner is, summer days end at 23:00 UTC.
EARNED = datetime(2026, 6, 20, 12, 0, tzinfo=UTC)
WITHIN, GRACE = 10, 5


def june(override="BY_HAND", **card):
    """Return a cast whose points of 20 June end on 30 June, and a bread for ten of them."""
    moved = {"expiry_override_days": WITHIN, "expiry_grace_days": GRACE}
    cast = make_cast(
        expiry_days=10,
        expiry_override=override,
        **(moved if override != "OFF" else {}),
        **card,
    )
    make_reward(cast.card, "Bread", cost=10)
    buy(cast, 3000, at=EARNED)
    return cast


def extend(cast, *, at=EARNED, key="", actor=None, **how):
    return extensions.extend_lots(
        deed=deed(actor or cast.petra, Source.ADMIN, at=at, key=key),
        membership_id=how.pop("membership", cast.membership).pk,
        **how,
    )


def eleven(month, day):
    """Return eleven in the morning of a day."""
    return datetime(2026, month, day, 10, 0, tzinfo=UTC)


def ends(cast):
    rows = Lot.objects.filter(account=cast.membership.account_id, remaining__gt=0).order_by("pk")
    return [row.expires_at for row in rows]


def midnight_after(month, day):
    return datetime(2026, month, day, 23, 0, tzinfo=UTC)


def proven(at):
    assert verification.verify(verification.Scope(at=at)) == []


# Setting and by whom it is moved, the last day of use, the day on which it is booked.
THIRTIETH_OF_JUNE = [
    # override, extended by hand, last use, booked
    ("OFF", None, (6, 30), (7, 1)),
    ("AUTOMATIC", None, (7, 15), (7, 16)),
    ("BY_HAND", None, (7, 5), (7, 6)),
    ("BY_HAND", 10, (7, 15), (7, 16)),
    ("BY_HAND", 4, (7, 9), (7, 10)),
]


@pytest.mark.req("IV3.21", "IV3.22", "IV3.23")
@pytest.mark.parametrize(("override", "by", "last_use", "booked"), THIRTIETH_OF_JUNE)
def test_points_of_the_thirtieth_of_june_last_as_the_card_and_the_manager_say(
    override, by, last_use, booked
):
    cast = june(override)
    if by:
        extend(cast, days=by)
    bread = cast.card.rewards.get(name="Bread")

    redeem(cast, bread, at=eleven(*last_use))
    assert expiries.book_expiry(at=eleven(*last_use)) == 0
    with pytest.raises(NotEnoughPointsError):
        redeem(cast, bread, at=eleven(*booked))
    assert expiries.book_expiry(at=eleven(*booked)) == 1

    gone = Transaction.objects.get(kind=Kind.EXPIRY)
    assert (gone.points, gone.occurred_at) == (-20, midnight_after(*last_use))
    proven(eleven(*booked))


@pytest.mark.req("IV3.21")
def test_an_extension_moves_what_is_left_to_a_later_lot_and_nothing_else():
    cast = june(credit_per_step_minor=5)
    redeem(cast, cast.card.rewards.get(name="Bread"), at=EARNED)
    before = account_of(cast.membership)

    done = extend(cast, days=3, note=Note(internal="was ill"))

    account = account_of(cast.membership)
    assert (done.kind, done.points, done.credit_minor, done.note.internal) == (
        Kind.TRANSFER,
        0,
        0,
        "was ill",
    )
    assert (account.points, account.credit_minor, account.lifetime_points) == (20, 150, 30)
    assert account.points_sequence == before.points_sequence + 2
    entries = Entry.objects.filter(transaction=done).order_by("pk")
    assert [(one.unit, one.amount) for one in entries] == [
        (Unit.POINTS, -20),
        (Unit.CREDIT, -150),
        (Unit.POINTS, 20),
        (Unit.CREDIT, 150),
    ]
    assert ends(cast) == [midnight_after(7, 8)] * 2
    assert done.result == {
        "step": "EXTENDED",
        "points": 0,
        "balance_before": 20,
        "balance_after": 20,
        "credit_before": 150,
        "credit_after": 150,
        "new_tier": None,
    }
    proven(EARNED)


@pytest.mark.req("IV3.22")
def test_an_earlier_extension_is_not_counted_twice():
    cast = june()
    extend(cast, days=6)

    with pytest.raises(extensions.ExtensionTooFarError) as refused:
        extend(cast, days=11)
    assert refused.value.latest == midnight_after(7, 15)
    extend(cast, until=date(2026, 7, 15))

    assert ends(cast) == [midnight_after(7, 15)]
    with pytest.raises(extensions.ExtensionTooFarError):
        extend(cast, until=date(2026, 7, 16))
    with pytest.raises(extensions.NothingToExtendError):
        extend(cast, days=10)


@pytest.mark.req("IV3.22", "IV9.2")
def test_a_group_that_took_a_lot_over_cannot_move_it_further_than_its_member_could():
    cast = june()
    noor = join(cast.noor, cast.card)
    extend(cast, days=6)
    groups.form_group(
        deed=deed(cast.petra, Source.ADMIN, at=EARNED),
        head_id=noor.pk,
        member_ids=[cast.membership.pk],
        name="",
    )

    with pytest.raises(extensions.ExtensionTooFarError) as refused:
        extend(cast, until=date(2026, 7, 20), membership=noor)
    assert refused.value.latest == midnight_after(7, 15)
    extend(cast, days=10, membership=noor)

    [lot] = lot_dates.open_lots(account_of(noor).pk)
    assert lot.expires_at == midnight_after(7, 15)
    proven(EARNED)


@pytest.mark.req("IV3.21")
def test_chosen_lots_move_and_the_others_stay():
    cast = june()
    buy(cast, 1000, at=EARNED + days(1))
    first, second = Lot.objects.order_by("pk")

    extend(cast, days=2, at=EARNED + days(1), lot_ids=[second.pk])

    assert ends(cast) == [first.expires_at, midnight_after(7, 8)]
    # An end for all moves only what would end before it.
    extend(cast, until=date(2026, 7, 7), at=EARNED + days(1))
    assert ends(cast) == [midnight_after(7, 8), midnight_after(7, 7)]


@pytest.mark.req("IV3.21")
def test_what_has_no_date_or_is_past_it_does_not_move():
    cast = june()
    with pytest.raises(extensions.NothingToExtendError):
        extend(cast, days=3, at=eleven(7, 6))

    cast.card.expiry_days = None
    cast.card.save()
    publish(cast.card, eleven(7, 6))
    buy(cast, 1000, at=eleven(7, 7))
    with pytest.raises(extensions.NothingToExtendError):
        extend(cast, days=3, at=eleven(7, 7))


@pytest.mark.req("IV3.21")
@pytest.mark.parametrize("override", ["OFF", "AUTOMATIC"])
def test_nobody_moves_a_date_where_the_card_does_not_offer_it(override):
    cast = june(override)

    with pytest.raises(extensions.ExtensionNotOfferedError):
        extend(cast, days=3)


@pytest.mark.req("IV3.21")
def test_only_a_manager_moves_dates_and_never_their_own():
    cast = june()
    own = join(cast.petra, cast.card)

    for stranger in (cast.sam, cast.tess, cast.mia):
        with pytest.raises(MembershipNotFoundError):
            extend(cast, days=3, actor=stranger)
    with pytest.raises(OwnMembershipError):
        extend(cast, days=3, membership=own)


@pytest.mark.req("IV3.21")
def test_a_repeat_moves_nothing_again():
    cast = june()

    first = extend(cast, days=3, key="once")

    assert extend(cast, days=3, key="once") == first
    with pytest.raises(RepeatDiffersError):
        extend(cast, days=4, key="once")
    assert Transaction.objects.filter(kind=Kind.TRANSFER).count() == 1


@pytest.mark.req("IV3.21", "R11.1")
def test_an_award_whose_date_was_moved_can_still_be_undone():
    cast = june(credit_per_step_minor=5)
    bought = Transaction.objects.get(kind=Kind.PURCHASE)
    extend(cast, days=3)
    extend(cast, days=5)

    done = roll_back(cast, bought, at=EARNED)

    assert (done.points, done.credit_minor, account_of(cast.membership).points) == (-30, -150, 0)
    proven(EARNED)


@pytest.mark.req("IV3.21", "R11.1")
def test_of_an_award_that_was_moved_and_then_ended_nothing_is_left_to_take():
    cast = june()
    bought = Transaction.objects.get(kind=Kind.PURCHASE)
    extend(cast, days=3)
    at = eleven(7, 20)
    expiries.book_expiry(at=at)

    done = roll_back(cast, bought, at=at)

    account = account_of(cast.membership)
    assert (done.points, account.points, account.lifetime_points) == (0, 0, 0)
    proven(at)


@pytest.mark.req("IV3.21", "R11.1")
def test_an_award_that_was_moved_and_then_spent_cannot_be_undone():
    cast = june()
    bought = Transaction.objects.get(kind=Kind.PURCHASE)
    extend(cast, days=3)
    redeem(cast, cast.card.rewards.get(name="Bread"), at=EARNED)

    with pytest.raises(restoring.PointsAlreadySpentError):
        rollbacks.reverse_transaction(
            deed=deed(make_user("root", is_superuser=True), Source.ADMIN, at=EARNED),
            membership_id=cast.membership.pk,
            transaction_id=bought.pk,
            note=Note(internal="why not"),
        )


@pytest.mark.req("IV3.21")
def test_the_page_offers_the_lots_whose_date_can_still_move():
    cast = june()
    buy(cast, 1000, at=EARNED + days(1))
    first, second = Lot.objects.order_by("pk")
    extend(cast, days=10, lot_ids=[first.pk])
    zone = cast.partner.zone()
    terms = Terms(expiry_override=ExpiryOverride.BY_HAND, expiry_override_days=WITHIN)
    account_id = cast.membership.account_id

    offered = extensions.extendable(
        account_id=account_id, terms=terms, zone=zone, at=EARNED + days(1)
    )

    assert offered == [
        extensions.Extendable(
            lot=second, expires_at=second.expires_at, latest=midnight_after(7, 16)
        )
    ]
    assert extensions.extendable(account_id=account_id, terms=Terms(), zone=zone, at=EARNED) == []


@pytest.mark.req("IV3.21", "IV3.7")
def test_an_extension_changes_no_tier():
    cast = june(tier_basis="AVAILABLE_POINTS")
    make_tier(cast.card, "Silver", 20)
    buy(cast, 100, at=EARNED)

    extend(cast, days=3)

    assert Account.objects.get(pk=cast.membership.account_id).tier.name == "Silver"
    proven(EARNED)
