"""The demo's restaurant chain: master data, and a card with every sort of rule on it."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from cards import terms
from cards.models import (
    Card,
    CustomerGroup,
    ExpiryRule,
    MilestoneRule,
    Plan,
    PlanHours,
    PlanLine,
    Product,
    ProductGroup,
    ReferralRule,
    Reward,
    SpecialDay,
    Tag,
    TagSide,
    Tender,
    Tier,
)
from clubs.models import Partner
from loyalty.demo import pictures
from loyalty.demo.offering import Desk, Dish, Place, make_card, make_reward
from loyalty.rules.terms import (
    CalculationOn,
    ConflictMethod,
    CriteriaGroup,
    CustomerType,
    ExpiryMethod,
    ExpiryOverride,
    MilestoneKind,
    PlanType,
    ReferralBeneficiary,
    ReferralEvent,
    SpecialWindow,
    Unit,
)

GROUPS = {"MAINS": "Main courses", "SWEETS": "Sweets", "DRINKS": "Drinks", "GIFTS": "Gift cards"}
# Code, name, group, price in cents, how often it is chosen.
DISHES = (
    ("PIZZA", "Pizza of the day", "MAINS", 1350, 6),
    ("PASTA", "Fresh pasta", "MAINS", 1420, 5),
    ("RISOTTO", "Risotto", "MAINS", 1680, 3),
    ("CAKE", "Lemon cake", "SWEETS", 580, 3),
    ("GELATO", "Three scoops of gelato", "SWEETS", 490, 4),
    ("LEMONADE", "House lemonade", "DRINKS", 420, 6),
    ("WINE", "A glass of wine", "DRINKS", 560, 5),
    ("ESPRESSO", "Espresso", "DRINKS", 210, 6),
    ("GIFTCARD", "Gift card", "GIFTS", 2500, 1),
)
TENDERS = (
    ("CASH", "Cash", False),
    ("CARD", "Bank card", False),
    ("MEAL", "Meal card", False),
    ("POINTS", "Points", True),
    ("CREDIT", "Credit", True),
)
STUDENTS = "STUDENTS"
HAPPY_WEEKDAYS = (1, 2, 3)
HAPPY_FROM, HAPPY_UNTIL = time(15), time(18)
FOUNDERS_DAY = "FOUNDERS"


def make_masters(partner: Partner) -> CustomerGroup:
    """Make what the business shares with its tills, and return the group of the students."""
    groups = {
        code: ProductGroup.objects.create(partner=partner, code=code, name=name)
        for code, name in GROUPS.items()
    }
    for code, name, group, _, _ in DISHES:
        Product.objects.create(partner=partner, code=code, name=name, group=groups[group])
    for code, name, is_loyalty in TENDERS:
        Tender.objects.create(partner=partner, code=code, name=name, is_loyalty_tender=is_loyalty)
    for name, side, colour in (
        ("Guest of the house", TagSide.SALE, "#0f6e4f"),
        ("Grower", TagSide.BUY, "#3f6b12"),
        ("Buys and sells", TagSide.EACH, "#7a2438"),
    ):
        Tag.objects.create(partner=partner, name=name, colour=colour, applies_on=side)
    return CustomerGroup.objects.create(partner=partner, code=STUDENTS, name="Students")


def kitchen(place: Place, opened_at: datetime) -> Desk:
    """Make the chain's card with plans, tiers, expiry, referral and milestones."""
    words = (
        "Corner Kitchen Club",
        "One club for both our kitchens: eat, bring friends, pay with points.",
        "A point for every euro, 15 for a pizza, more in your birthday week and on Founders' Day."
        " Points pay part of any bill: one to two cents each, by tier. Check in at the door for"
        " two points. Bring a friend, and both of you get 40.",
    )
    card = make_card(
        place.club,
        opened_at,
        words,
        code="KITCHEN",
        name="Corner Kitchen Club",
        uses_plans=True,
        welcome_points=15,
        conflict_method=ConflictMethod.MAXIMUM,
        special_window=SpecialWindow.WEEK,
        max_points_day=600,
        base_rate=Decimal("0.01"),
        base_redemption_percent=Decimal(25),
        expiry_days=365,
        expiry_override=ExpiryOverride.BY_HAND,
        expiry_override_days=30,
        has_referrals=True,
        only_head_redeems=False,
        number_prefix="CK",
        number_has_check_digit=True,
        colour="#8a3b12",
        icon="fork",
        company_name="Corner Kitchens Ltd",
        website="https://kitchens.example",
    )
    dessert = make_reward(
        card,
        "DESSERT",
        "A dessert of your choice",
        60,
        pictures.fruit,
        description="Lemon cake or three scoops, as you like.",
    )
    dinner = make_reward(
        card,
        "DINNER",
        "Dinner for two",
        450,
        pictures.breakfast,
        description="Two main courses, two drinks, one dessert to share.",
        per_member=3,
    )
    _tiers(card, dinner)
    _plans(card, opened_at.astimezone(card.partner.zone()).date())
    _beside_purchases(card, dessert, opened_at)
    return Desk(
        card=card,
        place=place,
        stores=place.stores,
        rewards=(dessert, dinner),
        least=0,
        most=0,
        every_days=34,
        menu=tuple(
            Dish(product=code, group=group, price_minor=price, weight=weight)
            for code, _, group, price, weight in DISHES
        ),
    )


