"""What is counted member by member: rhythm, cohorts, tiers, and who is best."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from loyalty.analytics import (
    best,
    cohorts,
    counting,
    frequency,
    reading,
    risks,
    rollups,
    tier_figures,
)
from loyalty.analytics.models import AtRisk, BestMember, CohortMonth, Measure, RollupMark
from loyalty.analytics.spans import Lately, Span, lately
from loyalty.members.models import Member, Membership
from tests.analytics import comparing, raw, raw_counts
from tests.cast import NOON, join, make_card, make_cast, make_tier, make_user, publish
from tests.operations.counter import adjust, buy, days, redeem, roll_back
from tests.operations.money import refund
from tests.operations.test_statements import counted

pytestmark = pytest.mark.django_db
TODAY = date(2026, 7, 1)


def come(cast, *ago, membership=None, amount=1000):
    """Let a member buy on days so long before TODAY."""
    for each in sorted(ago, reverse=True):
        at = NOON + (TODAY - NOON.date()) - days(each)
        buy(cast, amount, at=at, membership=membership or cast.membership)


def count(cast):
    raw.roll(cast.partner)
    return raw_counts.count(cast, TODAY)


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        # came days ago    visits, every so many days, last came so many ago
        ((49, 40, 31), (3, 9, 31)),
        ((48, 39, 30), None),
        ((71, 53, 36), (3, 18, 36)),
        ((95, 73, 45), None),
        ((93, 62, 63), (3, 16, 62)),
        ((60, 40), None),
        ((90, 85, 35), None),
    ],
)
@pytest.mark.req("R6.5")
def test_members_are_at_risk_when_away_for_two_gaps_and_a_month(ago, told):
    cast = make_cast()
    come(cast, *ago)

    page = risks.at_risk(count(cast), today=TODAY)

    found = [(one.visits, one.gap_days, one.away_days) for one in page.members]
    assert (found, page.count) == ([told] if told else [], int(told is not None))


def test_those_at_risk_who_came_most_are_told_first_and_page_by_page():
    cast = make_cast()
    others = [join(make_user(f"new{number}"), cast.card) for number in range(3)]
    come(cast, 60, 50, 40)
    come(cast, 60, 50, 45, 40, membership=others[0])
    come(cast, 61, 51, 41, membership=others[1])
    come(cast, 60, 50, 40, membership=others[2])
    Membership.objects.filter(pk=others[2].pk).update(status="BLOCKED")
    asked = count(cast)

    with counted() as statements:
        first = risks.at_risk(asked, today=TODAY, size=2)
    rest = risks.at_risk(asked, today=TODAY, after=first.after, size=2)

    assert [one.membership_id for one in first.members] == [others[0].pk, cast.membership.pk]
    assert [one.membership_id for one in rest.members] == [others[1].pk]
    assert (first.count, rest.count, rest.after) == (3, 3, None)
    assert len(statements) == 2


@pytest.mark.req("R6.5")
def test_members_are_told_by_how_often_they_came_lately():
    cast = make_cast()
    others = [join(make_user(f"new{number}"), cast.card) for number in range(2)]
    come(cast, 0, 1, 1, 31)
    come(cast, *range(30, 41), membership=others[0])
    come(cast, 100, membership=others[1])

    asked = count(cast)
    told = {
        days: [(one.least, one.most, one.members, one.visits) for one in found.often if one.members]
        for days in Lately
        for found in [frequency.frequency(asked, days)]
    }

    assert told == {
        Lately.WEEK: [(1, 1, 1, 1)],
        Lately.MONTH: [(1, 1, 2, 2)],
        Lately.QUARTER: [(2, 2, 1, 2), (11, None, 1, 11)],
        Lately.YEAR: [(1, 1, 1, 1), (2, 2, 1, 2), (11, None, 1, 11)],
    }
    month = frequency.frequency(asked, Lately.QUARTER)
    assert (month.members, month.visits, month.average_visits) == (2, 13, Decimal("6.5"))
    assert month.members_before == 1
    assert month.span == Span(first=date(2026, 4, 2), until=TODAY)


@pytest.mark.req("R6.5")
def test_a_cohort_tells_how_many_of_those_who_joined_still_come():
    cast = make_cast()
    noor = join(cast.noor, cast.card, at=NOON - days(30))
    Membership.objects.filter(pk=cast.membership.pk).update(joined_at=NOON - days(29))
    come(cast, 1, 20, 40, 50)
    come(cast, 40, 75, membership=noor)

    found = cohorts.cohorts(count(cast))

    told = [(str(one.joined_month), one.members, one.active, one.shares()) for one in found]
    half = Decimal("0.5")
    assert told == [("2026-04-01", 2, [1, 2, 1, 0], [half, Decimal(1), half, Decimal(0)])]


@pytest.mark.req("R6.5")
def test_members_of_each_tier_and_moves_up_and_down_are_told():
    cast = make_cast()
    make_tier(cast.card, "Basic", 0)
    gold = make_tier(cast.card, "Gold", 50)
    publish(cast.card)
    join(cast.noor, cast.card)
    bought = buy(cast, 6000, at=NOON)
    span = Span(first=date(2026, 5, 1), until=date(2026, 7, 1))

    def moved():
        moves = tier_figures.movement(scope=comparing.whole(cast), span=span)
        return [(one.month.month, one.ups, one.downs) for one in moves]

    assert moved() == [(5, 1, 0), (6, 0, 0)]
    on_gold = [
        (one.name, one.members)
        for one in tier_figures.distribution(count(cast))
        if one.tier_id == gold.pk
    ]
    assert on_gold == [("Gold", 1)]
    roll_back(cast, bought, at=NOON + days(30))
    assert moved() == [(5, 1, 0), (6, 0, 1)]
    raw.roll(cast.partner)
    assert moved() == [(5, 1, 0), (6, 0, 1)]


@pytest.mark.req("R6.5")
def test_the_best_members_are_told_by_money_points_and_visits():
    cast = make_cast(refund_method="ALL")
    noor = join(cast.noor, cast.card)
    adjust(cast, 500)
    come(cast, 3, 2, 1, amount=2000)
    redeem(cast, at=NOON + days(40))
    come(cast, 5, membership=noor, amount=9000)
    refund(cast, buy(cast, 8000, at=NOON + days(41)), 8000, at=NOON + days(42))
    roll_back(cast, buy(cast, 7000, at=NOON + days(43)), at=NOON + days(43))
    asked = count(cast)

    def told(measure):
        found = best.best(asked, days=Lately.MONTH, measure=measure)
        return {
            key: [(one.membership_id, one.amount) for one in rows] for key, rows in found.items()
        }

    mia = cast.membership.pk
    assert told(Measure.SPENT) == {"EUR": [(noor.pk, 9000), (mia, 6000)]}
    assert told(Measure.EARNED) == {"": [(noor.pk, 90), (mia, 60)]}
    assert told(Measure.VISITS) == {"": [(mia, 6), (noor.pk, 1)]}


@pytest.mark.req("R6.5")
def test_whoever_was_merged_erased_or_removed_is_no_best_member():
    cast = make_cast()
    merged, erased, removed = (join(make_user(f"new{n}"), cast.card) for n in range(3))
    for one in (merged, erased, removed):
        come(cast, 2, 1, membership=one)
    come(cast, 3)
    asked = count(cast)
    Member.objects.filter(pk=merged.member_id).update(merged_into=cast.membership.member_id)
    Member.objects.filter(pk=erased.member_id).update(erased_at=NOON)
    Membership.objects.filter(pk=removed.pk).update(status="REMOVED")

    told = {
        measure: [one.membership_id for one in rows]
        for measure in Measure
        for rows in best.best(asked, days=Lately.MONTH, measure=measure).values()
    }

    assert told == {measure: [cast.membership.pk] for measure in Measure}
    raw_counts.count(cast, TODAY)
    assert set(BestMember.objects.values_list("membership", flat=True)) == {cast.membership.pk}


def test_the_daily_round_counts_part_by_part_and_again_the_next_day():
    cast = make_cast()
    buy(cast, 1000)
    at = raw.later()
    raw.roll(cast.partner, at=at, counts=True)
    asked = reading.counted(comparing.whole(cast))
    assert (asked.at, len(asked.card_ids)) == (at, 2)
    CohortMonth.objects.all().delete()

    raw.roll(cast.partner, at=at + timedelta(days=1), steps=4, counts=True)
    mark = RollupMark.objects.get()
    assert (mark.cursor(), CohortMonth.objects.exists()) == ((0, 4), True)
    rollups.rebuild(partner=cast.partner, at=at + timedelta(days=1))

    assert RollupMark.objects.get().cursor() == (0, 0)
    assert reading.counted(comparing.whole(cast)).at == at + timedelta(days=1)


def test_a_card_made_while_all_cards_are_counted_together_has_its_turn_the_next_day():
    cast = make_cast()
    buy(cast, 1000)
    at = raw.later()
    mark = None
    while mark is None or mark.counted_card_id != counting.PAST_ALL:
        raw.roll(cast.partner, at=at, steps=1, counts=True)
        mark = RollupMark.objects.get()
    make_card(cast.harbour, "New card")

    left = raw.roll(cast.partner, at=at, counts=True)

    assert left == len(counting.PARTNER_PARTS) - 1
    assert reading.counted(comparing.whole(cast)).at == at


def test_counts_are_of_the_cards_given():
    cast = make_cast()
    come(cast, 60, 50, 40)
    other = make_card(cast.harbour, "Other")
    count(cast)
    asked = reading.counted(
        reading.Scope(partner=cast.partner, cards=type(other).objects.filter(pk=other.pk))
    )

    assert AtRisk.objects.count() == 1
    assert risks.at_risk(asked, today=TODAY).count == 0
    assert cohorts.cohorts(asked) == []
    assert best.best(asked, days=Lately.YEAR, measure=Measure.SPENT) == {}


@pytest.mark.parametrize(
    ("length", "nearest"), [(1, 7), (18, 7), (19, 30), (60, 30), (61, 90), (227, 90), (228, 365)]
)
def test_a_span_is_told_by_the_count_nearest_to_its_length(length, nearest):
    span = Span(first=TODAY - timedelta(days=length), until=TODAY)

    assert lately(span) == nearest
