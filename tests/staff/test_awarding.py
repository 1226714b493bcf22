"""Awarding points for an amount at the counter."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cards import terms
from cards.models import TermsVersion
from loyalty.ledger.models import Transaction
from tests.cast import make_cast, make_reward, make_tier, publish
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
