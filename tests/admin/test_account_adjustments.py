"""Points corrected by hand on a member's account: how typed, how far, by whom."""

import pytest

from clubs.models import Manager, Role
from loyalty.ledger.models import Kind, Source
from loyalty.members.models import Account
from loyalty.operations import purchases
from loyalty.operations.purchases import Bill
from tests.admin.accounts import balance, do, latest, rich
from tests.admin.desk import action, at_desk, errors, shown
from tests.cast import deed, make_cast, make_manager, make_tier, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.req("CU14", "CU15", "CU17", "CU18", "CU19", "FA12", "PA2.3")
def test_adjust_adds_points_with_a_reason_and_two_kinds_of_words():
    cast = rich()

    response = do(
        cast, "adjust", points="24", reason="GOODWILL", internal="Cold soup", comment="Sorry"
    )

    assert response["Location"] == action("account", cast.membership)
    made = latest()
    assert (made.kind, made.source, made.points, made.result["reason"], made.actor_id) == (
        Kind.ADJUSTMENT,
        Source.ADMIN,
        24,
        "GOODWILL",
        cast.petra.pk,
    )
    assert (made.note.internal, made.note.comment) == ("Cold soup", "Sorry")
    assert balance(cast) == 364


@pytest.mark.req("CU16")
@pytest.mark.parametrize(
    "typed", ["-24", "\u221224", "\u2212\u0662\u0664", "-\uff12\uff14", " -24 "]
)
def test_a_minus_of_any_writing_deducts(typed):
    cast = rich()

    do(cast, "adjust", points=typed, reason="CORRECTION")

    assert balance(cast) == 316


@pytest.mark.req("CU16")
def test_below_zero_is_refused_naming_the_most_that_can_be_taken():
    cast = rich()

    response = do(cast, "adjust", points="-341", reason="CORRECTION")

    assert response.status_code == 409
    assert errors(response) == (
        "Not enough points: 340 can be used, 1 are missing. Nothing was booked."
    )
    assert balance(cast) == 340


@pytest.mark.parametrize(
    "typed", ["1_000", "1e3", "-0", "0", "9" * 400, "NaN", "1.5", "10001", "", "--5", "\x00"]
)
def test_nonsense_is_refused_beside_the_field_and_nothing_is_written(typed):
    cast = rich()

    response = do(cast, "adjust", points=typed, reason="GOODWILL")

    assert response.status_code == 200
    assert list(response.context["form"].errors) == ["points"]
    assert balance(cast) == 340


@pytest.mark.req("CU20")
def test_without_a_comment_the_customer_reads_manual_adjustments():
    cast = rich()

    do(cast, "adjust", points="5", reason="PROMOTION")

    body = at_desk(cast.petra).get(action("account", cast.membership)).content.decode()
    assert "Manual adjustments" in body


def test_an_adjustment_may_leave_the_tier_alone():
    cast = rich(points=90)
    make_tier(cast.card, "Gold", 100)

    do(cast, "adjust", points="50", reason="PROMOTION", is_counted=None)

    account = Account.objects.get(pk=cast.membership.account_id)
    assert (account.points, account.lifetime_points, account.tier_id) == (140, 90, None)


def test_an_adjustment_can_name_the_purchase_it_is_about():
    cast = make_cast()
    bought = purchases.award_purchase(
        deed=deed(cast.sam, store=cast.old_port),
        membership_id=cast.membership.pk,
        bill=Bill(amount_minor=1240, currency="EUR"),
        scan_id=cast.scan(),
    )

    do(cast, "adjust", points="-2", reason="CORRECTION", about=str(bought.pk))

    assert latest().result["about_transaction_id"] == bought.pk


def test_a_purchase_of_another_account_cannot_be_named():
    cast = rich()

    response = do(cast, "adjust", points="2", reason="CORRECTION", about="1")

    assert list(response.context["form"].errors) == ["about"]


def test_the_same_form_sent_twice_books_once():
    cast = rich()
    client, page = at_desk(cast.petra), action("adjust", cast.membership)
    values = {**shown(client, page), "points": "10", "reason": "GOODWILL"}

    answers = [client.post(page, values).status_code for _ in range(2)]

    assert (answers, balance(cast)) == ([302, 302], 350)


@pytest.mark.req("CU3")
def test_support_adjusts_within_its_own_cap():
    cast = rich()
    rita = make_user("rita")
    make_manager(rita, cast.partner, Role.SUPPORT)
    Manager.objects.filter(user=rita).update(adjust_cap=20)

    refused = do(cast, "adjust", who=rita, points="21", reason="GOODWILL")
    done = do(cast, "adjust", who=rita, points="20", reason="GOODWILL")

    question = "This is above your limit of 20 points. Send it to a manager to approve?"
    assert (errors(refused), done.status_code) == (question, 302)
    assert balance(cast) == 360


def test_nobody_adjusts_their_own_card():
    cast = rich()
    make_manager(cast.mia, cast.partner, Role.OWNER)

    response = do(cast, "adjust", who=cast.mia, points="20", reason="GOODWILL")

    assert (response.status_code, errors(response)) == (
        403,
        "This is your own card. Ask a colleague. Nothing was booked.",
    )
