"""A balance in words: points, credit, or both."""

import pytest

from cards.models import Card
from loyalty.web.balances import balance

POINTS: dict[str, int] = {}
CASHBACK = {"points_per_step": 0, "credit_per_step_minor": 5}
BALANCES = [
    # settings, points, credit, figure, unit and what else
    (POINTS, 1, 0, ("1", "point")),
    (POINTS, 1205, 0, ("1,205", "points")),
    (POINTS, 12, 400, ("12", "points and €4.00 credit")),
    (POINTS, 0, 400, ("€4.00", "credit")),
    (POINTS, 0, 0, ("0", "points")),
    (CASHBACK, 0, 0, ("€0.00", "credit")),
    (CASHBACK, 3, 0, ("3", "points")),
]


@pytest.mark.req("IV3.9", "IV8.19", "R5.1")
@pytest.mark.parametrize(("settings", "points", "credit", "shown"), BALANCES)
def test_a_balance_names_what_can_be_spent(settings, points, credit, shown):
    found = balance(Card(**settings), points, credit)

    assert (found.figure, f"{found.unit} {found.more}".strip()) == shown


@pytest.mark.parametrize(
    ("points", "credit", "text"),
    [(12, 0, "12 points"), (12, 400, "12 points, €4.00 credit"), (0, 400, "€4.00 credit")],
)
def test_a_balance_in_one_text_names_both_units(points, credit, text):
    assert balance(Card(), points, credit).text == text
