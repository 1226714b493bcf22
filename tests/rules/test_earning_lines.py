"""What a line looks at: the most specific first, what it names, and for whom it is."""

import pytest

from loyalty.rules.terms import CustomerType
from tests.rules.shop import (
    CAKE,
    CIGARETTES,
    COFFEE,
    EXEMPT_TOBACCO,
    FROM_TWENTY,
    PER_COFFEE,
    PER_TEN,
    a_bill,
    a_line,
    a_plan,
    bill_quantity,
    bill_value,
    bought,
    by_pieces,
    item,
    item_group,
    points,
    some_terms,
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
