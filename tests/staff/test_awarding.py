"""Awarding points at the counter."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cards import terms
from cards.models import TermsVersion
from loyalty.ledger.models import Transaction
from loyalty.members.models import MembershipStatus
from loyalty.operations import purchases, standing, visits
from loyalty.operations.purchases import Bill
from tests.cast import deed, join, make_card, make_cast, make_reward, make_tier, publish
from tests.staff.conftest import Counter, signed_in

ZERO = "Type an amount above zero."
WRONG = "Type an amount such as 12.40."
BAD_AMOUNTS = [
    # typed          what stands beside the field
    ("", "This field is required."),
    ("1_000", WRONG),
    ("1e3", WRONG),
    ("-0", WRONG),
    ("-5", WRONG),
    ("NaN", WRONG),
    ("Infinity", WRONG),
    ("12,40,1", WRONG),
    ("0", ZERO),
    ("12.401", "At most 2 decimals."),
    ("10000.01", "At most €10,000.00 at a time."),
    ("1\x00", "Null characters are not allowed."),
    ("9" * 400, "Ensure this value has at most 40 characters (it has 400)."),
]
GOOD_AMOUNTS = ["12.40", "12,4", "١٢٫٤٠", "１２．４０", "۱۲٫۴", " 12.40 "]
# SQLite writes row by row; PostgreSQL writes the posting in one statement.
MOST_STATEMENTS = {"sqlite": (13, 18), "postgresql": (9, 13)}


def statements(captured: CaptureQueriesContext) -> list[str]:
    """Return what was asked of the database, transaction control left out."""
    control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return [
        query["sql"] for query in captured.captured_queries if not query["sql"].startswith(control)
    ]


def warm(card):
    for version in TermsVersion.objects.filter(card=card):
        terms.of_version(version.pk)


@pytest.mark.req("R4.3", "R7.2")
def test_a_scanned_code_opens_the_counter_page_with_the_amount_focused(counter):
    scan_id = counter.scan()

    page = counter.show("counter", scan_id)

    attributes = page.context["field"].field.widget.attrs
    assert {name: attributes[name] for name in ("inputmode", "autofocus", "data-decimals")} == {
        "inputmode": "decimal",
        "autofocus": True,
        "data-decimals": 2,
    }
    assert page.context["standing"].membership == counter.cast.membership
    assert page["Cache-Control"] == "no-store"


@pytest.mark.req("R4.5", "R7.3")
def test_an_award_shows_the_figure_the_reason_and_both_balances(counter):
    answer = counter.award(counter.scan(), receipt="A 77")

    page = counter.client.get(answer["Location"])
    told = page.context["told"]
    assert (told.figure, told.unit, told.what, told.why) == (
        "+12",
        "points",
        "€12.40",
        ["1 point per €1.00, rounded down"],
    )
    assert (page.context["balance_before"], page.context["balance_after"]) == (
        "0 points",
        "12 points",
    )
    assert page.context["next_reward"] == "Croissant in 188 points"
    booked = Transaction.objects.get(kind="PURCHASE")
    assert (booked.receipt_number, booked.store) == ("A77", counter.cast.old_port)


@pytest.mark.req("R4.6")
def test_a_form_sent_twice_books_once_and_shows_the_first_result(counter, booked):
    scan_id = counter.scan()

    first, second = counter.award(scan_id), counter.award(scan_id)

    assert first["Location"] == second["Location"]
    assert booked() == [("PURCHASE", 12)]


def test_a_form_whose_key_is_missing_books_nothing(counter, booked):
    answer = counter.award(counter.scan(), key="")

    assert answer.context["form"].non_field_errors() == [
        "Open this page again; it is not complete. Nothing was booked."
    ]
    assert booked() == []


@pytest.mark.req("R7.3")
def test_the_preview_equals_what_is_booked(counter):
    make_tier(counter.cast.card, "Regular", 0, multiplier="1.5")
    scan_id = counter.scan()

    preview = counter.show("preview", scan_id, amount="12.40").json()
    page = counter.client.get(counter.award(scan_id)["Location"])

    told = page.context["told"]
    assert preview == {
        "figure": f"{told.figure} {told.unit}",
        "why": ", ".join(told.why),
        "button": "Award 12 points",
        "error": "",
    }


def test_a_purchase_below_the_step_says_what_is_missing(counter):
    scan_id = counter.scan()

    preview = counter.show("preview", scan_id, amount="0.80").json()
    page = counter.client.get(counter.award(scan_id, "0.80")["Location"])

    assert preview == {
        "figure": "0 points",
        "why": "1 point per €1.00, rounded down · €0.20 more to go",
        "button": "Book it",
        "error": "",
    }
    told = page.context["told"]
    assert (told.figure, told.is_nothing, told.why[-1]) == ("0", True, "€0.20 more to go")


@pytest.mark.parametrize(("typed", "message"), BAD_AMOUNTS)
def test_a_bad_amount_is_refused_beside_the_field_and_kept(counter, booked, typed, message):
    scan_id = counter.scan()

    answer = counter.award(scan_id, typed)

    form = answer.context["form"]
    assert dict(form.errors) == {"amount": [message]}
    assert form["amount"].value() == typed
    assert answer.status_code == 422
    assert booked() == []


@pytest.mark.parametrize(("typed", "message"), [row for row in BAD_AMOUNTS if row[0]])
def test_the_preview_of_a_bad_amount_is_the_same_sentence(counter, typed, message):
    preview = counter.show("preview", counter.scan(), amount=typed).json()

    assert preview == {"figure": "", "why": "", "button": "", "error": message}


@pytest.mark.parametrize("typed", GOOD_AMOUNTS)
@pytest.mark.req("R7.2")
def test_digits_of_any_script_are_digits(counter, booked, typed):
    counter.award(counter.scan(), typed)

    assert booked() == [("PURCHASE", 12)]


@pytest.mark.req("R7.2")
@pytest.mark.parametrize(
    ("currency", "decimals", "typed", "minor"),
    [("KWD", 3, "1.250", 1250), ("JPY", 0, "1250", 1250), ("EUR", 2, "12.5", 1250)],
)
def test_each_currency_has_its_own_decimals(db, currency, decimals, typed, minor):
    cast = make_cast(currency=currency)
    counter = Counter(cast=cast, client=signed_in(cast.sam))
    scan_id = counter.scan()

    field = counter.show("counter", scan_id).context["field"].field
    counter.award(scan_id, typed)

    assert field.widget.attrs["data-decimals"] == decimals
    assert Transaction.objects.get(kind="PURCHASE").amount_minor == minor


def test_a_receipt_that_was_booked_before_is_refused_beside_it(counter, booked, clock):
    scan_id = counter.scan()
    counter.award(scan_id, receipt="77")

    answer = counter.award(scan_id, "20", key="another-form", receipt="77")

    form = answer.context["form"]
    assert dict(form.errors) == {
        "receipt": ["This receipt was booked already. Nothing was booked now."]
    }
    assert (form["amount"].value(), form["receipt"].value()) == ("20", "77")
    assert booked() == [("PURCHASE", 12)]


def test_without_a_store_nobody_is_asked_for_a_receipt(cast):
    counter = Counter(cast=cast, client=signed_in(cast.sam))

    page = counter.show("counter", counter.scan())

    assert list(page.context["form"].fields) == ["request_id", "amount"]


def test_a_card_booked_a_moment_ago_is_asked_about_again(counter, clock):
    counter.award(counter.scan())
    clock.forward(seconds=119)

    page = counter.show("counter", counter.scan())
    again = counter.show("counter", counter.scan(), again="", award="")
    clock.forward(seconds=2)
    later = counter.show("counter", counter.scan())

    assert (page.context["form"], page.context["visit"].just_booked.amount_minor) == (None, 1240)
    assert "Already booked today 13:00: €12.40" in page.content.decode()
    assert again.context["form"] is not None
    assert later.context["form"] is not None


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


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("BLOCKED", "This card is blocked. Nothing was booked. The manager can say why."),
        ("REMOVED", "This card was taken out of the programme. Nothing was booked."),
    ],
)
def test_a_card_out_of_use_says_so_and_takes_nothing(counter, booked, status, message):
    scan_id = counter.scan()
    membership = counter.cast.membership
    membership.status = MembershipStatus(status)
    membership.save()

    page = counter.show("counter", scan_id)
    answer = counter.award(scan_id)

    assert (page.context["form"], page.context["earning_refusal"].message) == (None, message)
    assert answer.context["form"].non_field_errors() == [message]
    assert booked() == []


def test_a_paused_card_says_so(counter, booked):
    scan_id = counter.scan()
    card = counter.cast.card
    card.status = "PAUSED"
    card.save()

    page = counter.show("counter", scan_id)

    message = "This card is not in use right now. Nothing was booked."
    assert page.context["earning_refusal"].message == message
    assert counter.show("preview", scan_id, amount="5").json()["error"] == message


def test_a_scan_of_an_earlier_visit_earns_nothing(counter, booked, clock):
    scan_id = counter.scan()
    clock.forward(minutes=60)

    answer = counter.award(scan_id)

    assert answer.context["form"].non_field_errors() == [
        "The scan is too old. Scan a fresh code. Nothing was booked."
    ]
    assert booked() == []


def test_nobody_awards_a_card_that_became_their_own(counter, booked):
    scan_id = counter.scan()
    member = counter.cast.membership.member
    member.user = counter.cast.sam
    member.save()

    page = counter.show("counter", scan_id)
    answer = counter.award(scan_id)

    assert page.context["form"] is None
    assert answer.status_code == 403
    assert booked() == []


@pytest.mark.req("R7.3")
@pytest.mark.parametrize(
    ("bill", "error"),
    [
        (Bill(amount_minor=100, currency="USD"), purchases.WrongCurrencyError),
        (Bill(amount_minor=0, currency="EUR"), purchases.NothingToAwardError),
    ],
)
def test_a_preview_refuses_what_the_award_would_refuse(counter, bill, error):
    asked = {
        "deed": deed(counter.cast.sam),
        "membership_id": counter.cast.membership.pk,
        "bill": bill,
        "scan_id": counter.scan(),
    }

    with pytest.raises(error):
        visits.preview_purchase(**asked)
    with pytest.raises(error):
        purchases.award_purchase(**asked)


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


def test_a_membership_that_is_not_there_cannot_be_looked_at(db):
    with pytest.raises(standing.MembershipNotFoundError):
        standing.look(deed=deed(None), membership_id=1)


def test_a_staff_member_removed_a_second_ago_finds_nothing(counter, booked):
    scan_id = counter.scan()
    counter.cast.sam.staff_rows.update(is_active=False)

    assert counter.award(scan_id).status_code == 404
    assert booked() == []


def test_the_result_names_a_new_tier(counter):
    make_tier(counter.cast.card, "Silver", 10)

    page = counter.client.get(counter.award(counter.scan())["Location"])

    assert page.context["new_tier"] == "Silver"
    assert "Mia is Silver now." in page.content.decode()


def test_a_plain_award_stays_within_its_statements(counter):
    scan_id = counter.scan()
    counter.award(scan_id)
    warm(counter.cast.card)

    with CaptureQueriesContext(connection) as captured:
        answer = counter.award(scan_id, key="another-form")

    assert answer.status_code == 302
    assert len(statements(captured)) <= MOST_STATEMENTS[connection.vendor][0], captured


def test_an_award_with_receipt_and_tier_rise_stays_within_its_statements(counter):
    card = counter.cast.card
    make_tier(card, "Silver", 20, entry_reward=make_reward(card, "Mug", 500))
    publish(card)
    scan_id = counter.scan()
    counter.award(scan_id)
    warm(card)

    with CaptureQueriesContext(connection) as captured:
        answer = counter.award(scan_id, "10", key="another-form", receipt="78")

    assert counter.client.get(answer["Location"]).context["new_tier"] == "Silver"
    assert len(statements(captured)) <= MOST_STATEMENTS[connection.vendor][1], captured


@pytest.mark.parametrize("page", ["counter", "rewards"])
def test_the_counter_page_takes_at_most_eight_statements(counter, page):
    make_reward(counter.cast.card, "Mug", 10)
    scan_id = counter.scan()
    counter.award(scan_id)

    with CaptureQueriesContext(connection) as captured:
        counter.show(page, scan_id)

    assert len(statements(captured)) <= 8


def test_an_absurd_number_in_the_address_is_nothing(counter):
    for part in ("counter", "result", "member"):
        assert counter.client.get(f"/staff/{part}/{10**30}/").status_code == 404
