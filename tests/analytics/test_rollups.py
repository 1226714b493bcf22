"""The job that keeps sums: what it finds to do, what it makes of a day, and its command."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.utils import timezone

from clubs.models import Partner
from loyalty import schedules
from loyalty.analytics import comebacks, reading, rollups, spans
from loyalty.analytics.models import ActiveMonth, Comeback, DayFact, MonthFact, RollupMark
from loyalty.analytics.reading import SumsMovedError, Window
from loyalty.analytics.spans import Span, Step
from loyalty.jobs import queue
from loyalty.jobs.models import Job, JobState
from tests.analytics import comparing, raw, raw_counts
from tests.cast import NOON, join, make_cast, make_partner
from tests.operations.counter import adjust, buy, days, issue, redeem, roll_back, use
from tests.operations.money import refund

pytestmark = pytest.mark.django_db
MAY = Span(first=date(2026, 5, 1), until=date(2026, 6, 1))


def points_by_day():
    """Return the days kept with what they earned and spent."""
    rows = DayFact.objects.exclude(deed="ENROLMENT").order_by("day", "deed")
    return [(str(row.day), row.deed, row.points_in, row.points_out) for row in rows]


def test_a_day_is_summed_by_what_was_done_where_by_whom_and_for_which_reward():
    cast = make_cast()
    adjust(cast, 500)
    buy(cast, 1240)
    buy(cast, 860)
    redeem(cast)

    raw.roll(cast.partner)

    names = ("deed", "source", "store", "actor", "reward", "deed_count", "money_minor")
    rows = DayFact.objects.filter(day=NOON.date()).order_by("deed")
    sam, shop = cast.sam.pk, cast.old_port.pk
    assert list(rows.values_list(*names, "points_in", "points_out")) == [
        ("ADJUSTMENT", "ADMIN", None, cast.petra.pk, None, 1, 0, 500, 0),
        ("PURCHASE", "SCAN", shop, sam, None, 2, 2100, 20, 0),
        ("REDEMPTION", "SCAN", None, sam, cast.reward.pk, 1, 0, 0, 200),
    ]


def test_what_was_undone_is_told_apart_on_the_day_of_undoing():
    cast = make_cast()
    bought = buy(cast, 1240)
    roll_back(cast, bought, at=NOON + days(2))

    raw.roll(cast.partner)

    rows = DayFact.objects.filter(deed="PURCHASE").order_by("day")
    names = ("day", "is_undoing", "deed_count", "money_minor", "points_in", "points_out")
    assert list(rows.values_list(*names, "basket_count")) == [
        (date(2026, 5, 14), False, 1, 1240, 12, 0, 0),
        (date(2026, 5, 16), True, 1, 1240, 0, 12, 0),
    ]


def test_a_basket_is_with_a_reward_if_one_was_handed_out_on_that_day():
    cast = make_cast()
    adjust(cast, 1000)
    for at in (NOON, NOON + days(1), NOON + days(2), NOON + days(3)):
        buy(cast, 1000, at=at)
    redeem(cast, at=NOON + days(1))
    voucher = issue(cast, at=NOON + days(2))
    use(cast, voucher.voucher_moves.get().voucher, at=NOON + days(3))
    other = join(cast.noor, cast.card)
    buy(cast, 9000, at=NOON + days(1), membership=other)
    roll_back(cast, redeem(cast, at=NOON + days(2)), at=NOON + days(2))

    raw.roll(cast.partner)

    names = ("day", "basket_count", "basket_minor", "rewarded_count", "rewarded_minor")
    rows = DayFact.objects.filter(deed="PURCHASE").order_by("day").values_list(*names)
    assert [(found[0].day, *found[1:]) for found in rows] == [
        (14, 1, 1000, 0, 0),
        (15, 2, 10_000, 1, 1000),
        (16, 1, 1000, 0, 0),
        (17, 1, 1000, 1, 1000),
    ]


def test_a_purchase_that_is_undone_later_is_no_basket_of_its_day_any_more():
    cast = make_cast()
    bought = buy(cast, 1240)
    raw.roll(cast.partner)
    assert DayFact.objects.get(deed="PURCHASE").basket_count == 1
    roll_back(cast, bought, at=NOON + days(2))

    raw.roll(cast.partner)

    rows = DayFact.objects.filter(deed="PURCHASE").order_by("day")
    assert list(rows.values_list("day__day", "basket_count")) == [(14, 0), (16, 0)]


def test_a_refund_says_what_was_refunded():
    cast = make_cast(refund_method="ALL")
    refund(cast, buy(cast, 1240), 240)

    raw.roll(cast.partner)

    row = DayFact.objects.get(deed="REFUND")
    assert (row.aspect, row.money_minor, row.points_out) == ("PURCHASE", 240, 12)


def test_a_late_deed_moves_the_day_on_which_it_was_done():
    cast = make_cast()
    buy(cast, 1000)
    buy(cast, 2000, at=NOON + days(3))
    raw.roll(cast.partner)

    buy(cast, 500, at=NOON + days(1))
    assert raw.roll(cast.partner) == 1

    assert points_by_day() == [
        ("2026-05-14", "PURCHASE", 10, 0),
        ("2026-05-15", "PURCHASE", 5, 0),
        ("2026-05-17", "PURCHASE", 20, 0),
    ]


@pytest.mark.parametrize(
    ("zone", "day"), [("Europe/Lisbon", 15), ("America/New_York", 14), ("Asia/Kathmandu", 15)]
)
def test_midnight_is_that_of_the_partner(zone, day):
    cast = make_cast()
    Partner.objects.filter(pk=cast.partner.pk).update(timezone=zone)
    cast.partner.refresh_from_db()
    buy(cast, 1000, at=datetime(2026, 5, 14, 23, 30, tzinfo=UTC))

    raw.roll(cast.partner)

    assert points_by_day() == [(f"2026-05-{day}", "PURCHASE", 10, 0)]


def test_another_time_zone_makes_all_days_again_and_until_then_none_is_believed():
    cast = make_cast()
    buy(cast, 1000, at=datetime(2026, 5, 31, 23, 30, tzinfo=UTC))
    raw.roll(cast.partner)
    Partner.objects.filter(pk=cast.partner.pk).update(timezone="America/New_York")
    cast.partner.refresh_from_db()

    comparing.sums_are_the_ledgers(comparing.whole(cast), MAY)
    raw.roll(cast.partner)

    assert points_by_day() == [("2026-05-31", "PURCHASE", 10, 0)]
    comparing.sums_are_the_ledgers(comparing.whole(cast), MAY)


def test_another_time_zone_tells_anew_who_came_on_which_day():
    cast = make_cast()
    buy(cast, 1000, at=datetime(2026, 5, 20, 23, 30, tzinfo=UTC))
    raw.roll(cast.partner)
    raw_counts.tell_comebacks(cast)
    Partner.objects.filter(pk=cast.partner.pk).update(timezone="America/New_York")
    cast.partner.refresh_from_db()

    raw.roll(cast.partner)
    raw_counts.tell_comebacks(cast)

    told = Comeback.objects.values_list("card", "day").order_by("card")
    assert set(told) == {(cast.card.pk, date(2026, 5, 20)), (None, date(2026, 5, 20))}


@pytest.mark.parametrize(
    ("until", "told"),
    [
        # until     first and until of the same five days
        ((5, 9), ((5, 4), (5, 9))),
        ((5, 10), ((5, 5), (5, 10))),
        ((5, 20), ((5, 5), (5, 10))),
    ],
)
def test_a_span_ends_no_later_than_what_was_counted(until, told):
    span = Span(first=date(2026, 5, 5), until=date(2026, 5, 10))

    found = span.up_to(date(2026, *until))

    assert found == Span(first=date(2026, *told[0]), until=date(2026, *told[1]))


def test_clocks_that_jump_over_midnight_or_back_over_it_leave_no_moment_out():
    cairo, azores = ZoneInfo("Africa/Cairo"), ZoneInfo("Atlantic/Azores")
    first, other = date(2026, 4, 24), date(2026, 10, 25)

    assert spans.begins(first, cairo) == datetime(2026, 4, 23, 22, tzinfo=UTC)
    assert spans.begins(first + spans.DAY, cairo) - spans.begins(first, cairo) == timedelta(
        hours=23
    )
    assert spans.begins(other, azores) == datetime(2026, 10, 25, 0, tzinfo=UTC)
    assert spans.begins(other + spans.DAY, azores) - spans.begins(other, azores) == timedelta(
        hours=25
    )


def test_deeds_that_are_not_settled_wait_for_a_later_run_and_are_read_meanwhile():
    cast = make_cast()
    buy(cast, 1000)

    raw.roll(cast.partner, at=timezone.now())

    assert not DayFact.objects.exists()
    comparing.sums_are_the_ledgers(comparing.whole(cast), MAY)


def test_a_run_that_broke_off_leaves_sums_that_are_right_and_another_goes_on():
    cast = make_cast()
    for day in range(4):
        buy(cast, 1000, at=NOON + days(day))
    raw.roll(cast.partner)
    for day in range(4):
        buy(cast, 300, at=NOON + days(day))
    raw.roll(cast.partner, steps=2)

    mark = RollupMark.objects.get()
    assert (mark.done_id < mark.target_id, mark.next_date) == (True, date(2026, 5, 16))
    buy(cast, 500)
    comparing.sums_are_the_ledgers(comparing.whole(cast), MAY)
    raw.roll(cast.partner)
    comparing.sums_are_the_ledgers(comparing.whole(cast), MAY)
    assert [row[2] for row in points_by_day()] == [18, 13, 13, 13]


def test_a_member_is_active_on_a_day_however_often_it_is_made():
    cast = make_cast()
    for at in (NOON, NOON + days(1), NOON + days(20)):
        buy(cast, 1000, at=at)
    raw.roll(cast.partner)
    buy(cast, 1000, at=NOON + days(1))
    raw.roll(cast.partner)

    found = ActiveMonth.objects.order_by("month").values_list("month", "days")
    assert list(found) == [
        (date(2026, 5, 1), 1 << 13 | 1 << 14),
        (date(2026, 6, 1), 1 << 2),
    ]


@pytest.mark.parametrize(
    ("first", "until", "count"),
    [
        # first      until         active
        ((2026, 5, 14), (2026, 5, 15), 1),
        ((2026, 5, 14), (2026, 5, 18), 1),
        ((2026, 5, 15), (2026, 5, 31), 1),
        ((2026, 5, 18), (2026, 5, 31), 0),
        ((2026, 5, 13), (2026, 5, 14), 0),
        ((2026, 5, 20), (2026, 7, 4), 1),
        ((2026, 6, 1), (2026, 7, 1), 0),
        ((2026, 4, 30), (2026, 8, 1), 2),
    ],
)
def test_active_members_of_a_span_are_told_to_the_day(first, until, count):
    cast = make_cast()
    noor = join(cast.noor, cast.card)
    buy(cast, 1000)
    buy(cast, 1000, at=NOON + days(3))
    buy(cast, 1000, at=NOON + days(50), membership=noor)
    raw.roll(cast.partner)
    span = Span(first=date(*first), until=date(*until))

    found = reading.read(comparing.whole(cast), lambda reader: reader.active({"now": span}))
    of_the_round = comebacks.active(raw_counts.count(cast, span.until), {"now": span})

    assert found == of_the_round == {"now": count}


@pytest.mark.req("R6.1")
@pytest.mark.parametrize(("days_later", "month"), [(3, 5), (20, 6)])
def test_a_sale_that_comes_late_changes_who_came_back_after_which_day(days_later, month):
    cast = make_cast()
    for at in (NOON, NOON + days(50)):
        buy(cast, 1000, at=at)
    raw.roll(cast.partner)
    raw_counts.count(cast, MAY.until)
    buy(cast, 1000, at=NOON + days(days_later))
    raw.roll(cast.partner)
    before = set(Comeback.objects.values_list("pk", flat=True))

    raw_counts.count(cast, MAY.until)

    came = [NOON.date(), NOON.date() + days(days_later), NOON.date() + days(50)]
    for card in (cast.card, None):
        told = Comeback.objects.filter(card=card).order_by("day")
        assert list(told.values_list("last_day", "day", "member_count")) == [
            (None, came[0], 1),
            (came[0], came[1], 1),
            (came[1], came[2], 1),
        ]
    kept = Comeback.objects.filter(pk__in=before)
    assert {one.day.month for one in kept} == ({5} if month == 6 else set())


@pytest.mark.parametrize(
    ("first", "until", "months", "beside"),
    [
        # first     until        whole months              days beside them
        ((5, 1), (6, 1), ((5, 1), (6, 1)), []),
        ((5, 2), (6, 1), None, [((5, 2), (6, 1))]),
        ((4, 20), (6, 3), ((5, 1), (6, 1)), [((4, 20), (5, 1)), ((6, 1), (6, 3))]),
        ((4, 20), (5, 3), None, [((4, 20), (5, 3))]),
    ],
)
def test_a_span_falls_into_whole_months_and_the_days_beside_them(first, until, months, beside):
    def span(ends):
        return Span(first=date(2026, *ends[0]), until=date(2026, *ends[1]))

    whole = span((first, until)).whole_months()

    assert whole == (span(months) if months else None)
    assert span((first, until)).beside(whole) == [span(ends) for ends in beside]


def test_the_job_of_the_hour_does_all_partners_and_a_second_run_nothing(monkeypatch):
    cast = make_cast()
    make_partner("Nobody yet")
    buy(cast, 1000)
    at = raw.later()
    monkeypatch.setattr(schedules.timezone, "now", lambda: at)

    assert [schedules.roll_up_figures() for _twice in range(2)] == [1, 1]
    job = Job.objects.get()
    while Job.objects.get().state != JobState.DONE:
        queue.run(job.pk)
    kept = comparing.kept()
    rollups.work(job)

    assert schedules.roll_up_figures() == 0
    assert comparing.kept() == kept
    assert MonthFact.objects.filter(deed="PURCHASE").count() == 1


def test_one_command_makes_all_sums_again(capsys):
    cast = make_cast()
    buy(cast, 1000)
    raw.roll(cast.partner)
    before = comparing.kept()
    DayFact.objects.update(points_in=7)
    ActiveMonth.objects.all().delete()

    rollups.rebuild(partner=cast.partner, at=raw.later())
    assert comparing.kept() == before

    call_command("rebuild_rollups")
    call_command("rebuild_rollups", partner=cast.partner.pk + 999)
    assert capsys.readouterr().out == (
        "Sums made again for partners: 1.\nSums made again for partners: 0.\n"
    )
    comparing.sums_are_the_ledgers(comparing.whole(cast), MAY)


def test_a_job_that_moves_on_while_a_page_is_read_lets_it_read_again():
    cast = make_cast()
    buy(cast, 1000)
    windows = [Window(name="now", span=MAY, step=Step.DAY)]
    tries = []

    def ask(reader):
        tries.append(reader.sums(windows, by=("deed",)))
        if len(tries) == 1:
            raw.roll(cast.partner)
        return tries[-1]

    found = reading.read(comparing.whole(cast), ask)

    assert len(tries) == 2
    assert raw.told(found, ("deed",)) == raw.summed(comparing.whole(cast), windows, ("deed",))


def test_a_job_that_never_rests_is_told():
    cast = make_cast()
    buy(cast, 1000)
    raw.roll(cast.partner)

    def ask(_reader):
        mark = RollupMark.objects.get()
        RollupMark.objects.update(done_id=mark.done_id + 1)

    with pytest.raises(SumsMovedError):
        reading.read(comparing.whole(cast), ask)


def test_a_span_without_a_day_is_refused():
    with pytest.raises(ValueError, match="holds no day"):
        Span(first=date(2026, 5, 1), until=date(2026, 5, 1))
