"""Bills, lines and plans for the tests of the rules, in units and names of the worked examples."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from loyalty.rules.awards import award
from loyalty.rules.baskets import Basket, BasketLine, Facts, Payment
from loyalty.rules.terms import (
    Basis,
    CalculationOn,
    ConflictBasis,
    ConflictMethod,
    CriteriaGroup,
    Line,
    Plan,
    Terms,
    TierTerms,
    Unit,
)

THURSDAY_NOON = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)
_KEYS = count(1)


def minor(amount):
    return int(Decimal(amount) * 100)


def a_line(*, value="1.00", award=1, **changes):
    """A line that looks at amounts, with its step and its bill in money."""
    changes.setdefault("key", next(_KEYS))
    if "least" in changes:
        changes["criteria_least"] = Decimal(minor(changes.pop("least")))
    return Line(value=Decimal(value) * 100, award=award, **changes)


def by_pieces(*, value="1", award=1, **changes):
    """A line that looks at pieces."""
    changes.setdefault("key", next(_KEYS))
    if "least" in changes:
        changes["criteria_least"] = Decimal(changes.pop("least"))
    return Line(value=Decimal(value), award=award, basis=Basis.QUANTITY, **changes)


def item(code):
    return {"group": CriteriaGroup.ITEM, "criteria_code": code}


def item_group(code):
    return {"group": CriteriaGroup.ITEM_GROUP, "criteria_code": code}


def bill_value(least):
    return {"group": CriteriaGroup.BILL_VALUE, "least": least}


def bill_quantity(least):
    return {"group": CriteriaGroup.BILL_QUANTITY, "least": least}


CREDIT = {"unit": Unit.CREDIT}
LEAST, MOST, TOTAL, MEAN = ConflictMethod
GLOBAL, TWO_STEPS = ConflictBasis


def a_plan(*lines, code="PLAN", **changes) -> Plan:
    return Plan(code=code, lines=lines, **changes)


def a_tier(multiplier="1", tier_id=1, name="Silver"):
    return TierTerms(tier_id=tier_id, name=name, min_value=0, multiplier=Decimal(multiplier))


def some_terms(*plans, **changes) -> Terms:
    limits = {"max_amount_minor": 10**9, "max_points": 10**9}
    return Terms(plans=plans, **(limits | changes))


def bought(amount, product="", group="", quantity="1"):
    return BasketLine(
        product=product, group=group, quantity=Decimal(quantity), amount_minor=minor(amount)
    )


def a_bill(*lines, paid=(), **changes) -> Basket:
    """A bill of these lines, or of one amount; ``paid`` are (tender, amount, is loyalty)."""
    payments = tuple(
        Payment(tender=tender, amount_minor=minor(amount), is_loyalty=is_loyalty)
        for tender, amount, is_loyalty in paid
    )
    if len(lines) == 1 and isinstance(lines[0], str):
        return Basket(amount_minor=minor(lines[0]), payments=payments, **changes)
    total = sum(line.amount_minor for line in lines)
    return Basket(amount_minor=total, lines=lines, payments=payments, **changes)


def some_facts(**changes):
    return Facts(**({"at": THURSDAY_NOON} | changes))


def points(bill, terms, **facts):
    return award(basket=bill, terms=terms, facts=some_facts(**facts)).points


def earned(bill, terms, **facts):
    """Return points and credit."""
    found = award(basket=bill, terms=terms, facts=some_facts(**facts))
    return found.points, found.credit_minor


# The basket of rules 4.
COFFEE = bought("8.00", "COF", "DRINK", "2")
CAKE = bought("12.00", "CAKE", "FOOD")
CIGARETTES = bought("10.00", "CIG", "TOB")

# Its lines: A exempts tobacco, B is for coffee, C for all, D must be processed.
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
