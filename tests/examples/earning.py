"""The worked examples on what a bill earns, computed by the engine."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from loyalty.rules.awards import award
from loyalty.rules.baskets import Window
from loyalty.rules.conflicts import resolve
from loyalty.rules.explanations import Reason
from loyalty.rules.rounding import Rounding, whole_of_ratio
from loyalty.rules.terms import (
    AwardCriteria,
    CalculationOn,
    ConflictMethod,
    LoyaltyTender,
    TierTerms,
    TransactionCriteria,
)
from tests.examples.page import Rows, example, money, yes
from tests.rules.shop import (
    CREDIT,
    a_bill,
    a_line,
    a_plan,
    bill_value,
    bought,
    by_pieces,
    earned,
    item,
    item_group,
    minor,
    points,
    some_facts,
    some_terms,
)

ONCE = CalculationOn.AT_LEAST
METHODS = (
    ConflictMethod.MINIMUM,
    ConflictMethod.MAXIMUM,
    ConflictMethod.SUM,
    ConflictMethod.AVERAGE,
)


@example("steps")
def _steps(rows: Rows) -> Rows:
    cards = [
        some_terms(a_plan(line))
        for line in (
            a_line(value="1.00", award=1),
            a_line(value="2.50", award=3),
            a_line(value="10.00", award=5, calculation_on=ONCE),
        )
    ]
    return [[bill, *(str(points(a_bill(bill), card)) for card in cards)] for bill, *_ in rows]


# Espresso for two, a pizza, a cake, and a gift card.
DINNER = a_bill(
    bought("4.20", "ESPRESSO", "DRINKS", "2"),
    bought("13.50", "PIZZA", "MAINS"),
    bought("5.80", "CAKE", "SWEETS"),
    bought("25.00", "GIFTCARD", "GIFTS"),
)
EVERY_DAY = a_plan(
    a_line(is_exempt=True, **item_group("GIFTS")),
    by_pieces(award=15, **item("PIZZA")),
    a_line(award=2, **item_group("DRINKS")),
    a_line(award=1),
    a_line(value="20.00", award=50, **CREDIT),
    a_line(value="15.00", award=10, calculation_on=ONCE, must_process=True, **bill_value("15.00")),
)


@example("dinner")
def _dinner(rows: Rows) -> Rows:
    found = award(basket=DINNER, terms=some_terms(EVERY_DAY), facts=some_facts())
    plan, on_top = found.steps
    told = {
        step.facts_by_name["key"]: step for step in map(_Told, (*plan.children, *on_top.children))
    }
    lines = [told[str(line.key)] for line in EVERY_DAY.lines]
    computed = [[name, *line.cells] for (name, *_), line in zip(rows, lines, strict=False)]
    return [*computed, [rows[-1][0], "", f"{found.points} points", money(found.credit_minor)]]


class _Told:
    """A step of the explanation, as the page tells it."""

    def __init__(self, step):
        self.step = step
        self.facts_by_name = dict(step.facts)

    @property
    def cells(self) -> list[str]:
        if self.step.reason == Reason.EXEMPT:
            return ["", "", ""]
        seen = self.facts_by_name["seen"]
        by_piece = self.facts_by_name["basis"] == "QUANTITY"
        counted = f"{seen} piece" if by_piece else money(int(seen))
        points_, credit = self.step.points, self.step.credit_minor
        return [
            counted,
            f"{points_} points" if points_ else "",
            money(credit) if credit else "",
        ]


@example("turns")
def _turns(rows: Rows) -> Rows:
    cards = []
    for criteria in TransactionCriteria:
        line = a_line(transaction_criteria=criteria, transaction_count=3)
        cards.append((line.key, some_terms(a_plan(line))))
    return [
        [
            turn,
            *(
                yes(points(a_bill("5.00"), card, ordinals={key: int(turn) - 1}))
                for key, card in cards
            ),
        ]
        for turn, *_ in rows
    ]


@example("days together")
def _days_together(rows: Rows) -> Rows:
    line = a_line(value="50.00", award=10)
    card = some_terms(a_plan(line), award_criteria=AwardCriteria.CUMULATIVE, cumulative_days=14)
    seen: list[tuple[int, Decimal, int]] = []
    computed = []
    for day, spent, *_ in rows:
        held = [(basis, gave) for on, basis, gave in seen if int(day) - on < 14]
        window = Window(
            basis=sum((basis for basis, _ in held), Decimal(0)), given=sum(gave for _, gave in held)
        )
        gives = points(a_bill(spent), card, windows={line.key: window})
        basis = Decimal(minor(spent))
        seen.append((int(day), basis, gives))
        computed.append(
            [day, spent, money(int(window.basis + basis)), str(window.given), str(gives)]
        )
    return computed


@example("tender")
def _tender(rows: Rows) -> Rows:
    line = a_line(value="10.00", award=2, tender="CARD", **bill_value("50.00"))
    card = some_terms(a_plan(line))
    computed = []
    for bill, by_card, _ in rows:
        paid = [("CARD", by_card, False)]
        if rest := Decimal(bill) - Decimal(by_card):
            paid.append(("CASH", str(rest), False))
        computed.append([bill, by_card, str(points(a_bill(bill, paid=paid), card))])
    return computed


@example("plans")
def _plans(rows: Rows) -> Rows:
    return [
        [values, *(_plainly(resolve(_whole(values), method).value) for method in METHODS)]
        for values, *_ in rows
    ]


def _whole(values: str) -> list[int]:
    return [int(value) for value in values.split(",") if int(value)]


def _plainly(value: int | Fraction) -> str:
    return f"{float(value):g}"


@example("plans in two steps")
def _plans_in_two_steps(rows: Rows) -> Rows:
    computed = []
    for word, *_ in rows:
        method = METHODS[("least", "most", "sum", "average").index(word)]
        inside = resolve([4, 8], method).value
        results = [resolve([inside, 18], after).value for after in METHODS]
        computed.append([word, _plainly(inside), *map(_plainly, results)])
    return computed


@example("rounding")
def _rounding(rows: Rows) -> Rows:
    computed = []
    for gives, times, *_ in rows:
        top, bottom = (int(gives) * Decimal(times)).as_integer_ratio()
        computed.append(
            [
                gives,
                times,
                *(
                    str(whole_of_ratio(top, bottom, mode))
                    for mode in (Rounding.DOWN, Rounding.HALF_UP, Rounding.UP)
                ),
            ]
        )
    return computed


@example("paid with points")
def _paid_with_points(rows: Rows) -> Rows:
    bill = a_bill("40.00", paid=[("POINTS", "12.00", True), ("CASH", "28.00", False)])
    card = some_terms(a_plan(a_line()))
    ways = (LoyaltyTender.FULL, LoyaltyTender.REST, LoyaltyTender.NOTHING)
    return [
        [row[0], str(points(bill, replace(card, loyalty_tender=way)))]
        for row, way in zip(rows, ways, strict=True)
    ]


@example("limits")
def _limits(rows: Rows) -> Rows:
    card = some_terms(a_plan(a_line()), max_points=100, max_points_day=150, min_amount_minor=500)
    return [
        [bill, today, str(points(a_bill(bill), card, points_today=int(today)))]
        for bill, today, _ in rows
    ]


@example("a friend's evening")
def _evening(rows: Rows) -> Rows:
    """Two plans and a tier: what is left after each stage."""
    friend = TierTerms(tier_id=1, name="Friend", min_value=200, multiplier=Decimal("1.25"))
    happy = a_plan(
        a_line(is_exempt=True, **item_group("GIFTS")),
        a_line(award=5, **item_group("DRINKS")),
        a_line(award=2),
        code="HAPPY",
    )
    card = some_terms(EVERY_DAY, happy, tiers=(friend,))
    alone = [earned(DINNER, some_terms(plan))[0] for plan in (EVERY_DAY, happy)]
    found = award(basket=DINNER, terms=card, facts=some_facts(tier_id=1))
    on_top = next(step for step in found.steps if step.reason == Reason.MUST_PROCESS).points
    best = next(step for step in found.steps if step.reason == Reason.CONFLICT).points
    stages = [alone[0] - on_top, alone[1], best, best + on_top, found.points]
    return [[row[0], str(stage)] for row, stage in zip(rows, stages, strict=True)]
