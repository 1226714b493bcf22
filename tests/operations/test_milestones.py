"""Numbers of visits, birthdays and anniversaries: each gives its own once (PA2.6)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from cards.models import MilestoneRule
from loyalty import schedules
from loyalty.ledger.models import Firing, Kind, Source, Transaction
from loyalty.members.models import Member, MembershipStatus, Voucher
from loyalty.operations import birthdays, occasions
from loyalty.operations.birthdays import Birthday
from loyalty.operations.occasions import Occasion
from loyalty.operations.standing import MembershipNotActiveError, MembershipNotFoundError
from loyalty.rules.terms import MilestoneKind
from tests.cast import NOON, deed, join, make_cast, make_reward, make_user, publish
from tests.operations.counter import (
    account_of,
    balance,
    buy,
    days,
    mismatches,
    set_status,
    undo,
)

pytestmark = pytest.mark.django_db


def add_rule(card, kind, *, count=None, **gives):
    row = MilestoneRule.objects.create(
        partner=card.partner, card=card, kind=kind, count=count, **gives
    )
    publish(card)
    return row


def run(at) -> int:
    """Give all that is due, as the schedule does."""
    return schedules.give(occasions.due_at(at), at=at)


def born(cast, day: date, **more):
    Member.objects.filter(pk=cast.membership.member_id).update(
        birth_day=day.day, birth_month=day.month, birth_year=day.year, **more
    )


@pytest.mark.req("PA2.6")
def test_the_third_visit_gives_its_bonus_in_the_deed_itself():
    cast = make_cast()
    add_rule(cast.card, "VISITS", count=3, points=50)

    told = [buy(cast, 1000, at=NOON + days(day)).result for day in range(4)]

    assert [one["balance_after"] for one in told] == [10, 20, 80, 90]
    assert told[2]["brought"] == [
        {"reason": "VISITS", "points": 50, "credit_minor": 0, "reward": ""}
    ]
    bonus = Transaction.objects.get(kind=Kind.BONUS)
    assert (bonus.result["occurrence"], bonus.caused_by.points) == (3, 10)
    assert mismatches(NOON + days(4)) == []


@pytest.mark.req("PA2.6")
def test_a_repeated_rule_gives_again_after_so_many_more():
    cast = make_cast()
    add_rule(cast.card, "VISITS", count=2, points=50, is_repeated=True)

    for day in range(5):
        buy(cast, 1000, at=NOON + days(day))

    assert balance(cast) == 5 * 10 + 2 * 50


@pytest.mark.req("PA2.6")
def test_several_purchases_of_one_local_day_are_one_visit():
    cast = make_cast()
    cast.partner.timezone = "America/New_York"
    cast.partner.save()
    add_rule(cast.card, "VISITS", count=2, points=50)
    evening = datetime(2026, 5, 15, 1, 0, tzinfo=UTC)  # Still the 14th in New York.

    buy(cast, 1000, at=NOON)
    buy(cast, 1000, at=evening)
    same_day = balance(cast)
    buy(cast, 1000, at=evening + timedelta(hours=12))

    assert (same_day, balance(cast)) == (20, 80)


@pytest.mark.req("PA2.6")
def test_an_undone_visit_is_none_and_its_bonus_goes_with_it():
    cast = make_cast()
    add_rule(cast.card, "VISITS", count=2, points=50)
    buy(cast, 1000, at=NOON)
    tomorrow = NOON + days(1)

    undo(cast, buy(cast, 1000, at=tomorrow), at=tomorrow)
    after_undo = balance(cast)
    buy(cast, 1000, at=tomorrow)

    assert (after_undo, balance(cast)) == (10, 70)
    assert Firing.objects.filter(released_at=None).count() == 1
    assert mismatches(tomorrow) == []


@pytest.mark.req("PA2.6")
def test_a_milestone_gives_points_credit_and_a_reward_at_once():
    cast = make_cast()
    mug = make_reward(cast.card, "Mug", 10)
    add_rule(cast.card, "VISITS", count=1, points=5, credit_minor=250, reward=mug)

    done = buy(cast, 1000)

    account = account_of(cast.membership)
    assert (account.points, account.credit_minor) == (15, 250)
    assert list(Voucher.objects.values_list("origin", "cost", "reward")) == [
        ("MILESTONE", 0, mug.pk)
    ]
    assert done.result["balance_after"] == 15
    undo(cast, done)
    assert (account_of(cast.membership).points, Voucher.objects.get().status) == (0, "REMOVED")
    assert mismatches() == []


def test_a_reward_alone_waits_until_there_is_one_to_give():
    cast = make_cast()
    mug = make_reward(cast.card, "Mug", 10, stock=0)
    add_rule(cast.card, "VISITS", count=1, reward=mug)

    done = buy(cast, 1000)
    mug.stock = 1
    mug.save()
    buy(cast, 1000, at=NOON + timedelta(hours=1))

    assert "brought" not in done.result
    assert (Voucher.objects.count(), Firing.objects.count()) == (1, 1)


def test_what_a_refund_left_owed_is_settled_once_over_award_and_bonus():
    cast = make_cast()
    add_rule(cast.card, "VISITS", count=1, points=50)
    add_rule(cast.card, "VISITS", count=1, points=50)
    account = account_of(cast.membership)
    type(account).objects.filter(pk=account.pk).update(shortfall_points=30)

    buy(cast, 1000)

    account.refresh_from_db()
    assert (account.points, account.shortfall_points) == (10 + 50 + 50 - 30, 0)


@pytest.mark.req("PA2.6", "IV6.1")
def test_a_birthday_gives_on_the_day_and_only_once():
    cast = make_cast()
    add_rule(cast.card, "BIRTHDAY", points=100, is_repeated=True)
    born(cast, date(1990, 5, 14))

    counts = [run(NOON + days(day)) for day in (-1, 0, 0, 1, 7)]
    next_year = run(datetime(2027, 5, 14, 12, tzinfo=UTC))

    assert (counts, next_year, balance(cast)) == ([0, 1, 0, 0, 0], 1, 200)
    bonus = Transaction.objects.filter(kind=Kind.BONUS).order_by("pk")[0]
    assert (bonus.source, bonus.result["reason"], bonus.result["occurrence"]) == (
        "SYSTEM",
        "BIRTHDAY",
        2026,
    )
    assert mismatches() == []


@pytest.mark.req("PA2.6")
@pytest.mark.parametrize(("late", "given"), [(1, 1), (7, 1), (8, 0)])
def test_a_run_up_to_a_week_late_still_gives(late, given):
    cast = make_cast()
    add_rule(cast.card, "BIRTHDAY", points=100)
    born(cast, date(1990, 5, 14))

    assert run(NOON + days(late)) == given


@pytest.mark.req("PA2.6")
@pytest.mark.parametrize(
    ("at", "given"),
    [
        (datetime(2026, 2, 27, 12, tzinfo=UTC), 0),
        (datetime(2026, 2, 28, 12, tzinfo=UTC), 1),
        (datetime(2028, 2, 28, 12, tzinfo=UTC), 0),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), 1),
    ],
)
def test_who_was_born_on_a_leap_day_has_a_birthday_every_year(at, given):
    cast = make_cast()
    add_rule(cast.card, "BIRTHDAY", points=100)
    born(cast, date(1992, 2, 29))

    assert run(at) == given


@pytest.mark.req("PA2.6")
def test_the_day_is_that_of_the_business():
    cast = make_cast()
    cast.partner.timezone = "Pacific/Auckland"
    cast.partner.save()
    add_rule(cast.card, "BIRTHDAY", points=100)
    born(cast, date(1990, 5, 15))

    assert [run(datetime(2026, 5, 14, hour, tzinfo=UTC)) for hour in (11, 13)] == [0, 1]


@pytest.mark.req("PA2.6")
def test_a_birthday_at_the_end_of_the_year_is_of_that_year():
    cast = make_cast()
    add_rule(cast.card, "BIRTHDAY", points=100, is_repeated=True)
    born(cast, date(1990, 12, 30))

    given = [run(datetime(2027, 1, 3, 12, tzinfo=UTC)), run(datetime(2027, 1, 4, tzinfo=UTC))]

    assert (given, Firing.objects.get().occurrence) == ([1, 0], "2026")


@pytest.mark.req("PA2.6", "IV6.1")
def test_an_anniversary_gives_every_year_but_its_own():
    cast = make_cast()
    add_rule(cast.card, "ANNIVERSARY", points=100, is_repeated=True)
    Member.objects.filter(pk=cast.membership.member_id).update(anniversary=date(2026, 5, 14))

    given = [run(NOON), run(datetime(2027, 5, 14, 12, tzinfo=UTC))]

    assert (given, balance(cast)) == ([0, 1], 100)


@pytest.mark.req("PA2.6")
def test_a_day_before_joining_gives_nothing():
    cast = make_cast()
    add_rule(cast.card, "BIRTHDAY", points=100)
    noor = join(cast.noor, cast.card, at=NOON)
    Member.objects.filter(pk=noor.member_id).update(birth_day=12, birth_month=5)

    assert run(NOON + days(1)) == 0


@pytest.mark.parametrize("why", ["blocked", "card", "birthday", "erased"])
def test_who_takes_no_part_is_given_nothing(why):
    cast = make_cast()
    add_rule(cast.card, "BIRTHDAY", points=100)
    born(cast, date(1990, 5, 14))
    if why == "blocked":
        set_status(cast, MembershipStatus.BLOCKED)
    elif why == "card":
        cast.card.status = "PAUSED"
        cast.card.save()
    elif why == "birthday":
        Member.objects.update(birth_day=None, birth_month=None, birth_year=None)
    else:
        Member.objects.update(erased_at=NOON)

    assert (run(NOON), balance(cast)) == (0, 0)


def test_a_birthday_reward_that_is_sold_out_is_tried_again():
    cast = make_cast()
    mug = make_reward(cast.card, "Mug", 10, stock=0)
    add_rule(cast.card, "BIRTHDAY", reward=mug)
    born(cast, date(1990, 5, 14))

    first = run(NOON)
    mug.stock = 1
    mug.save()

    assert (first, run(NOON + days(1)), Voucher.objects.count()) == (0, 1, 1)
    assert mismatches() == []


def test_everything_is_judged_again_under_the_lock():
    cast = make_cast()
    add_rule(cast.card, "BIRTHDAY", points=100)
    born(cast, date(1990, 5, 14))
    due = list(occasions.due_at(NOON))
    occasion = Occasion(membership_id=cast.membership.pk, kind=MilestoneKind.BIRTHDAY, year=2026)

    first = occasions.give(occasion=occasion, at=NOON)
    again = occasions.give(occasion=occasion, at=NOON)
    Member.objects.update(birth_month=6)
    other = join(cast.noor, cast.card, at=NOON)
    with pytest.raises(occasions.NothingDueError):
        occasions.give(
            occasion=Occasion(membership_id=other.pk, kind=MilestoneKind.BIRTHDAY, year=2026),
            at=NOON,
        )
    set_status(cast, MembershipStatus.BLOCKED)
    with pytest.raises(MembershipNotActiveError):
        occasions.give(
            occasion=Occasion(
                membership_id=cast.membership.pk, kind=MilestoneKind.BIRTHDAY, year=2025
            ),
            at=NOON,
        )

    assert (due, first) == ([occasion], again)
    assert schedules.give([replace(occasion, year=2025)], at=NOON) == 0


def test_many_members_are_found_chunk_by_chunk(monkeypatch):
    cast = make_cast()
    monkeypatch.setattr(occasions, "CHUNK_MEMBERS", 2)
    add_rule(cast.card, "BIRTHDAY", points=100)
    for number in range(4):
        join(make_user(f"ida{number}"), cast.card)
    Member.objects.update(birth_day=14, birth_month=5)

    assert (run(NOON), run(NOON)) == (5, 0)


def tell(cast, birthday, *, at=NOON, actor=None):
    return birthdays.change_birthday(
        deed=deed(actor or cast.mia, Source.WALLET, at=at),
        membership_id=cast.membership.pk,
        birthday=birthday,
    )


@pytest.mark.req("IV6.1", "PA2.6")
def test_a_changed_birthday_waits_thirty_days_and_the_former_one_counts():
    cast = make_cast()
    add_rule(cast.card, "BIRTHDAY", points=100, is_repeated=True)
    born(cast, date(1990, 5, 16))

    tell(cast, Birthday(day=14, month=5, year=1990))
    new_day, old_day = run(NOON), run(NOON + days(2))

    assert (new_day, old_day, run(datetime(2027, 5, 14, 12, tzinfo=UTC))) == (0, 1, 1)


@pytest.mark.req("IV6.1")
def test_a_birthday_told_late_waits_too_and_needs_no_year():
    cast = make_cast()
    add_rule(cast.card, "BIRTHDAY", points=100)

    member = tell(cast, Birthday(day=14, month=5))

    assert (member.birth_day, member.birth_month, member.birth_year) == (14, 5, None)
    assert (run(NOON), run(datetime(2027, 5, 14, 12, tzinfo=UTC))) == (0, 1)


@pytest.mark.req("IV6.1")
def test_a_birthday_is_changed_once_a_year_at_most():
    cast = make_cast()
    first = tell(cast, Birthday(day=14, month=5, year=1990))

    same = tell(cast, Birthday(day=14, month=5, year=1990), at=NOON + days(1))
    with pytest.raises(birthdays.BirthdayChangedLatelyError):
        tell(cast, Birthday(day=15, month=5, year=1990), at=NOON + days(364))
    later = tell(cast, Birthday(day=15, month=5, year=1990), at=NOON + days(365))

    assert (first.birthday_changed_at, same.birthday_changed_at) == (NOON, NOON)
    assert (later.birth_day, later.former_birthday) == (15, date(1990, 5, 14))


@pytest.mark.parametrize(
    "day",
    [
        Birthday(day=31, month=4),
        Birthday(day=29, month=2, year=1991),
        Birthday(day=1, month=1, year=2030),
    ],
)
def test_a_day_that_is_in_no_calendar_or_to_come_is_refused(day):
    with pytest.raises(birthdays.NotADayError):
        tell(make_cast(), day)


def test_nobody_tells_the_birthday_of_another():
    cast = make_cast()

    with pytest.raises(MembershipNotFoundError):
        tell(cast, Birthday(day=14, month=5), actor=cast.noor)


@pytest.mark.req("PA2.6")
def test_the_clock_gives_birthdays_of_today():
    cast = make_cast()
    add_rule(cast.card, "BIRTHDAY", points=100)
    born(cast, timezone.localtime(timezone.now(), cast.partner.zone()).date().replace(year=1992))

    assert (schedules.give_birthdays(), schedules.give_birthdays(), balance(cast)) == (1, 0, 100)
