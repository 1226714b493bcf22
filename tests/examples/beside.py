"""The worked examples on all that is not a bill: tiers, worth, refunds, dates, stamps, friends."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from loyalty.rules import (
    expiry,
    lots,
    redemption,
    referrals,
    refunds,
    returns,
    special_days,
    stamps,
    tiers,
)
from loyalty.rules.lots import OpenLot
from loyalty.rules.returns import LineBack
from loyalty.rules.terms import (
    Clawback,
    ExpiryMethod,
    ExpiryOverride,
    ExpiryRule,
    RedemptionMethod,
    ReferralBeneficiary,
    ReferralEvent,
    ReferralRule,
    RefundMethod,
    SpecialWindow,
    Terms,
    TierBasis,
    TierTerms,
    TierWindow,
    Unit,
)
from tests.examples.page import Rows, example, money, yes
from tests.rules.shop import minor

GUEST, FRIEND, FAMILY = TIERS = tuple(
    TierTerms(
        tier_id=number,
        name=name,
        min_value=least,
        rate=Decimal(rate),
        redemption_percent=Decimal(percent),
    )
    for number, (name, least, rate, percent) in enumerate(
        (("Guest", 0, "1", 25), ("Friend", 200, "1.5", 35), ("Family", 700, "2", 50))
    )
)


def _name(tier: TierTerms | None) -> str:
    return tier.name if tier else "none"


@example("tier bases")
def _tier_bases(rows: Rows) -> Rows:
    sums = {
        "available_points": 760 - 600 - 20,
        "awarded_points": 760,
        "available_credit_minor": 0,
        "awarded_credit_minor": 0,
    }
    computed = []
    for row, basis in zip(
        rows, (TierBasis.AWARDED_POINTS, TierBasis.AVAILABLE_POINTS), strict=True
    ):
        value = tiers.measure(basis=basis, **sums)
        computed.append([row[0], str(value), _name(tiers.reached(value, TIERS))])
    return computed


@example("tier windows")
def _tier_windows(rows: Rows) -> Rows:
    computed = []
    for row, window in zip(rows, TierWindow, strict=True):
        start = tiers.window_start(
            window=window, days=90, today=date(2026, 3, 10), joined=date(2024, 6, 15)
        )
        computed.append([row[0], _day(start) if start else "–"])
    return computed


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


@example("worth")
def _worth(rows: Rows) -> Rows:
    computed = []
    for balance, tier_name, bill, *_ in rows:
        cells = []
        for method in (RedemptionMethod.CURRENT_TIER, RedemptionMethod.FALLBACK):
            found = redemption.value(
                balance=int(balance),
                bill_minor=minor(bill),
                tier=next(tier for tier in TIERS if tier.name == tier_name),
                terms=Terms(tiers=TIERS, redemption_method=method),
            )
            cells.append(f"{money(found.money_minor)} for {found.points}")
        computed.append([balance, tier_name, bill, *cells])
    return computed


@example("refund by amount")
def _refund_by_amount(rows: Rows) -> Rows:
    back, taken, computed = 0, dict.fromkeys(RefundMethod, 0), []
    for returned, *_ in rows:
        cells = []
        for method in (RefundMethod.PRO_RATA, RefundMethod.ALL, RefundMethod.NONE):
            found = refunds.taken_back(
                method=method,
                award=30,
                bill_minor=4000,
                refunded_before_minor=back,
                refund_minor=minor(returned),
                taken_before=taken[method],
            )
            taken[method] += found
            cells.append(str(found))
        back += minor(returned)
        computed.append([returned, *cells])
    return computed


@example("refund by line")
def _refund_by_line(rows: Rows) -> Rows:
    """A pizza of 26.00 earned 26, a gift card of 14.00 nothing, the bill as a whole 4."""
    computed = []
    for name, amount, _ in rows:
        lines = [
            LineBack(share=26, amount_minor=2600, returned_minor=2600 if "pizza" in name else 0),
            LineBack(share=0, amount_minor=1400, returned_minor=1400 if "gift" in name else 0),
        ]
        found = returns.owed(
            method=RefundMethod.PRO_RATA,
            award=30,
            bill_minor=4000,
            refunded_minor=minor(amount),
            lines=lines,
        )
        computed.append([name, amount, str(found)])
    return computed


@example("shortfall")
def _shortfall(rows: Rows) -> Rows:
    settled = refunds.settle(wanted=26, available=20, clawback=Clawback.SHORTFALL)
    first = refunds.earn_against_shortfall(earned=4, shortfall=settled.shortfall)
    owed = settled.shortfall - first.settled
    second = refunds.earn_against_shortfall(earned=15, shortfall=owed)
    states = [
        (20 - settled.taken, settled.shortfall),
        (20 - settled.taken + first.credited, owed),
        (20 - settled.taken + first.credited + second.credited, owed - second.settled),
    ]
    return [
        [row[0], str(balance), str(owes)] for row, (balance, owes) in zip(rows, states, strict=True)
    ]


@example("last days")
def _last_days(rows: Rows) -> Rows:
    year_end = ExpiryRule(method=ExpiryMethod.FIXED, day=date(2025, 12, 31), is_yearly=True)
    moved = partial(Terms, expiry_days=90, expiry_override_days=10, expiry_grace_days=5)
    cards = (
        Terms(),
        Terms(expiry_days=90),
        Terms(expiry_days=90, expiry_rules=(year_end,)),
        moved(expiry_override=ExpiryOverride.AUTOMATIC),
        moved(expiry_override=ExpiryOverride.BY_HAND),
    )
    earned_on = datetime(2026, 1, 10, 18, tzinfo=UTC)
    computed = []
    for row, card in zip(rows, cards, strict=True):
        gone = expiry.date_of(
            terms=card,
            unit=Unit.POINTS,
            awarded_at=earned_on,
            zone=ZoneInfo("UTC"),
            member="",
            customer_groups=frozenset(),
            tier_id=None,
        )
        computed.append([row[0], _day(gone.date() - timedelta(days=1)) if gone else "never"])
    return computed


def _at(text: str) -> datetime:
    return datetime.strptime(f"{text} +0000", "%d %B %Y %z")


@example("lots")
def _lots(rows: Rows) -> Rows:
    held = [
        OpenLot(
            lot_id=number,
            remaining=int(points),
            expires_at=None
            if ends == "never"
            else datetime.strptime(f"{ends} +0000", "%d %B %Y %z"),
        )
        for number, (points, ends, *_) in enumerate(rows)
    ]
    taken = dict(lots.take(held, 60, datetime(2026, 1, 20, tzinfo=UTC)))
    return [
        [points, ends, str(taken.get(number, 0)), str(int(points) - taken.get(number, 0))]
        for number, (points, ends, *_) in enumerate(rows)
    ]


@example("stamps")
def _stamps(rows: Rows) -> Rows:
    computed = []
    for before, earned, *_ in rows:
        found = stamps.filled(balance=int(before) + int(earned), per_card=10)
        computed.append([before, earned, str(found.cards), str(found.in_progress)])
    return computed


@example("special days")
def _special_days(rows: Rows) -> Rows:
    """A birthday on 3 March; the week starts on Monday; two days before and four after."""
    windows = (SpecialWindow.DAY, SpecialWindow.WEEK, SpecialWindow.MONTH, SpecialWindow.DAYS)
    computed = []
    for day, *_ in rows:
        on = _at(f"{day[4:]} 2026").date()
        assert f"{on:%a}" == day[:3]
        computed.append(
            [
                day,
                *(
                    yes(
                        special_days.is_special(
                            day=on,
                            occasions=[date(1990, 3, 3)],
                            window=window,
                            before=2,
                            after=4,
                            week_start=0,
                        )
                    )
                    for window in windows
                ),
            ]
        )
    return computed


@example("referral")
def _referral(rows: Rows) -> Rows:
    """10 for joining, 40 to both for the first purchase, 60 once the friend holds 250."""
    rules = (
        ReferralRule(key=1, event=ReferralEvent.REGISTRATION, points=10),
        ReferralRule(
            key=2,
            event=ReferralEvent.FIRST_PURCHASE,
            points=40,
            beneficiary=ReferralBeneficiary.BOTH,
        ),
        ReferralRule(key=3, event=ReferralEvent.THRESHOLD_POINTS, threshold=250, points=60),
    )
    fired: frozenset[int] = frozenset()
    balance, computed = 0, []
    for what, moves, *_ in rows:
        balance += int(moves)
        gives = dict.fromkeys(ReferralBeneficiary, 0)
        events = {
            "joins": [ReferralEvent.REGISTRATION],
            "first purchase": [ReferralEvent.FIRST_PURCHASE],
        }.get(what, [])
        for event in (*events, ReferralEvent.THRESHOLD_POINTS):
            for grant in referrals.due(
                rules=rules,
                event=event,
                balance_points=balance,
                balance_credit_minor=0,
                fired=fired,
            ):
                gives[grant.beneficiary] += grant.points
                fired |= {grant.rule_key}
        balance += gives[ReferralBeneficiary.REFERRED]
        computed.append(
            [
                what,
                moves,
                str(gives[ReferralBeneficiary.REFERRER]),
                str(gives[ReferralBeneficiary.REFERRED]),
                str(balance),
            ]
        )
    return computed


@example("group")
def _group(rows: Rows) -> Rows:
    """Three members come together, and one of them goes; points awarded decide the tier."""
    held = [120, 260, 350]
    sums = [*held, sum(held), 0, sum(held)]
    return [
        [row[0], str(value), _name(tiers.reached(value, TIERS))]
        for row, value in zip(rows, sums, strict=True)
    ]
