"""What holds for every bill and every set of rules: exactness, order, splitting, explanations."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.awards import award
from loyalty.rules.baskets import Basket, BasketLine, Payment, Window
from loyalty.rules.conflicts import resolve
from loyalty.rules.explanations import Reason, steps_as_data, steps_from_data
from loyalty.rules.plans import Outcome
from loyalty.rules.rounding import Rounding
from loyalty.rules.shares import split
from loyalty.rules.terms import (
    AwardCriteria,
    Basis,
    CalculationOn,
    ConflictBasis,
    ConflictMethod,
    CriteriaGroup,
    CustomerType,
    Line,
    LoyaltyTender,
    Plan,
    PlanType,
    SpecialDay,
    TierTerms,
    TransactionCriteria,
    Unit,
)
from loyalty.rules.tried import tried
from tests.rules.shop import a_bill, a_line, a_plan, item, some_facts, some_terms

CODES = st.sampled_from(["A", "B", "C"])
SMALL = st.decimals(min_value="0.5", max_value=5, places=1)


@st.composite
def lines(draw, key):
    """Any line that the forms let through."""
    group = draw(st.sampled_from(CriteriaGroup))
    kind = draw(st.sampled_from(["ordinary", "ordinary", "ordinary", "must process", "exempt"]))
    customer = draw(st.sampled_from(CustomerType))
    return Line(
        key=key,
        is_exempt=kind == "exempt",
        must_process=kind == "must process",
        customer_type=customer,
        customer_code="" if customer == CustomerType.ALL else draw(CODES),
        tier_id=draw(st.sampled_from([None, None, 1, 2])),
        group=group,
        criteria_code=draw(CODES),
        criteria_least=draw(
            st.sampled_from([Decimal(0), Decimal(2), Decimal("2.5"), Decimal(900)])
        ),
        transaction_criteria=draw(st.sampled_from(TransactionCriteria)),
        transaction_count=draw(st.integers(1, 3)),
        basis=draw(st.sampled_from(Basis)),
        calculation_on=draw(st.sampled_from(CalculationOn)),
        value=draw(st.sampled_from([Decimal("0.5"), Decimal(1), Decimal(100), Decimal(250)])),
        tender=draw(st.sampled_from(["", "", "CARD", "POINTS"])),
        unit=draw(st.sampled_from(Unit)),
        award=draw(st.integers(1, 20)),
    )


@st.composite
def plans(draw, place):
    count = draw(st.integers(0, 6))
    return Plan(
        code=f"P{place}",
        type=draw(st.sampled_from(PlanType)),
        conflict_method=draw(st.sampled_from(ConflictMethod)),
        lines=tuple(draw(lines(place * 10 + number)) for number in range(count)),
    )


TIERS = tuple(
    TierTerms(tier_id=tier_id, name=f"T{tier_id}", min_value=0, multiplier=Decimal(multiplier))
    for tier_id, multiplier in ((1, "1.25"), (2, "0.5"))
)


@st.composite
def cards(draw):
    return some_terms(
        *(draw(plans(place)) for place in range(draw(st.integers(0, 3)))),
        conflict_basis=draw(st.sampled_from(ConflictBasis)),
        conflict_method=draw(st.sampled_from(ConflictMethod)),
        award_criteria=draw(st.sampled_from(AwardCriteria)),
        loyalty_tender=draw(st.sampled_from(LoyaltyTender)),
        rounding=draw(st.sampled_from(Rounding)),
        max_points=draw(st.sampled_from([50, 10**9])),
        special_days=(SpecialDay(code="TODAY", day=date(2026, 5, 14)),),
        tiers=TIERS,
    )


@st.composite
def bills(draw):
    items = tuple(
        BasketLine(
            product=draw(st.sampled_from(["", "A", "B", "X"])),
            group=draw(st.sampled_from(["", "A", "B", "X"])),
            quantity=draw(SMALL),
            amount_minor=draw(st.integers(0, 2000)),
        )
        for _ in range(draw(st.integers(0, 4)))
    )
    amount = sum(each.amount_minor for each in items) if items else draw(st.integers(0, 5000))
    burnt, carded = (draw(st.sampled_from([0, 0, amount // 3, amount])) for _ in range(2))
    return Basket(
        amount_minor=amount,
        lines=items,
        payments=(
            Payment(tender="POINTS", amount_minor=burnt, is_loyalty=True),
            Payment(tender="CARD", amount_minor=carded),
        ),
    )


@st.composite
def members(draw):
    return some_facts(
        member=draw(CODES),
        customer_groups=draw(st.frozensets(CODES)),
        tier_id=draw(st.sampled_from([None, 1, 2, 3])),
        is_customer_day=draw(st.booleans()),
        ordinals=draw(st.dictionaries(st.integers(0, 26), st.integers(0, 3))),
        windows={
            key: Window(basis=basis, given=given_before)
            for key, basis, given_before in draw(
                st.lists(st.tuples(st.integers(0, 26), SMALL, st.integers(0, 9)))
            )
        },
    )


def any_order(card, random):
    """The same rules, typed in another order."""
    shuffled = [
        replace(plan, lines=tuple(random.sample(plan.lines, len(plan.lines))))
        for plan in random.sample(card.plans, len(card.plans))
    ]
    return replace(card, plans=tuple(shuffled))


@given(cards(), bills(), members(), st.randoms(use_true_random=False))
def test_the_order_in_which_rules_were_typed_changes_nothing(card, bill, member, random):
    other = any_order(card, random)

    assert award(basket=bill, terms=other, facts=member) == award(
        basket=bill, terms=card, facts=member
    )


@given(cards(), bills(), members(), st.randoms(use_true_random=False))
def test_the_order_of_a_bills_lines_changes_no_award(card, bill, member, random):
    order = random.sample(range(len(bill.lines)), len(bill.lines))
    # What was paid with points leaves cents to one line or another, and with it a step.
    card = replace(card, loyalty_tender=LoyaltyTender.FULL)
    turned = replace(bill, lines=tuple(bill.lines[at] for at in order))

    one, other = (award(basket=each, terms=card, facts=member) for each in (bill, turned))

    assert (one.points, one.credit_minor, one.matches) == (
        other.points,
        other.credit_minor,
        other.matches,
    )


@pytest.mark.req("IV3.20")
@given(cards(), bills(), members())
def test_shares_sum_to_the_award_and_name_only_what_is_on_the_bill(card, bill, member):
    found = award(basket=bill, terms=card, facts=member)

    assert sum(share.points for share in found.shares) == found.points
    assert sum(share.credit_minor for share in found.shares) == found.credit_minor
    assert {share.index for share in found.shares} <= {None, *range(len(bill.lines))}
    assert all(share.points >= 0 and share.credit_minor >= 0 for share in found.shares)


@given(cards(), bills(), members())
def test_the_last_step_tells_the_award_and_steps_survive_being_stored(card, bill, member):
    found = award(basket=bill, terms=card, facts=member)
    last = found.steps[-1]

    assert steps_from_data(steps_as_data(found.steps)) == found.steps
    if last.reason in {Reason.TIER, Reason.ROUNDING, Reason.CAP}:
        assert (last.points, last.credit_minor) == (found.points, found.credit_minor)


@given(cards(), bills(), members())
def test_the_rule_tester_never_disagrees_with_the_award(card, bill, member):
    found = award(basket=bill, terms=card, facts=member)
    rows = tried(basket=bill, terms=card, facts=member)
    took_part = {row.key for row in rows if row.outcome in {Outcome.TOOK_PART, *HISTORY}}

    assert [row.key for row in rows if row.key is not None] == sorted(
        line.key for plan in card.plans for line in plan.lines
    )
    assert {match.key for match in found.matches} <= took_part
    if found.steps[0].reason != Reason.LOYALTY_TENDER:
        counted = {row.key for row in rows if row.key is not None and row.key in took_part}
        assert set(keys_of(found.steps)) == counted


HISTORY = {Outcome.NOT_THIS_TIME, Outcome.PAID_WITH_LOYALTY}


def keys_of(steps):
    """Return the keys of the lines that an explanation names."""
    for step in steps:
        yield from (int(value) for name, value in step.facts if name == "key")
        yield from keys_of(step.children)


@pytest.mark.req("IV3.17")
@given(cards(), bills(), members())
def test_the_least_the_average_the_most_and_the_sum_never_cross(card, bill, member):
    found = [
        award(
            basket=bill,
            terms=replace(card, conflict_method=method),
            facts=member,
        )
        for method in (
            ConflictMethod.MINIMUM,
            ConflictMethod.AVERAGE,
            ConflictMethod.MAXIMUM,
            ConflictMethod.SUM,
        )
    ]

    for each in ([one.points for one in found], [one.credit_minor for one in found]):
        assert each == sorted(each)


@given(st.lists(st.integers(1, 999) | st.fractions(1, 999), min_size=1))
def test_a_resolution_is_the_sum_of_what_it_took_in_equal_parts(values):
    for method in ConflictMethod:
        found = resolve(values, method)

        assert Fraction(sum(values[at] for at in found.taken)) / found.parts == found.value


AMOUNTS = st.integers(0, 1_000_000)


@pytest.mark.req("IV8.16", "R7.3")
@given(AMOUNTS, AMOUNTS, st.integers(1, 5000), st.decimals("0.01", "9.99", places=2))
def test_splitting_a_purchase_never_earns_more_than_the_whole(one, other, step, multiplier):
    tier = TierTerms(tier_id=1, name="T", min_value=0, multiplier=multiplier)
    terms = some_terms(a_plan(a_line(award=3, value=Decimal(step) / 100)), tiers=(tier,))

    def points(amount):
        bill = Basket(amount_minor=amount)
        return award(basket=bill, terms=terms, facts=some_facts(tier_id=1)).points

    assert points(one) + points(other) <= points(one + other)


@given(AMOUNTS, st.integers(1, 5000), st.sampled_from(Rounding), st.sampled_from(Unit))
def test_the_missing_amount_is_the_smallest_that_earns_more(amount, step, mode, unit):
    line = a_line(value=Decimal(step) / 100, unit=unit)
    terms = some_terms(a_plan(line), rounding=mode)

    def earned(amount_minor):
        return award(basket=Basket(amount_minor=amount_minor), terms=terms, facts=some_facts())

    found = earned(amount)
    sums = [
        earned(amount + found.missing_minor - gap).points
        + earned(amount + found.missing_minor - gap).credit_minor
        for gap in (0, 1)
    ]

    assert sums == [found.points + found.credit_minor + 1, found.points + found.credit_minor]


@pytest.mark.req("IV8.12", "IV3.13")
@given(st.integers(0, 5000), st.sampled_from(AwardCriteria), st.sampled_from(LoyaltyTender))
def test_a_purchase_that_earns_nothing_still_gives_its_matches(amount, criteria, method):
    line = a_line(key=7, value="1000", transaction_count=3)
    terms = some_terms(a_plan(line), award_criteria=criteria, loyalty_tender=method)
    bill = Basket(
        amount_minor=amount,
        payments=(Payment(tender="POINTS", amount_minor=amount // 2, is_loyalty=True),),
    )

    found = award(basket=bill, terms=terms, facts=some_facts())

    assert (found.points, [match.key for match in found.matches]) == (0, [7])


@given(st.lists(st.integers(1, 400), min_size=1, max_size=8), st.integers(1, 300))
def test_purchases_that_count_together_earn_what_one_would(amounts, step):
    line = a_line(key=7, value=Decimal(step) / 100, award=3)
    terms = some_terms(a_plan(line), award_criteria=AwardCriteria.CUMULATIVE)
    window, total = Window(), 0

    for amount in amounts:
        facts = some_facts(windows={7: window})
        found = award(basket=Basket(amount_minor=amount), terms=terms, facts=facts)
        (match,) = found.matches
        window = Window(basis=window.basis + match.basis, given=window.given + match.points)
        total += found.points

    assert total == sum(amounts) // step * 3


@given(
    st.integers(0, 10**6),
    st.lists(st.integers(0, 10**4), min_size=1).filter(any),
)
def test_parts_sum_to_the_whole_and_each_is_at_most_one_off(whole, weights):
    parts = split(whole, weights)

    assert sum(parts) == whole
    assert all(
        abs(part - Fraction(whole * weight, sum(weights))) < 1
        for part, weight in zip(parts, weights, strict=True)
    )


@given(bills(), members(), st.sampled_from(["A", "B", "Z"]))
def test_a_line_that_names_a_product_sees_what_the_bill_holds_of_it(bill, member, code):
    card = some_terms(a_plan(a_line(value="0.01", **item(code))), loyalty_tender=LoyaltyTender.FULL)

    found = award(basket=bill, terms=card, facts=replace(member, tier_id=None))

    held = (line.amount_minor for line in bill.lines if line.product == code)
    assert found.points == sum(held)


@given(AMOUNTS)
def test_a_bill_of_one_line_earns_what_its_amount_does(amount):
    terms = some_terms(a_plan(a_line()))
    whole = a_bill(BasketLine(amount_minor=amount))

    found = [
        award(basket=bill, terms=terms, facts=some_facts()).points
        for bill in (whole, Basket(amount_minor=amount))
    ]

    assert found[0] == found[1]