def _tiers(card: Card, gift: Reward) -> None:
    for code, name, least, times, rate, percent, reward in (
        ("GUEST", "Guest", 0, "1.00", "0.01", 25, None),
        ("FRIEND", "Friend", 200, "1.25", "0.015", 35, None),
        ("FAMILY", "Family", 700, "1.50", "0.02", 50, gift),
    ):
        Tier.objects.create(
            partner=card.partner,
            card=card,
            code=code,
            name=name,
            min_value=least,
            multiplier=Decimal(times),
            rate=Decimal(rate),
            redemption_percent=Decimal(percent),
            entry_reward=reward,
        )


def _plans(card: Card, start: date) -> None:
    every_day = _plan(card, "EVERYDAY", "Every day", start)
    _amount(every_day, 100, 1)
    pizza = Product.objects.get(partner=card.partner, code="PIZZA")
    _line(
        every_day,
        group=CriteriaGroup.ITEM,
        product=pizza,
        basis="QUANTITY",
        value_pieces=Decimal(1),
        award_points=15,
    )
    _amount(every_day, 100, 2, group=CriteriaGroup.ITEM_GROUP, product_group=_group(card, "SWEETS"))
    # Paid with the bank card from 40.00 on: two points for each full 10.00 of it.
    card_tender = Tender.objects.get(partner=card.partner, code="CARD")
    _amount(
        every_day,
        1000,
        2,
        group=CriteriaGroup.BILL_VALUE,
        least_minor=4000,
        tender=card_tender,
    )
    _line(
        every_day,
        must_process=True,
        group=CriteriaGroup.BILL_VALUE,
        least_minor=6000,
        calculation_on=CalculationOn.AT_LEAST,
        value_minor=6000,
        award_points=10,
    )
    _line(
        every_day,
        transaction_count=3,
        calculation_on=CalculationOn.AT_LEAST,
        value_minor=1500,
        award_points=10,
    )
    _line(every_day, value_minor=2000, unit=Unit.CREDIT, award_minor=50)
    students = CustomerGroup.objects.get(partner=card.partner, code=STUDENTS)
    _amount(every_day, 200, 1, customer_type=CustomerType.GROUP, customer_group=students)
    birthday = _plan(card, "BIRTHDAY", "Birthday week", start, type=PlanType.CUSTOMER_DAYS)
    _amount(birthday, 100, 3)
    founders = _plan(card, "FOUNDERS", "Founders' Day", start, type=PlanType.SPECIAL_DAYS)
    _amount(founders, 100, 4)
    for plan in (every_day, birthday, founders):
        _line(
            plan,
            is_exempt=True,
            group=CriteriaGroup.ITEM_GROUP,
            product_group=_group(card, "GIFTS"),
        )


def open_happy_hour(desk: Desk, at: datetime, by_id: int) -> None:
    """Add the happy hour at the second store to the rules, and publish them anew."""
    card = desk.card
    plan = _plan(
        card, "HAPPY", "Happy hour at the station", at.astimezone(card.partner.zone()).date()
    )
    for weekday in HAPPY_WEEKDAYS:
        PlanHours.objects.create(
            plan=plan,
            store=desk.stores[-1],
            weekday=weekday,
            start_time=HAPPY_FROM,
            end_time=HAPPY_UNTIL,
        )
    _amount(plan, 100, 2)
    _amount(plan, 100, 5, group=CriteriaGroup.ITEM_GROUP, product_group=_group(card, "DRINKS"))
    _line(plan, is_exempt=True, group=CriteriaGroup.ITEM_GROUP, product_group=_group(card, "GIFTS"))
    terms.publish(card=card, at=at, by_id=by_id)


def _plan(card: Card, code: str, name: str, start: date, **extra: Any) -> Plan:
    return Plan.objects.create(
        partner=card.partner, card=card, code=code, name=name, start_date=start, **extra
    )


def _line(plan: Plan, **fields: Any) -> PlanLine:
    return PlanLine.objects.create(plan=plan, position=plan.lines.count(), **fields)


def _amount(plan: Plan, step_minor: int, points: int, **fields: Any) -> PlanLine:
    """Add a line that gives points on each full step of an amount."""
    return _line(plan, value_minor=step_minor, award_points=points, **fields)


def _group(card: Card, code: str) -> ProductGroup:
    return ProductGroup.objects.get(partner=card.partner, code=code)


def _beside_purchases(card: Card, dessert: Reward, opened_at: datetime) -> None:
    own: dict[str, Any] = {"partner": card.partner, "card": card}
    SpecialDay.objects.create(
        **own, code=FOUNDERS_DAY, name="Founders' Day", day=founders_day(opened_at), is_yearly=True
    )
    guest = card.tiers.get(code="GUEST")
    ExpiryRule.objects.create(
        **own, method=ExpiryMethod.SLIDING, unit=Unit.POINTS, days=150, tier=guest
    )
    for event, least, points, to in (
        (ReferralEvent.REGISTRATION, None, 10, ReferralBeneficiary.REFERRER),
        (ReferralEvent.FIRST_PURCHASE, None, 40, ReferralBeneficiary.BOTH),
        (ReferralEvent.THRESHOLD_POINTS, 250, 60, ReferralBeneficiary.REFERRER),
    ):
        ReferralRule.objects.create(
            **own, event=event, threshold_points=least, points=points, beneficiary=to
        )
    milestone: dict[str, Any] = {**own, "is_repeated": True}
    MilestoneRule.objects.create(**milestone, kind=MilestoneKind.VISITS, count=5, points=25)
    MilestoneRule.objects.create(**milestone, kind=MilestoneKind.CHECK_IN, points=2)
    MilestoneRule.objects.create(**milestone, kind=MilestoneKind.BIRTHDAY, reward=dessert)


def founders_day(opened_at: datetime) -> date:
    """Return the day that the chain celebrates, some seven months after the demo opens."""
    return (opened_at + timedelta(days=215)).date()
