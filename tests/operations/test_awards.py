"""Awarding at the counter: who may, on which card, how much and how often."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError

from cards.models import Card, CardStatus
from clubs.models import Club, Partner, PartnerStatus, PlaceStatus, StaffMember
from loyalty.ledger import posting
from loyalty.ledger.models import Kind, Source
from loyalty.members.models import Scan
from loyalty.operations import purchases, standing
from loyalty.operations.deeds import RepeatDiffersError
from loyalty.operations.purchases import Bill
from loyalty.outbox.models import Event
from loyalty.rules import awards
from tests.cast import NOON, deed, join, make_cast, make_manager, make_staff, make_user
from tests.operations.counter import (
    balance,
    buy,
    days,
    open_lots,
    roll_back,
    rows,
    set_status,
    undo,
)

pytestmark = pytest.mark.django_db


@pytest.mark.req("R7.3")
def test_a_purchase_below_a_step_is_booked_and_earns_nothing():
    cast = make_cast(step_minor=1000, points_per_step=5)

    done = buy(cast, 999)

    assert (done.kind, done.points, done.entries.count()) == (Kind.PURCHASE, 0, 0)
    assert (done.amount_minor, done.result["missing_minor"]) == (999, 1)
    assert Event.objects.filter(type="points.earned", transaction_id=done.pk).count() == 0


def test_a_repeat_returns_the_first_award_and_books_nothing():
    cast = make_cast()
    scan = cast.scan()
    first = buy(cast, 1240, key="k", scan=scan)
    before = rows()

    again = buy(cast, 1240, key="k", scan=scan)

    assert (again, rows(), balance(cast)) == (first, before, 12)


def test_the_same_key_with_another_amount_is_refused():
    cast = make_cast()
    buy(cast, 1240, key="k")

    with pytest.raises(RepeatDiffersError):
        buy(cast, 1250, key="k")


def test_the_same_key_for_another_member_is_refused():
    cast = make_cast()
    other = _second_membership(cast)
    buy(cast, 1240, key="k")

    with pytest.raises(RepeatDiffersError):
        buy(cast, 1240, key="k", membership=other)


def _second_membership(cast):

    return join(cast.noor, cast.card)


def test_a_key_taken_while_the_deed_ran_is_refused(monkeypatch):
    # The other deed commits between reading and writing; only the constraint sees it.
    cast = make_cast()
    buy(cast, 1240, key="k")
    monkeypatch.setattr(purchases, "first_result", lambda *_: None)

    with pytest.raises(RepeatDiffersError):
        buy(cast, 1240, key="k")


def test_staff_of_another_club_learn_nothing():
    cast = make_cast()

    with pytest.raises(standing.MembershipNotFoundError):
        buy(cast, 1000, actor=cast.tess, scan=cast.scan())


def test_a_membership_that_is_not_there_is_not_found():
    cast = make_cast()

    with pytest.raises(standing.MembershipNotFoundError):
        purchases.award_purchase(
            deed=deed(cast.sam), membership_id=0, bill=Bill(amount_minor=100, currency="EUR")
        )


def test_staff_removed_a_second_ago_can_book_nothing():
    cast = make_cast()
    scan = cast.scan()
    StaffMember.objects.filter(user=cast.sam).update(is_active=False)

    with pytest.raises(standing.MembershipNotFoundError):
        buy(cast, 1000, scan=scan)


def test_nobody_awards_their_own_membership():
    cast = make_cast()
    make_staff(cast.mia, cast.harbour)
    # Her colleague scanned; she sends the form herself with her own scan's number.

    scan = Scan.objects.get(pk=cast.scan())
    Scan.objects.filter(pk=scan.pk).update(staff=cast.mia)

    with pytest.raises(standing.OwnMembershipError):
        buy(cast, 1000, actor=cast.mia, scan=scan.pk)


@pytest.mark.parametrize("minutes", [61, 24 * 60])
def test_a_scan_of_an_earlier_visit_earns_no_more(minutes):
    cast = make_cast()
    scan = cast.scan(at=NOON - timedelta(minutes=minutes))

    with pytest.raises(standing.ScanTooOldError):
        buy(cast, 1000, scan=scan)


def test_no_scan_no_award():
    cast = make_cast()

    with pytest.raises(standing.ScanTooOldError):
        buy(cast, 1000, scan=None)


def test_a_colleagues_scan_is_no_scan():
    cast = make_cast()
    cleo = make_user("cleo")
    make_staff(cleo, cast.harbour)

    with pytest.raises(standing.ScanTooOldError):
        buy(cast, 1000, actor=cleo, scan=cast.scan())


def test_a_manager_and_the_system_award_without_a_scan():
    cast = make_cast()

    for actor, source in ((cast.petra, Source.ADMIN), (None, Source.SYSTEM)):
        purchases.award_purchase(
            deed=deed(actor, source),
            membership_id=cast.membership.pk,
            bill=Bill(amount_minor=500, currency="EUR"),
        )

    assert balance(cast) == 10


def test_somebody_who_manages_nothing_cannot_award_in_the_dashboard():
    cast = make_cast()

    with pytest.raises(standing.MembershipNotFoundError):
        purchases.award_purchase(
            deed=deed(cast.sam, Source.ADMIN),
            membership_id=cast.membership.pk,
            bill=Bill(amount_minor=500, currency="EUR"),
        )


CLOSED = [
    # what is closed, change
    (Card, {"status": CardStatus.PAUSED}),
    (Card, {"valid_from": NOON + timedelta(seconds=1)}),
    (Card, {"valid_until": NOON}),
    (Club, {"status": PlaceStatus.ARCHIVED}),
    (Partner, {"status": PartnerStatus.SUSPENDED}),
]


@pytest.mark.parametrize(("model", "change"), CLOSED)
def test_a_closed_card_takes_no_deeds(model, change):
    cast = make_cast()
    scan = cast.scan()
    model.objects.update(**change)

    with pytest.raises(standing.CardNotOpenError):
        buy(cast, 1000, scan=scan)


def test_a_card_without_published_rules_takes_no_deeds():
    cast = make_cast()
    early = datetime(2025, 12, 31, tzinfo=UTC)

    with pytest.raises(standing.CardNotOpenError):
        buy(cast, 1000, at=early, scan=cast.scan(at=early))


@pytest.mark.req("CU10")
@pytest.mark.parametrize("status", ["REMOVED", "BLOCKED"])
def test_a_membership_that_takes_no_part_earns_nothing(status):
    cast = make_cast()
    set_status(cast, status)

    with pytest.raises(standing.MembershipNotActiveError) as refused:
        buy(cast, 1000)

    assert refused.value.status == status


BAD_BILLS = [
    # minor, currency, refusal
    (1000, "USD", purchases.WrongCurrencyError),
    (0, "EUR", purchases.NothingToAwardError),
    (-5, "EUR", purchases.NothingToAwardError),
    (1_000_001, "EUR", awards.AmountTooLargeError),
]


@pytest.mark.parametrize(("minor", "currency", "refusal"), BAD_BILLS)
def test_a_bill_that_cannot_earn_is_refused(minor, currency, refusal):
    cast = make_cast()
    before = rows()

    with pytest.raises(refusal):
        buy(cast, minor, currency=currency)

    assert rows() == before


@pytest.mark.req("R9.1", "R9.2")
def test_a_points_only_card_takes_points_and_no_amounts():
    cast = make_cast(is_points_only=True)
    scan = cast.scan()

    def give(points, key=""):
        return purchases.award_points(
            deed=deed(cast.sam, key=key, store=cast.old_port),
            membership_id=cast.membership.pk,
            points=points,
            receipt="A 1",
            scan_id=scan,
        )

    with pytest.raises(purchases.PointsOnlyCardError):
        buy(cast, 1000)
    for points, refusal in (
        (0, purchases.NothingToAwardError),
        (10_001, awards.TooManyPointsError),
    ):
        with pytest.raises(refusal):
            give(points)
    first = give(30, key="k")
    assert (give(30, key="k"), first.points, first.kind) == (first, 30, Kind.POINTS)
    assert first.receipt_number == "A1"
    with pytest.raises(RepeatDiffersError):
        give(31, key="k")


def test_an_amount_card_takes_no_points():
    cast = make_cast()

    with pytest.raises(purchases.AmountCardError):
        purchases.award_points(
            deed=deed(cast.sam), membership_id=cast.membership.pk, points=5, scan_id=cast.scan()
        )


def test_awards_per_hour_and_day_are_limited_and_undone_ones_do_not_count():
    cast = make_cast(earns_per_hour=2, earns_per_day=3)
    at = NOON
    undo(cast, buy(cast, 100))
    buy(cast, 100)
    buy(cast, 100)

    with pytest.raises(standing.LimitReachedError) as hour:
        buy(cast, 100)
    later = at + timedelta(hours=1)
    buy(cast, 100, at=later)
    with pytest.raises(standing.LimitReachedError) as day:
        buy(cast, 100, at=later + timedelta(minutes=1))

    assert [(found.value.limit, found.value.hours) for found in (hour, day)] == [(2, 1), (3, 24)]
    assert buy(cast, 100, at=at + days(1)).points == 1


def test_a_broken_constraint_that_is_no_refusal_is_not_hidden(monkeypatch):

    cast = make_cast()

    def break_something(_drafts):
        raise IntegrityError("lot_holds_no_more_than_earned")

    monkeypatch.setattr(posting, "post", break_something)

    with pytest.raises(IntegrityError):
        buy(cast, 1000)


@pytest.mark.req("IV4.2")
def test_points_last_to_the_end_of_their_last_day_in_the_partners_zone():
    cast = make_cast(expiry_days=90)

    buy(cast, 1000)

    assert open_lots(cast) == [(10, datetime(2026, 8, 12, 23, 0, tzinfo=UTC))]


@pytest.mark.parametrize("is_manager", [True, False])
def test_the_superuser_serves_every_partner_in_the_dashboard(is_manager):
    cast = make_cast()
    root = make_user("root", is_superuser=True)
    if is_manager:
        make_manager(root, cast.partner)

    done = buy(cast, 100)

    assert roll_back(cast, done, actor=root).reverses == done


def test_a_repeat_after_the_visit_still_returns_the_first_award():
    cast = make_cast()
    scan = cast.scan()
    first = buy(cast, 1240, key="lost-answer", scan=scan)
    before = rows()

    again = buy(cast, 1240, key="lost-answer", scan=scan, at=NOON + timedelta(hours=2))

    assert (again, rows(), balance(cast)) == (first, before, 12)
