"""The figures of a page, for a span and the one before, for whatever a person may see."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from cards import access
from cards.models import Card
from loyalty.analytics import figures
from loyalty.analytics.models import RollupMark
from loyalty.analytics.reading import Scope
from loyalty.analytics.spans import DAY, Span, Step
from loyalty.ledger.models import Source
from loyalty.operations import purchases
from loyalty.operations.purchases import Bill
from tests.analytics import comparing, raw
from tests.cast import NOON, deed, join, make_card, make_cast, make_club, make_partner, make_user
from tests.operations.counter import adjust, buy, days, issue, redeem, roll_back, use
from tests.operations.money import refund
from tests.operations.test_check_ins import enter, make_door
from tests.operations.test_statements import counted

pytestmark = pytest.mark.django_db
MAY = Span(first=date(2026, 5, 1), until=date(2026, 6, 1))


def page(scope, span=MAY):
    return figures.page(scope=scope, span=span, at=NOON)


def busy():
    """Return the cast after a month with something of everything, and some the month before."""
    cast = make_cast(refund_method="ALL", credit_per_step_minor=2)
    noor = join(cast.noor, cast.card, at=NOON - days(3))
    buy(cast, 5000, at=NOON - days(30))
    buy(cast, 30_000)
    buy(cast, 10_000, membership=noor)
    redeem(cast)
    adjust(cast, 7)
    refund(cast, buy(cast, 1000, at=NOON + days(1)), 400, at=NOON + days(1))
    roll_back(cast, buy(cast, 800, at=NOON + days(2)), at=NOON + days(2))
    return cast


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.req("R6.1", "R6.3", "R6.4")
def test_a_page_tells_a_span_and_the_one_before(is_kept):
    cast = busy()
    if is_kept:
        raw.roll(cast.partner)

    told = page(comparing.whole(cast))
    now, before = told.now.total, told.before.total

    assert (now.joins, told.now.active, now.deeds, now.rewards) == (1, 2, 4, 1)
    assert (before.joins, told.before.active, before.deeds, before.rewards) == (0, 1, 1, 0)
    units = now.points
    assert (units.issued, units.redeemed, units.refunded, units.adjusted) == (410, 200, -10, 7)
    assert (units.redemption_rate, before.points.redemption_rate) == (Decimal("0.4878"), Decimal(0))
    assert now.money["EUR"].sales_minor == 30_000 + 10_000 + 1000 - 400
    assert (now.money["EUR"].credit.issued, before.money["EUR"].credit.issued) == (820, 100)
    points, credit = raw.balances(Card.objects.all())
    assert (told.now.outstanding.points, told.now.outstanding.credit) == (points, credit)
    assert (told.before.outstanding.points, told.before.outstanding.credit) == (50, {"EUR": 100})
    assert [(one.name, one.count) for one in told.top_rewards] == [("Croissant", 1)]


def test_average_baskets_with_and_without_a_reward_are_told_as_of_the_last_run():
    cast = busy()
    assert page(comparing.whole(cast)).baskets_at is None
    raw.roll(cast.partner)

    told = page(comparing.whole(cast))

    money = told.now.total.money["EUR"]
    assert (money.average_rewarded, money.average_plain) == (30_000, 5500)
    assert told.baskets_at is not None


@pytest.mark.req("R6.4")
def test_a_voucher_is_handed_out_when_it_is_used_and_not_when_it_is_issued():
    cast = make_cast()
    adjust(cast, 500)
    voucher = issue(cast).voucher_moves.get().voucher

    assert page(comparing.whole(cast)).now.total.rewards == 0
    use(cast, voucher)

    told = page(comparing.whole(cast))
    assert (told.now.total.rewards, told.now.total.points.redeemed) == (1, 200)
    assert [(one.name, one.count) for one in told.top_rewards] == [("Croissant", 1)]


def test_a_reward_that_was_undone_was_not_handed_out():
    cast = make_cast()
    adjust(cast, 500)
    roll_back(cast, redeem(cast))

    told = page(comparing.whole(cast))

    assert (told.now.total.rewards, told.now.total.points.redeemed, told.top_rewards) == (0, 0, [])


@pytest.mark.parametrize(
    ("first", "until", "step", "parts"),
    [
        (date(2026, 5, 1), date(2026, 6, 1), Step.DAY, 31),
        (date(2026, 4, 20), date(2026, 7, 10), Step.MONTH, 4),
    ],
)
def test_the_parts_of_a_span_sum_up_to_it(first, until, step, parts):
    cast = busy()
    raw.roll(cast.partner)

    told = page(comparing.whole(cast), Span(first=first, until=until))

    assert (told.step, len(told.parts)) == (step, parts)
    total = told.now.total
    assert sum(one.points.net for one in told.parts.values()) == total.points.net
    assert sum(one.money["EUR"].sales_minor for one in told.parts.values()) == 40_600 + (
        5000 if step == Step.MONTH and first.month == 3 else 0
    )
    assert sum(one.deeds for one in told.parts.values()) == total.deeds


def test_money_of_two_currencies_is_never_one_sum():
    cast = make_cast()
    Card.objects.filter(pk=cast.hill_card.pk).update(currency="JPY")
    gym = join(cast.noor, cast.hill_card)
    buy(cast, 1240)
    buy(
        cast,
        700,
        membership=gym,
        actor=cast.tess,
        store=cast.hilltop,
        currency="JPY",
    )
    raw.roll(cast.partner)

    money = page(comparing.whole(cast)).now.total.money

    assert {name: one.sales_minor for name, one in money.items()} == {"EUR": 1240, "JPY": 700}


def test_a_store_and_a_person_are_told_of_what_was_done_there_and_have_nothing_outstanding():
    cast = busy()
    raw.roll(cast.partner)
    scopes = [comparing.whole(cast, store_id=cast.old_port.pk)]
    scopes += [comparing.whole(cast, actor_id=one.pk) for one in (cast.sam, cast.tess)]

    store, sam, tess = (page(one) for one in scopes)

    assert (store.now.total.deeds, sam.now.total.deeds, tess.now.total.deeds) == (4, 5, 0)
    assert (store.now.active, sam.now.active, tess.now.active) == (2, 2, 0)
    assert [one.now.outstanding for one in (store, sam, tess)] == [None, None, None]


def test_figures_are_of_the_cards_given_and_of_no_other_partner():
    cast = busy()
    stranger = make_partner("Stranger")
    theirs = make_card(make_club(stranger, "Far"), "Far card")
    raw.roll(cast.partner)
    every = Card.objects.all()

    hill = page(Scope(partner=cast.partner, cards=access.cards_for_staff(user=cast.tess, at=NOON)))
    assert (hill.now.total.deeds, hill.now.active, hill.now.outstanding.points) == (0, 0, 0)
    foreign = page(Scope(partner=stranger, cards=every))
    assert (foreign.now.total.deeds, foreign.now.active) == (0, 0)
    none = page(Scope(partner=cast.partner, cards=every.filter(pk=theirs.pk)))
    assert (none.now.total.deeds, none.now.active, none.top_rewards) == (0, 0, [])


@pytest.mark.req("PA4.1")
def test_the_share_of_awards_that_nobody_typed_is_told_by_source_and_month():
    cast = make_cast()
    for source, at in (
        (Source.API, NOON),
        (Source.API, NOON),
        (Source.SCAN, NOON),
        (Source.FEED, NOON + days(30)),
    ):
        award(cast, source, at)
    roll_back(cast, award(cast, Source.API, NOON), at=NOON)
    raw.roll(cast.partner)

    span = Span(first=date(2026, 5, 1), until=date(2026, 8, 1))
    awards = page(comparing.whole(cast), span).awards

    assert [(str(one.month), one.by_source, one.untyped_share) for one in awards] == [
        ("2026-05-01", {"API": 3, "SCAN": 1}, Decimal("0.75")),
        ("2026-06-01", {"FEED": 1}, Decimal(1)),
        ("2026-07-01", {}, None),
    ]


def award(cast, source, at):
    scan = cast.scan(at=at)
    return purchases.award_purchase(
        deed=deed(cast.sam, source, at=at, store=cast.old_port),
        membership_id=cast.membership.pk,
        bill=Bill(amount_minor=1000, currency="EUR"),
        scan_id=scan,
    )


@pytest.mark.parametrize("count", [1, 3])
def test_a_page_sends_few_statements_however_many_cards_it_is_about(count):
    cast = busy()
    for number in range(count - 1):
        card = make_card(cast.harbour, f"Card {number}")
        join(make_user(f"new{number}"), card, at=NOON)
    raw.roll(cast.partner)

    with counted() as statements:
        page(comparing.whole(cast), Span(first=date(2026, 1, 10), until=date(2026, 7, 20)))

    assert len(statements) == 6, "\n".join(statements)


@pytest.mark.parametrize("place", [{}, {"store_id": "old_port"}, {"actor_id": "sam"}])
@pytest.mark.req("R6.1")
def test_active_members_of_usual_days_and_among_many_deeds_are_those_of_the_days_count(
    place, monkeypatch
):
    cast = make_cast()
    noor = join(cast.noor, cast.card)
    at = raw.later()
    buy(cast, 1000, at=at - timedelta(days=2))
    buy(cast, 1000, at=at - timedelta(days=9), membership=noor)
    raw.roll(cast.partner, at=at, counts=True)
    buy(cast, 1000, at=at, membership=noor)
    until = at.astimezone(cast.partner.zone()).date() + DAY
    scope = comparing.whole(cast, **{key: getattr(cast, name).pk for key, name in place.items()})

    def told(days, until=until):
        span = Span(first=until - days * DAY, until=until)
        found = figures.page(scope=scope, span=span, at=at)
        late = (until - found.active_span.until).days
        return late, found.now.active, found.before.active

    assert (told(7), told(8)) == ((1, 1, 1), (0, 2, 1))
    monkeypatch.setattr(figures, "MOST_COUNTED", 2)
    assert told(8) == ((0, None, None) if place else (1, 1, 1))


@pytest.mark.req("R6.1")
def test_a_club_tells_its_active_members_by_the_days_count_once_there_is_one():
    cast = make_cast()
    trainee = join(cast.noor, cast.hill_card)
    at = raw.later()
    gym = {"membership": trainee, "actor": cast.tess, "store": cast.hilltop}
    for deed_at in (at - timedelta(days=9), at - timedelta(days=1), at):
        buy(cast, 1000, at=deed_at, **gym)
    buy(cast, 1000, at=at - timedelta(days=2))
    until = at.astimezone(cast.partner.zone()).date() + DAY
    span = Span(first=until - 5 * DAY, until=until)

    def told():
        hill = Scope(partner=cast.partner, cards=Card.objects.filter(pk=cast.hill_card.pk))
        pages = [figures.page(scope=one, span=span, at=at) for one in (hill, comparing.whole(cast))]
        return [(one.active_span, one.now.active, one.before.active) for one in pages]

    raw.roll(cast.partner, at=at)
    RollupMark.objects.update(counted_date=None)
    assert told() == [(span, 1, 1), (span, 2, 1)]
    raw.roll(cast.partner, at=at, counts=True)
    days_before = Span(first=span.first - DAY, until=until - DAY)
    assert told() == [(days_before, 1, 1), (span, 2, 1)]


@pytest.mark.parametrize("is_kept", [True, False])
def test_what_somebody_does_in_the_own_wallet_is_not_work(is_kept):
    cast = make_door()
    enter(cast)
    if is_kept:
        raw.roll(cast.partner)

    mia, store = (
        page(comparing.whole(cast, **place))
        for place in ({"actor_id": cast.mia.pk}, {"store_id": cast.old_port.pk})
    )

    assert (mia.now.active, store.now.active) == (0, 1)
