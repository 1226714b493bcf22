"""What a bill earns, as tables: lines, criteria, exemptions, conflicts, tenders, limits."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from loyalty.rules.awards import (
    AmountTooLargeError,
    Award,
    BasketDoesNotSumError,
    Match,
    TooManyPointsError,
    award,
    entered,
)
from loyalty.rules.baskets import Window
from loyalty.rules.conflicts import Resolution, resolve
from loyalty.rules.explanations import Reason, Step
from loyalty.rules.rounding import Rounding, whole_of_ratio
from loyalty.rules.shares import Share, split
from loyalty.rules.terms import (
    AwardCriteria,
    CalculationOn,
    ConflictBasis,
    ConflictMethod,
    CustomerType,
    Direction,
    LoyaltyTender,
    TierTerms,
    TransactionCriteria,
)
from tests.rules.shop import (
    CAKE,
    CIGARETTES,
    COFFEE,
    CREDIT,
    a_bill,
    a_line,
    a_plan,
    bill_quantity,
    bill_value,
    bought,
    by_pieces,
    earned,
    item,
    item_group,
    points,
    some_facts,
    some_terms,
)


def a_tier(multiplier="1", tier_id=1, name="Silver"):
    return TierTerms(tier_id=tier_id, name=name, min_value=0, multiplier=Decimal(multiplier))


# Rules 1: value 100, award 10.
CALCULATION_TABLE = [
    # spent, every, greater or equal
    ("0", 0, 0),
    ("99.99", 0, 0),
    ("100", 10, 10),
    ("250", 20, 10),
    ("3400", 340, 10),
    ("3499.99", 340, 10),
]


@pytest.mark.req("R7.3", "IV8.16", "IV8.17", "IV8.20", "FA1")
@pytest.mark.parametrize(("spent", "every", "at_least"), CALCULATION_TABLE)
def test_each_full_step_earns_or_the_threshold_once(spent, every, at_least):
    lines = [a_line(value="100", award=10, calculation_on=way) for way in CalculationOn]

    assert [points(a_bill(spent), some_terms(a_plan(line))) for line in lines] == [every, at_least]


# Rules 2: n = 3, one column for each of the member's matching purchases.
TURN_TABLE = [
    # criteria, the purchases k = 1 to 7 that earn
    (TransactionCriteria.EVERY, [3, 6]),
    (TransactionCriteria.EQUAL, [3]),
    (TransactionCriteria.GREATER, [4, 5, 6, 7]),
]


@pytest.mark.req("IV8.12", "IV8.13")
@pytest.mark.parametrize(("criteria", "earning"), TURN_TABLE)
def test_a_line_earns_at_the_purchases_it_counts_to(criteria, earning):
    line = a_line(key=7, award=1, transaction_criteria=criteria, transaction_count=3)
    terms = some_terms(a_plan(line))

    found = [
        k
        for k in range(1, 8)
        if points(a_bill("5.00"), terms, ordinals={7: k - 1} if k > 1 else {})
    ]

    assert found == earning


@pytest.mark.req("IV8.12")
def test_a_purchase_that_earns_nothing_still_counts_for_the_ordinal():
    line = a_line(key=7, transaction_count=3)

    found = award(basket=a_bill("5.00"), terms=some_terms(a_plan(line)), facts=some_facts())

    assert found == Award(
        points=0,
        steps=(
            Step(
                reason=Reason.NOT_THIS_TIME,
                facts=(
                    ("key", "7"),
                    ("unit", "POINTS"),
                    ("basis", "AMOUNT"),
                    ("value", "100"),
                    ("award", "1"),
                    ("seen", "500"),
                    ("count", "5"),
                    ("ordinal", "1"),
                    ("criteria", "EVERY"),
                    ("every", "3"),
                ),
            ),
        ),
        matches=(Match(key=7, basis=Decimal(500)),),
    )


# Rules 3: 30 days, every 100 gives 10; what the window holds before the purchase.
WINDOW_TABLE = [
    # spent, window before, given in it, every: now, at least: now
    ("60", "0", 0, 0, 0),
    ("60", "60", 0, 10, 10),
    ("90", "120", 10, 10, 0),
    ("50", "150", 20, 0, 0),
    ("60", "140", 10, 10, 0),
    ("240", "0", 0, 20, 10),
]


@pytest.mark.req("IV3.13")
@pytest.mark.parametrize(("spent", "before", "given", "every", "at_least"), WINDOW_TABLE)
def test_purchases_of_a_window_add_up_and_nothing_is_paid_twice(
    spent, before, given, every, at_least
):
    window = Window(basis=Decimal(before) * 100, given=given)
    lines = [a_line(key=7, value="100", award=10, calculation_on=way) for way in CalculationOn]

    found = [
        award(
            basket=a_bill(spent),
            terms=some_terms(a_plan(line), award_criteria=AwardCriteria.CUMULATIVE),
            facts=some_facts(windows={7: window}),
        )
        for line in lines
    ]

    assert [each.points for each in found] == [every, at_least]
    assert found[0].matches == (Match(key=7, basis=Decimal(spent) * 100, points=every),)


@pytest.mark.req("IV3.13", "IV8.12", "IV8.13")
def test_the_transaction_count_says_nothing_where_purchases_count_together():
    line = a_line(key=7, transaction_count=3)
    terms = some_terms(a_plan(line), award_criteria=AwardCriteria.CUMULATIVE)

    found = award(basket=a_bill("5.50"), terms=terms, facts=some_facts())

    assert (found.points, found.missing_minor) == (5, 0)
    assert found.matches == (Match(key=7, basis=Decimal(550), points=5),)


@pytest.mark.req("IV3.13")
def test_a_window_of_pieces_and_credit_is_told_in_its_own_units():
    line = by_pieces(key=7, value="1.5", award=20, **CREDIT)
    terms = some_terms(a_plan(line), award_criteria=AwardCriteria.CUMULATIVE)
    window = Window(basis=Decimal("1.25"), given=0)

    found = award(
        basket=a_bill(bought("4.00", quantity="0.25")),
        terms=terms,
        facts=some_facts(windows={7: window}),
    )

    assert found.credit_minor == 20
    assert found.matches == (Match(key=7, basis=Decimal("0.25"), credit_minor=20),)
    assert dict(found.steps[0].facts) == {
        "key": "7",
        "unit": "CREDIT",
        "basis": "QUANTITY",
        "value": "1.5",
        "award": "20",
        "seen": "0.25",
        "count": "1",
        "lines": "0",
        "window": "1.25",
        "given": "0",
    }


# Rules 4: A exempts tobacco, B is for coffee, C for all, D must be processed.
EXEMPT_TOBACCO = a_line(is_exempt=True, **item_group("TOB"))
PER_COFFEE = by_pieces(award=5, **item("COF"))
PER_TEN = a_line(value="10")
FROM_TWENTY = a_line(
    value="20",
    award=3,
    calculation_on=CalculationOn.AT_LEAST,
    must_process=True,
    **bill_value("20"),
)
SPECIFICITY_TABLE = [
    # lines, earned
    ((EXEMPT_TOBACCO, PER_COFFEE, PER_TEN, FROM_TWENTY), 14),
    ((PER_COFFEE, PER_TEN, FROM_TWENTY), 15),
    ((EXEMPT_TOBACCO, PER_COFFEE, PER_TEN), 11),
    ((EXEMPT_TOBACCO, PER_TEN), 2),
    ((PER_TEN,), 3),
    ((EXEMPT_TOBACCO,), 0),
    # Exempt beats must process on the same item.
    ((EXEMPT_TOBACCO, a_line(must_process=True, **item("CIG"))), 0),
    # What must be processed claims nothing: the line for all still sees everything.
    ((a_line(must_process=True, value="1", **item("COF")), PER_TEN), 8 + 3),
    # A group claims before all, an item before its group.
    ((a_line(value="1", **item_group("FOOD")), PER_TEN), 12 + 1),
    ((a_line(value="1", award=100, **item_group("DRINK")), PER_COFFEE), 10),
    # Lines of the same kind add up.
    ((PER_TEN, a_line(value="15")), 3 + 2),
    # An exempt line for all takes the whole plan out, must process too.
    ((a_line(is_exempt=True), PER_TEN, FROM_TWENTY), 0),
    ((a_line(is_exempt=True, **bill_value("30")), PER_TEN), 0),
    ((a_line(is_exempt=True, **bill_value("30.01")), PER_TEN), 3),
    ((by_pieces(is_exempt=True, **bill_quantity("4")), PER_TEN), 0),
    ((by_pieces(is_exempt=True, **bill_quantity("4.5")), PER_TEN), 3),
]


@pytest.mark.req("IV8.1", "IV8.2", "IV8.7", "IV8.8", "IV8.9")
@pytest.mark.parametrize(("lines", "expected"), SPECIFICITY_TABLE)
def test_the_most_specific_line_claims_what_is_not_exempt(lines, expected):
    bill = a_bill(COFFEE, CAKE, CIGARETTES)

    assert points(bill, some_terms(a_plan(*lines))) == expected


@pytest.mark.req("IV8.8", "IV8.9")
def test_an_item_without_a_code_is_seen_by_no_line_that_names_one():
    lines = (a_line(award=50, **item("")), a_line(award=70, **item_group("")), a_line())

    assert points(a_bill("3.00"), some_terms(a_plan(*lines))) == 3


@pytest.mark.req("IV8.8", "IV8.12")
def test_a_line_claims_whether_or_not_it_is_its_turn():
    lines = (a_line(key=7, transaction_count=2, **item("COF")), a_line())

    found = [
        points(a_bill(COFFEE, CAKE), some_terms(a_plan(*lines)), ordinals={7: before})
        for before in (0, 1)
    ]

    assert found == [12, 12 + 8]


# Three coffees of 2.50 and a cake of 4.00: 11.50 and 4 pieces.
CRITERIA_TABLE = [
    # line, earned
    (a_line(), 11),
    (by_pieces(), 4),
    (by_pieces(value="2", award=3), 6),
    (a_line(**item("COF")), 7),
    (by_pieces(**item("COF")), 3),
    (a_line(**item("TEA")), 0),
    (a_line(**item_group("FOOD")), 4),
    (a_line(**bill_value("11.50")), 11),
    (a_line(**bill_value("11.51")), 0),
    (by_pieces(**bill_quantity("4")), 4),
    (by_pieces(**bill_quantity("5")), 0),
]


@pytest.mark.req("IV8.7", "IV8.8", "IV8.9", "IV8.10", "IV8.11", "IV8.14", "IV8.15")
@pytest.mark.parametrize(("line", "expected"), CRITERIA_TABLE)
def test_a_line_counts_what_it_names(line, expected):
    bill = a_bill(bought("7.50", "COF", "DRINK", "3"), bought("4.00", "CAKE", "FOOD"))

    assert points(bill, some_terms(a_plan(line))) == expected


@pytest.mark.req("IV8.14", "IV8.15")
def test_a_bill_line_counts_what_it_gates_on_whatever_its_basis_says():
    value, quantity = by_pieces(value="100", **bill_value("1")), a_line(**bill_quantity("1"))
    bill = a_bill(bought("7.00", quantity="300"))

    assert [points(bill, some_terms(a_plan(line))) for line in (value, quantity)] == [7, 3]


# A bill without lines is one unnamed amount, and one piece.
UNNAMED_TABLE = [
    # line, earned by 25.00
    (a_line(), 25),
    (by_pieces(), 1),
    (a_line(**bill_value("20")), 25),
    (by_pieces(**bill_quantity("1")), 1),
    (by_pieces(**bill_quantity("2")), 0),
    (a_line(**item("COF")), 0),
    (a_line(**item_group("FOOD")), 0),
]


@pytest.mark.parametrize(("line", "expected"), UNNAMED_TABLE)
def test_a_bill_without_lines_is_one_unnamed_amount(line, expected):
    assert points(a_bill("25.00"), some_terms(a_plan(line))) == expected


VIPS = {"customer_type": CustomerType.GROUP, "customer_code": "VIP"}
MIA = {"customer_type": CustomerType.CODE, "customer_code": "MIA"}
CUSTOMER_TABLE = [
    # lines, of Mia, of a VIP, of a VIP in Silver, of anyone
    ((a_line(),), 10, 10, 10, 10),
    ((a_line(**MIA),), 10, 0, 0, 0),
    ((a_line(**VIPS),), 0, 10, 10, 0),
    ((a_line(tier_id=1),), 0, 0, 10, 0),
    ((a_line(tier_id=1, **VIPS), a_line(award=2, **MIA)), 20, 0, 10, 0),
    # Another's line does not claim.
    ((a_line(**item("COF"), **MIA), a_line(award=3)), 10, 30, 30, 30),
    ((a_line(is_exempt=True, **VIPS), a_line()), 10, 0, 0, 10),
]


@pytest.mark.req("IV8.4", "IV8.5", "IV8.6")
@pytest.mark.parametrize(("lines", "of_mia", "of_vip", "of_silver", "of_anyone"), CUSTOMER_TABLE)
def test_a_line_is_for_whom_it_names(lines, of_mia, of_vip, of_silver, of_anyone):
    bill, terms = a_bill(bought("10.00", "COF")), some_terms(a_plan(*lines))
    vip = frozenset({"VIP", "NEIGHBOUR"})

    found = [
        points(bill, terms, member="MIA"),
        points(bill, terms, member="NOOR", customer_groups=vip, tier_id=2),
        points(bill, terms, customer_groups=vip, tier_id=1),
        points(bill, terms),
    ]

    assert found == [of_mia, of_vip, of_silver, of_anyone]


@pytest.mark.req("IV8.5")
def test_a_line_for_a_customer_without_a_code_is_for_nobody():
    line = a_line(customer_type=CustomerType.CODE)
    terms = some_terms(a_plan(line))

    assert [points(a_bill("1.00"), terms, member=code) for code in ("", "MIA", "")] == [0, 0, 0]


# Rules 5: plan A rows 10 and 30, plan B rows 20 and 50; rounded once, down.
LEAST, MOST, TOTAL, MEAN = ConflictMethod
GLOBAL, TWO_STEPS = ConflictBasis
CONFLICT_TABLE = [
    # basis, plan A, plan B, (minimum, maximum, sum, average)
    (GLOBAL, MOST, MEAN, (40, 70, 110, 55)),
    (TWO_STEPS, MOST, MEAN, (30, 35, 65, 32)),
    (TWO_STEPS, TOTAL, MEAN, (35, 40, 75, 37)),
    (TWO_STEPS, LEAST, MOST, (10, 50, 60, 30)),
    (TWO_STEPS, MEAN, LEAST, (20, 20, 40, 20)),
]


def two_plans(method_a=TOTAL, method_b=TOTAL, *more):
    one = a_plan(a_line(award=10), a_line(award=30), code="A", conflict_method=method_a)
    other = a_plan(a_line(award=20), a_line(award=50), *more, code="B", conflict_method=method_b)
    return one, other


@pytest.mark.req("IV3.16", "IV3.17", "IV7.1")
@pytest.mark.parametrize(("basis", "method_a", "method_b", "expected"), CONFLICT_TABLE)
def test_plans_in_conflict_give_what_the_card_says(basis, method_a, method_b, expected):
    plans = two_plans(method_a, method_b)
    found = [
        points(a_bill("1.00"), some_terms(*plans, conflict_basis=basis, conflict_method=method))
        for method in ConflictMethod
    ]

    assert tuple(found) == expected


@pytest.mark.req("IV8.2", "IV3.17")
def test_what_must_be_processed_is_added_to_the_best_plan():
    plans = two_plans(TOTAL, TOTAL, a_line(award=15, must_process=True))

    assert points(a_bill("1.00"), some_terms(*plans)) == 85


@pytest.mark.req("IV3.17")
@pytest.mark.parametrize("method", ConflictMethod)
def test_a_plan_that_gave_nothing_has_no_say(method):
    plans = (a_plan(a_line(award=8)), a_plan(a_line(value="50"), code="DEAR"))

    assert points(a_bill("1.00"), some_terms(*plans, conflict_method=method)) == 8


@pytest.mark.req("IV3.16")
@pytest.mark.parametrize("method", ConflictMethod)
def test_inside_a_plan_a_line_that_gave_nothing_has_no_say(method):
    plan = a_plan(a_line(award=8), a_line(value="50"), conflict_method=method)

    assert points(a_bill("1.00"), some_terms(plan, conflict_basis=TWO_STEPS)) == 8


@pytest.mark.req("IV8.19", "IV8.21")
def test_points_and_credit_are_resolved_each_by_itself():
    points_plan = a_plan(a_line(award=9), a_line(award=5, **CREDIT), code="A")
    credit_plan = a_plan(a_line(award=4), a_line(award=25, **CREDIT), code="B")

    assert earned(a_bill("2.00"), some_terms(points_plan, credit_plan)) == (18, 50)


@pytest.mark.req("IV8.8", "IV8.19", "IV8.21")
def test_an_item_claimed_for_points_still_counts_for_credit_elsewhere():
    plan = a_plan(a_line(award=9, **item("COF")), a_line(award=1), a_line(award=5, **CREDIT))

    assert earned(a_bill(COFFEE, CAKE), some_terms(plan)) == (8 * 9 + 12, 20 * 5)


RESOLUTION_TABLE = [
    # values, minimum, maximum, sum, average
    ([], 0, 0, 0, 0),
    ([7], 7, 7, 7, 7),
    ([4, 4], 4, 4, 8, 4),
    ([1, 2, 4], 1, 4, 7, Fraction(7, 3)),
    ([3, Fraction(5, 2)], Fraction(5, 2), 3, Fraction(11, 2), Fraction(11, 4)),
]


@pytest.mark.req("IV3.17")
@pytest.mark.parametrize(("values", "least", "most", "total", "mean"), RESOLUTION_TABLE)
def test_values_become_one_exactly(values, least, most, total, mean):
    found = [resolve(values, method).value for method in ConflictMethod]

    assert found == [least, most, total, mean]


def test_a_resolution_names_the_values_that_made_it():
    assert [resolve([4, 9, 9, 2], method) for method in ConflictMethod] == [
        Resolution(2, (3,), 1),
        Resolution(9, (1,), 1),
        Resolution(24, (0, 1, 2, 3), 1),
        Resolution(6, (0, 1, 2, 3), 4),
    ]


# Rules 9: bill value from 100, every 10 gives 1.
CARD_LINE = a_line(value="10", tender="CARD", **bill_value("100"))
TENDER_TABLE = [
    # bill, paid, earned
    ("120", (("CASH", "70", False), ("CARD", "50", False)), 5),
    ("120", (("CARD", "30", False), ("CARD", "30", False), ("CASH", "60", False)), 6),
    ("120", (("CARD", "150", False),), 12),
    ("99", (("CARD", "99", False),), 0),
    ("120", (("CASH", "120", False),), 0),
    ("120", (("CARD", "0", False),), 0),
    ("120", (), 0),
]


@pytest.mark.req("IV8.18")
@pytest.mark.parametrize(("bill", "paid", "expected"), TENDER_TABLE)
def test_a_tender_line_counts_what_was_paid_with_it(bill, paid, expected):
    assert points(a_bill(bill, paid=paid), some_terms(a_plan(CARD_LINE))) == expected


@pytest.mark.req("IV8.1", "IV8.18")
def test_a_plan_can_be_taken_out_for_what_was_paid_with_a_tender():
    lines = (a_line(is_exempt=True, tender="GIFT", **bill_value("0")), a_line())
    terms = some_terms(a_plan(*lines))

    found = [points(a_bill("9", paid=((code, "9", False),)), terms) for code in ("GIFT", "CASH")]

    assert found == [0, 9]


BURNT = (("POINTS", "30", True), ("CASH", "70", False))
LOYALTY_TABLE = [
    # line, full, rest, nothing
    (a_line(value="10"), 10, 7, 0),
    (a_line(value="10", **bill_value("100")), 10, 0, 0),
    (by_pieces(), 3, 3, 0),
    (a_line(value="10", **item("A")), 3, 2, 0),
    (a_line(value="10", tender="POINTS", **bill_value("50")), 3, 0, 0),
    (a_line(value="10", tender="CASH", **bill_value("50")), 7, 7, 0),
]


@pytest.mark.req("IV3.27")
@pytest.mark.parametrize(("line", "full", "rest", "nothing"), LOYALTY_TABLE)
def test_what_was_paid_with_points_earns_as_the_card_says(line, full, rest, nothing):
    lines = bought("33.33", "A"), bought("33.33", "B"), bought("33.34", "C")
    bill = a_bill(*lines, paid=BURNT)

    found = [
        points(bill, some_terms(a_plan(line), loyalty_tender=method)) for method in LoyaltyTender
    ]

    assert found == [full, rest, nothing]


@pytest.mark.req("IV3.27", "IV8.12")
def test_a_purchase_paid_with_points_counts_but_adds_nothing_where_it_earns_nothing():
    line = a_line(key=7, transaction_count=2)
    bill = a_bill("100", paid=BURNT)
    terms = some_terms(a_plan(line), loyalty_tender=LoyaltyTender.NOTHING)

    found = award(basket=bill, terms=terms, facts=some_facts(ordinals={7: 1}))

    facts = (("method", "NOTHING"), ("paid_minor", "3000"), ("rest_minor", "10000"))
    assert found == Award(
        points=0,
        steps=(Step(reason=Reason.LOYALTY_TENDER, facts=facts),),
        matches=(Match(key=7, basis=Decimal(0)),),
    )


@pytest.mark.req("IV3.27")
def test_more_paid_with_points_than_the_bill_leaves_nothing_to_earn_on():
    bill = a_bill("20", paid=(("POINTS", "25", True),))

    assert points(bill, some_terms(a_plan(a_line()))) == 0


@pytest.mark.req("FA1", "FA2")
def test_sales_and_buys_have_their_own_steps_and_without_one_a_buy_earns_nothing():
    sale = a_plan(a_line(value="1"), code="SALE")
    buy = a_plan(a_line(value="5"), code="BUY", direction=Direction.BUY)
    bills = [a_bill("20", direction=way) for way in Direction]

    assert [points(bill, some_terms(sale, buy)) for bill in bills] == [20, 4]
    assert points(bills[1], some_terms(sale)) == 0


TIER_TABLE = [
    # multiplier, down, half up, up: of 7 points and 5 minor units
    ("1.00", (7, 5), (7, 5), (7, 5)),
    ("1.50", (10, 7), (11, 8), (11, 8)),
    ("1.25", (8, 6), (9, 6), (9, 7)),
    ("0.50", (3, 2), (4, 3), (4, 3)),
]


@pytest.mark.req("R7.3", "IV6.7", "IV8.6")
@pytest.mark.parametrize(("multiplier", "down", "half_up", "up"), TIER_TABLE)
def test_a_tier_multiplies_both_units_and_the_cards_mode_rounds(multiplier, down, half_up, up):
    plan = a_plan(a_line(award=7), a_line(award=5, **CREDIT))
    tiers = (a_tier(multiplier),)

    found = [
        earned(a_bill("1.00"), some_terms(plan, tiers=tiers, rounding=mode), tier_id=1)
        for mode in Rounding
    ]

    assert found == [down, half_up, up]


def test_a_tier_that_the_rules_do_not_know_multiplies_nothing():
    terms = some_terms(a_plan(a_line()), tiers=(a_tier("2"),))

    assert [points(a_bill("3.00"), terms, tier_id=tier) for tier in (None, 9)] == [3, 3]


def test_an_average_times_a_tier_is_rounded_once():
    # 7 and 8 make 7.5; times 1.4 that is 10.5, and 9.8 if the average were rounded before.
    plans = (a_plan(a_line(award=7)), a_plan(a_line(award=8), code="B"))
    terms = some_terms(*plans, conflict_method=MEAN, tiers=(a_tier("1.4"),))

    assert points(a_bill("1.00"), terms, tier_id=1) == 10


WHOLE_TABLE = [
    # numerator, denominator, down, half up, up
    (0, 3, 0, 0, 0),
    (1, 3, 0, 0, 1),
    (1, 2, 0, 1, 1),
    (5, 3, 1, 2, 2),
    (6, 3, 2, 2, 2),
]


@pytest.mark.parametrize(("top", "bottom", "down", "half_up", "up"), WHOLE_TABLE)
def test_ratios_become_whole_in_the_named_mode(top, bottom, down, half_up, up):
    assert [whole_of_ratio(top, bottom, mode) for mode in Rounding] == [down, half_up, up]


CAP_TABLE = [
    # limits, awarded today before, points and credit of 50 and 30
    ({}, (0, 0), (50, 30)),
    ({"max_points": 49, "max_credit_minor": 30}, (0, 0), (49, 30)),
    ({"max_points": 50, "max_credit_minor": 29}, (0, 0), (50, 29)),
    ({"max_points_day": 60, "max_credit_day_minor": 31}, (9, 2), (50, 29)),
    ({"max_points_day": 60, "max_credit_day_minor": 31}, (11, 0), (49, 30)),
    ({"max_points_day": 60, "max_credit_day_minor": 31}, (70, 40), (0, 0)),
    ({"max_points": 40, "max_points_day": 60}, (30, 0), (30, 30)),
]


@pytest.mark.req("R9.2")
@pytest.mark.parametrize(("limits", "before", "expected"), CAP_TABLE)
def test_an_award_stays_within_the_limits_of_a_purchase_and_of_a_day(limits, before, expected):
    plan = a_plan(a_line(award=50), a_line(award=30, **CREDIT))
    today = {"points_today": before[0], "credit_today_minor": before[1]}

    assert earned(a_bill("1.00"), some_terms(plan, **limits), **today) == expected


MISSING_TABLE = [
    # changed terms, spent, earned, missing
    ({}, "9.70", 9, 30),
    ({"min_amount_minor": 500}, "4.99", 0, 1),
    ({"min_amount_minor": 500}, "5.00", 5, 100),
    ({"max_points": 9}, "9.70", 9, 0),
    ({"max_points_day": 0}, "9.70", 0, 0),
    ({"tiers": (a_tier("0.25"),)}, "1.50", 0, 250),
    ({"tiers": (a_tier("0.25"),), "rounding": Rounding.HALF_UP}, "1.50", 0, 50),
    ({"tiers": (a_tier("0.30"),)}, "1.50", 0, 250),
    ({"tiers": (a_tier("0.07"),)}, "1.50", 0, 1350),
    ({"tiers": (a_tier("0.07"),), "rounding": Rounding.UP}, "0.40", 0, 60),
    ({"tiers": (a_tier("0"),)}, "1.50", 0, 0),
]


@pytest.mark.req("R7.3")
@pytest.mark.parametrize(("changes", "spent", "expected", "missing"), MISSING_TABLE)
def test_what_is_missing_is_the_way_to_the_next_or_the_first_award(
    changes, spent, expected, missing
):
    terms = some_terms(a_plan(a_line()), **changes)

    found = award(basket=a_bill(spent), terms=terms, facts=some_facts(tier_id=1))

    assert (found.points, found.missing_minor) == (expected, missing)


def test_below_a_smallest_amount_that_is_less_than_a_step_the_step_is_missing():
    terms = some_terms(a_plan(a_line(value="50")), min_amount_minor=1000)

    found = award(basket=a_bill("9.99"), terms=terms, facts=some_facts())

    assert found == Award(
        points=0,
        steps=(Step(reason=Reason.BELOW_MINIMUM, facts=(("min_minor", "1000"),)),),
        missing_minor=4001,
    )


NOT_PLAIN_TABLE = [
    # lines of which nothing can be said
    (),
    (a_line(), a_line()),
    (a_line(), a_line(is_exempt=True, **item("CIG"))),
    (a_line(is_exempt=True, **item("CIG")),),
    (a_line(calculation_on=CalculationOn.AT_LEAST),),
    (a_line(transaction_count=2),),
    (a_line(**bill_value("1")),),
    (by_pieces(),),
]


@pytest.mark.parametrize("lines", NOT_PLAIN_TABLE)
@pytest.mark.parametrize("least", [0, 500])
def test_where_the_way_to_the_next_award_is_not_plain_none_is_told(lines, least):
    terms = some_terms(a_plan(*lines), min_amount_minor=least)

    found = award(basket=a_bill("1.50"), terms=terms, facts=some_facts())

    assert found.missing_minor == 0


@pytest.mark.parametrize("least", [0, 500])
def test_a_line_that_gives_nothing_promises_nothing(least):
    terms = some_terms(a_plan(a_line(award=0)), min_amount_minor=least)

    found = award(basket=a_bill("1.50"), terms=terms, facts=some_facts())

    assert (found.points, found.missing_minor) == (0, 0)


def test_credit_tells_what_is_missing_as_points_do():
    terms = some_terms(a_plan(a_line(value="2.50", award=5, **CREDIT)))

    found = award(basket=a_bill("6.00"), terms=terms, facts=some_facts())

    assert (found.credit_minor, found.missing_minor) == (10, 150)


def test_an_amount_above_the_largest_is_refused():
    with pytest.raises(AmountTooLargeError) as refused:
        award(
            basket=a_bill("1.01"),
            terms=some_terms(max_amount_minor=100),
            facts=some_facts(),
        )

    assert (refused.value.amount_minor, refused.value.most_minor) == (101, 100)


def test_a_bill_that_differs_from_its_lines_is_refused():
    bill = a_bill("30.00", lines=(COFFEE, CAKE))

    with pytest.raises(BasketDoesNotSumError) as refused:
        award(basket=bill, terms=some_terms(), facts=some_facts())

    assert (refused.value.amount_minor, refused.value.lines_minor) == (3000, 2000)


@pytest.mark.req("R9.2")
def test_entered_points_are_taken_as_they_are_up_to_the_cap():
    terms = some_terms(a_plan(a_line(), a_line()), max_points=50)

    found = entered(points=50, terms=terms)

    step = Step(reason=Reason.ENTERED, points=50, facts=(("skipped_lines", "2"),))
    assert found == Award(points=50, steps=(step,), shares=(Share(index=None, points=50),))
    with pytest.raises(TooManyPointsError) as refused:
        entered(points=51, terms=terms)
    assert (refused.value.points, refused.value.most) == (51, 50)


def test_returned_pieces_on_a_bill_take_nothing_away():
    lines = (bought("-5.00", "COF", quantity="-1"), bought("9.00", "CAKE"))
    plan = a_plan(a_line(key=1, **item("COF")), by_pieces(**item("COF")), a_line())

    found = award(basket=a_bill(*lines), terms=some_terms(plan), facts=some_facts())

    assert found.points == 9
    assert [step.points for step in found.steps[0].children] == [0, 0, 9]


@pytest.mark.req("R7.3")
def test_an_award_on_a_simple_card_is_told_whole():
    found = award(basket=a_bill("9.70"), terms=some_terms(a_plan(a_line())), facts=some_facts())

    assert replace(found, steps=()) == Award(
        points=9, missing_minor=30, shares=(Share(index=None, points=9),)
    )


# What each item brought, (item, points); None is the bill as a whole.
COFFEE_CAKE_SMOKE = (COFFEE, CAKE, CIGARETTES)
SHARES_TABLE = [
    # lines, shares
    ((EXEMPT_TOBACCO, PER_COFFEE, PER_TEN, FROM_TWENTY), [(0, 10), (1, 1), (None, 3)]),
    ((a_line(value="30", award=10),), [(0, 3), (1, 4), (2, 3)]),
    ((by_pieces(value="4", award=10),), [(0, 5), (1, 3), (2, 2)]),
    ((a_line(**bill_value("1")),), [(None, 30)]),
    ((a_line(**item("CAKE")), a_line(value="40")), [(1, 12)]),
]


@pytest.mark.req("IV3.20")
@pytest.mark.parametrize(("lines", "expected"), SHARES_TABLE)
def test_each_item_has_its_share_of_the_award(lines, expected):
    terms = some_terms(a_plan(*lines))

    found = award(basket=a_bill(*COFFEE_CAKE_SMOKE), terms=terms, facts=some_facts())

    assert [(share.index, share.points) for share in found.shares] == expected


SHARES_OF_PLANS_TABLE = [
    # method, what coffee and cake brought where plan A gives 8 for coffee and B 12 for cake
    (ConflictMethod.MINIMUM, [(0, 8)]),
    (ConflictMethod.MAXIMUM, [(1, 12)]),
    (ConflictMethod.SUM, [(0, 8), (1, 12)]),
    (ConflictMethod.AVERAGE, [(0, 4), (1, 6)]),
]


@pytest.mark.req("IV3.17", "IV3.20")
@pytest.mark.parametrize(("method", "expected"), SHARES_OF_PLANS_TABLE)
def test_only_the_plans_that_were_used_have_shares(method, expected):
    plans = (a_plan(a_line(**item("COF"))), a_plan(a_line(**item("CAKE")), code="Q"))
    terms = some_terms(*plans, conflict_method=method)

    found = award(basket=a_bill(COFFEE, CAKE), terms=terms, facts=some_facts())

    assert [(share.index, share.points) for share in found.shares] == expected


@pytest.mark.req("IV3.16", "IV3.20")
def test_a_line_of_an_averaged_plan_has_the_share_that_it_brought():
    averaged = a_plan(
        a_line(value="0.50", **item("COF")), a_line(**item("CAKE")), conflict_method=MEAN
    )
    plain = a_plan(a_line(**item("CIG")), code="Q")
    terms = some_terms(
        averaged, plain, conflict_basis=TWO_STEPS, conflict_method=ConflictMethod.SUM
    )

    found = award(basket=a_bill(*COFFEE_CAKE_SMOKE), terms=terms, facts=some_facts())

    assert [(share.index, share.points) for share in found.shares] == [(0, 8), (1, 6), (2, 10)]


@pytest.mark.req("IV3.20")
def test_shares_hold_both_units_and_sum_to_what_was_given_after_tier_and_limits():
    plan = a_plan(a_line(**item("COF")), a_line(award=2), a_line(award=3, **CREDIT, **item("CAKE")))
    terms = some_terms(plan, tiers=(a_tier("1.5"),), max_points=31)

    found = award(basket=a_bill(COFFEE, CAKE), terms=terms, facts=some_facts(tier_id=1))

    assert found.shares == (
        Share(index=0, points=8),
        Share(index=1, points=23, credit_minor=54),
    )


def test_an_award_that_only_earlier_purchases_explain_belongs_to_the_bill():
    line = a_line(key=7, **item_group("DRINK"))
    free = (bought("0", "COF", "DRINK"), bought("0", "TEA", "DRINK"))
    terms = some_terms(a_plan(line), award_criteria=AwardCriteria.CUMULATIVE)
    windows = {7: Window(basis=Decimal(300), given=1)}

    found = award(basket=a_bill(*free), terms=terms, facts=some_facts(windows=windows))

    assert found.shares == (Share(index=None, points=2),)


SPLIT_TABLE = [
    # whole, weights, parts
    (10, [1, 1, 1], [4, 3, 3]),
    (7, [10, 20, 30, 40], [1, 1, 2, 3]),
    (0, [3, 4], [0, 0]),
    (5, [0, 2], [0, 5]),
    (7000, [3333, 3333, 3334], [2333, 2333, 2334]),
    (80, [-50, 150], [-40, 120]),
]


@pytest.mark.parametrize(("whole", "weights", "parts"), SPLIT_TABLE)
def test_a_whole_splits_by_the_largest_remainder(whole, weights, parts):
    assert split(whole, weights) == parts
