"""Points typed at the counter: on a card of points alone, and given without a sale."""

import pytest

from loyalty.operations import purchases, visits
from loyalty.operations.purchases import Bill
from tests.cast import deed, join, make_card


@pytest.mark.req("R9.1", "R9.2")
def test_on_a_points_only_card_staff_enter_points_and_no_amount(counter, booked):
    card = make_card(counter.cast.harbour, "Gym", is_points_only=True, unit_many="stamps")
    scan_id = counter.scan(join(counter.cast.mia, card))

    page = counter.show("counter", scan_id)
    preview = counter.show("preview", scan_id, points="3").json()
    result = counter.client.get(counter.post("points", scan_id, points="٣")["Location"])

    assert list(page.context["form"].fields) == ["request_id", "receipt", "points"]
    assert preview == {
        "figure": "+3 stamps",
        "why": "entered at the counter",
        "button": "Award 3 stamps",
        "error": "",
    }
    assert result.context["told"].figure == "+3"
    assert booked() == [("POINTS", 3)]


BAD_POINTS = [
    ("1_0", "Type a whole number."),
    ("1e3", "Type a whole number."),
    ("-0", "Type a whole number."),
    ("1.5", "Type a whole number."),
    ("NaN", "Type a whole number."),
    ("0", "Type a number other than zero."),
    ("10001", "At most 10000 at a time."),
    ("1\x00", "Null characters are not allowed."),
    ("9" * 400, "Ensure this value has at most 40 characters (it has 400)."),
]


@pytest.mark.req("R9.2")
@pytest.mark.parametrize(("typed", "message"), BAD_POINTS)
def test_bad_points_are_refused_beside_the_field(counter, booked, typed, message):
    card = make_card(counter.cast.harbour, "Gym", is_points_only=True)
    scan_id = counter.scan(join(counter.cast.mia, card))

    answer = counter.post("points", scan_id, points=typed)

    assert dict(answer.context["form"].errors) == {"points": [message]}
    assert booked() == []


def test_an_amount_sent_to_a_points_only_card_is_refused(counter, booked):
    card = make_card(counter.cast.harbour, "Gym", is_points_only=True)
    scan_id = counter.scan(join(counter.cast.mia, card))

    answer = counter.award(scan_id)

    assert answer.context["form"].errors["amount"] == [
        "On this card staff enter points, not an amount."
    ]
    assert booked() == []


def test_points_sent_to_a_card_of_amounts_are_refused(counter, booked):
    scan_id = counter.scan()

    answer = counter.post("points", scan_id, points="3")

    assert answer.context["form"].errors["points"] == [
        "On this card staff enter an amount, not points."
    ]
    assert booked() == []


@pytest.mark.req("FA12", "PA2.3")
def test_staff_with_the_permission_give_points_without_a_sale(counter, booked):
    staff = counter.cast.sam.staff_rows.get()
    staff.may_give_points = True
    staff.save()
    scan_id = counter.scan()

    page = counter.show("give", scan_id)
    result = counter.client.get(
        counter.post("give", scan_id, points="20", reason="STAMP_CARD")["Location"]
    )

    assert page.context["may_give"]
    told = result.context["told"]
    assert (told.figure, told.what, told.why) == ("+20", "without a sale", ["old stamp card"])
    assert booked() == [("ADJUSTMENT", 20)]


@pytest.mark.req("FA12")
@pytest.mark.parametrize(
    ("typed", "reason", "errors"),
    [
        ("51", "OTHER", {"points": ["At most 50 at a time."]}),
        ("-3", "OTHER", {"points": ["Type a whole number."]}),
        (
            "5",
            "CORRECTION",
            {"reason": ["Select a valid choice. CORRECTION is not one of the available choices."]},
        ),
    ],
)
def test_points_without_a_sale_stay_within_cap_and_reasons(counter, booked, typed, reason, errors):
    staff = counter.cast.sam.staff_rows.get()
    staff.may_give_points = True
    staff.save()

    answer = counter.post("give", counter.scan(), points=typed, reason=reason)

    assert dict(answer.context["form"].errors) == errors
    assert booked() == []


@pytest.mark.req("FA12")
def test_staff_without_the_permission_give_nothing_away(counter, booked):
    scan_id = counter.scan()

    page = counter.show("give", scan_id)
    answer = counter.post("give", scan_id, points="5", reason="OTHER")

    assert not page.context["may_give"]
    assert answer.status_code == 403
    assert answer.context["form"].non_field_errors() == [
        "You may not do this. Nothing was booked. Ask the manager."
    ]
    assert booked() == []


def test_a_card_of_points_previews_no_amount_and_the_other_way_round(counter):
    gym = join(counter.cast.mia, make_card(counter.cast.harbour, "Gym", is_points_only=True))
    who = deed(counter.cast.sam)

    with pytest.raises(purchases.PointsOnlyCardError):
        visits.preview_purchase(
            deed=who,
            membership_id=gym.pk,
            bill=Bill(amount_minor=100, currency="EUR"),
            scan_id=counter.scan(gym),
        )
    with pytest.raises(purchases.AmountCardError):
        visits.preview_points(
            deed=who,
            membership_id=counter.cast.membership.pk,
            points=3,
            scan_id=counter.scan(),
        )
