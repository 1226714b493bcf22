"""Handing out rewards at the counter, and undoing."""

from datetime import UTC, datetime, timedelta

import pytest

from loyalty.ledger.models import Source, Transaction
from loyalty.members.models import Voucher
from loyalty.operations import redemptions, vouchers
from tests.cast import NOON, deed, join, make_reward, make_tier
from tests.staff.conftest import Counter, signed_in

STALE = "000000"
FRESH_NEEDED = "The scan is too old. Scan a fresh code. Nothing was booked."


@pytest.fixture
def rich(counter):
    """Sam's counter, and Mia with 412 points."""
    counter.award(counter.scan(), "412.00", key="the-first-award")
    return counter


def start_claim(cast, at=NOON) -> str:
    started = redemptions.start_claim(
        deed=deed(cast.mia, Source.WALLET, at=at),
        membership_id=cast.membership.pk,
        reward_id=cast.reward.pk,
    )
    return started.token


def scan_claim(counter, token) -> int:
    answer = counter.client.get(f"/R/{token}")
    return int(answer["Location"].rstrip("/").rsplit("/", 1)[1])


def test_the_list_says_what_can_be_had_and_what_is_missing(rich):
    card = rich.cast.card
    gold = make_tier(card, "Gold", 5000)
    make_reward(card, "Mug", 500, position=1)
    make_reward(card, "Tasting", 300, min_tier=gold, position=2)
    make_reward(card, "Cap", 100, stock=0, position=3)
    make_reward(card, "Iced latte", 100, valid_until=NOON - timedelta(days=1), position=4)

    page = rich.show("rewards", rich.scan())

    assert [
        (row["reward"].name, row["is_ready"], row["words"]) for row in page.context["rows"]
    ] == [
        ("Croissant", True, "Ready"),
        ("Mug", False, "88 points to go"),
        ("Tasting", False, "From tier Gold"),
        ("Cap", False, "Sold out"),
        ("Iced latte", False, "Ended"),
    ]
    assert page.context["visit"].ready_count == 1


@pytest.mark.req("R4.6", "CU21", "PA2.4")
def test_a_reward_is_handed_out_once_and_shown_with_both_balances(rich, booked):
    scan_id = rich.scan()

    first = rich.post("redeem", scan_id, reward=rich.cast.reward.pk)
    second = rich.post("redeem", scan_id, reward=rich.cast.reward.pk)

    page = rich.client.get(first["Location"])
    told = page.context["told"]
    assert (told.figure, told.what) == ("Croissant", "\u2212200 points")
    assert (page.context["balance_before"], page.context["balance_after"]) == (
        "412 points",
        "212 points",
    )
    assert first["Location"] == second["Location"]
    assert booked() == [("PURCHASE", 412), ("REDEMPTION", -200)]


def test_two_rewards_come_from_one_scan(rich, booked):
    scan_id = rich.scan()

    rich.post("redeem", scan_id, key="first-reward", reward=rich.cast.reward.pk)
    rich.post("redeem", scan_id, key="second-reward", reward=rich.cast.reward.pk)

    assert booked() == [("PURCHASE", 412), ("REDEMPTION", -200), ("REDEMPTION", -200)]


def test_a_reward_above_the_balance_is_refused_with_what_is_missing(counter, booked):
    answer = counter.post("redeem", counter.scan(), reward=counter.cast.reward.pk)

    assert dict(answer.context["failed"].errors) == {
        "__all__": ["Not enough points: 0 can be used, 200 are missing. Nothing was booked."]
    }
    assert (answer.status_code, booked()) == (409, [])


@pytest.mark.parametrize("reward", ["", "x", "-1", "0", "9" * 400, "1\x00", str(2**63)])
def test_a_nonsense_reward_books_nothing(rich, booked, reward):
    answer = rich.post("redeem", rich.scan(), reward=reward)

    assert "reward" in answer.context["failed"].errors
    assert booked() == [("PURCHASE", 412)]


def test_a_reward_of_another_card_cannot_be_had(rich, booked):
    towel = rich.cast.hill_card.rewards.get()

    answer = rich.post("redeem", rich.scan(), reward=towel.pk)

    assert answer.context["failed"].errors["reward"] == [
        "This reward is no longer offered. Nothing was booked."
    ]
    assert booked() == [("PURCHASE", 412)]


@pytest.mark.req("R4.4")
def test_a_stale_code_earns_but_does_not_spend_and_says_so(rich, booked):
    scan_id = rich.scan(digits=STALE)

    page = rich.show("counter", scan_id, again="")
    rewards = rich.show("rewards", scan_id)
    answer = rich.post("redeem", scan_id, reward=rich.cast.reward.pk)
    rich.award(scan_id)

    assert page.context["is_stale"]
    assert page.context["form"] is not None
    assert "ask for a fresh code" in page.content.decode()
    assert rewards.context["spending_refusal"].message == FRESH_NEEDED
    assert answer.context["failed"].non_field_errors() == [FRESH_NEEDED]
    assert booked() == [("PURCHASE", 412), ("PURCHASE", 12)]


def test_a_code_that_a_colleague_scanned_first_does_not_spend(rich, booked):
    rich.scan()
    tess = rich.cast.tess
    tess.staff_rows.update(club=rich.cast.harbour)
    other = Counter(cast=rich.cast, client=signed_in(tess))

    page = other.show("rewards", other.scan())

    assert page.context["spending_refusal"].code == "scan_too_old"


def test_after_ten_minutes_the_scan_no_longer_spends(rich, clock, booked):
    scan_id = rich.scan()
    clock.forward(minutes=10)

    answer = rich.post("redeem", scan_id, reward=rich.cast.reward.pk)

    assert answer.context["failed"].non_field_errors() == [FRESH_NEEDED]
    assert booked() == [("PURCHASE", 412)]


@pytest.mark.req("R10.2")
def test_a_claim_code_lands_on_its_confirmation(rich):
    scan_id = scan_claim(rich, start_claim(rich.cast))

    page = rich.show("counter", scan_id)

    context = page.context
    assert page.templates[0].name == "staff/claim.html"
    assert (context["claim"].reward, context["claim"].cost) == (rich.cast.reward, 200)
    assert (context["standing"].available, context["after"], context["refusal"]) == (412, 212, None)


@pytest.mark.req("R4.6", "R10.2")
def test_a_claim_is_redeemed_once_even_when_sent_twice(rich, booked):
    scan_id = scan_claim(rich, start_claim(rich.cast))

    first, second = rich.post("claim", scan_id), rich.post("claim", scan_id)
    third = rich.post("claim", scan_id, key="another-form")

    assert first["Location"] == second["Location"]
    assert third.context["refusal"].message == (
        "This reward was handed out already. Nothing was booked now."
    )
    assert booked() == [("PURCHASE", 412), ("REDEMPTION", -200)]


@pytest.mark.req("R10.1")
def test_an_expired_claim_says_so(rich, clock, booked):
    token = start_claim(rich.cast)
    clock.forward(minutes=5)
    scan_id = scan_claim(rich, token)

    page = rich.show("counter", scan_id)
    answer = rich.post("claim", scan_id)

    assert page.context["refusal"].code == "claim_expired"
    assert answer.status_code == 409
    assert booked() == [("PURCHASE", 412)]


def test_points_can_be_awarded_first_from_a_claim_scan(rich, clock):
    scan_id = scan_claim(rich, start_claim(rich.cast))
    clock.forward(minutes=3)

    page = rich.show("counter", scan_id, award="")

    assert page.templates[0].name == "staff/counter.html"


def test_a_scan_without_a_claim_redeems_none(rich):
    assert rich.post("claim", rich.scan()).status_code == 404


@pytest.fixture
def voucher(rich) -> Voucher:
    vouchers.issue_voucher(
        deed=deed(rich.cast.petra, Source.ADMIN),
        membership_id=rich.cast.membership.pk,
        reward_id=rich.cast.reward.pk,
    )
    return Voucher.objects.get()


@pytest.mark.req("IV1.19")
def test_a_voucher_is_listed_and_handed_out_once(rich, voucher):
    scan_id = rich.scan()

    listed = rich.show("rewards", scan_id).context["kept"]
    answer = rich.post("voucher", scan_id, voucher=voucher.pk)
    again = rich.post("voucher", scan_id, key="another-form", voucher=voucher.pk)

    assert [one["voucher"] for one in listed] == [voucher]
    told = rich.client.get(answer["Location"]).context["told"]
    assert (told.figure, told.what) == ("Croissant", "for a voucher")
    assert again.context["failed"].non_field_errors() == [
        "This voucher was used or has expired. Nothing was booked now."
    ]


def test_a_voucher_past_its_day_is_not_listed(rich, voucher, clock):
    clock.now = datetime(2027, 5, 1, 12, tzinfo=UTC)
    fresh = Counter(cast=rich.cast, client=signed_in(rich.cast.sam))

    assert fresh.show("rewards", fresh.scan()).context["kept"] == []


def test_a_voucher_of_somebody_else_is_nothing(rich, voucher):
    held = join(rich.cast.noor, rich.cast.card)

    assert rich.post("voucher", rich.scan(held), voucher=voucher.pk).status_code == 404
    assert rich.post("voucher", rich.scan(held), voucher="x").status_code == 422


@pytest.mark.req("R11.1", "R11.2")
def test_an_award_is_undone_from_its_result(rich, booked):
    purchase = Transaction.objects.get(kind="PURCHASE")
    page = rich.show("result", purchase.pk)

    answer = rich.post("undo", purchase.pk)

    undone = rich.client.get(answer["Location"])
    told = undone.context["told"]
    assert page.context["undo_seconds"] == 15 * 60
    assert (told.figure, told.what) == ("\u2212412", "Undone: €412.00")
    assert (undone.context["is_undo"], undone.context["undo_seconds"]) == (True, 0)
    assert rich.show("result", purchase.pk).context["is_undone"]
    assert booked() == [("PURCHASE", 412), ("REVERSAL", -412)]


def test_undoing_twice_is_one_undo(rich, booked):
    purchase = Transaction.objects.get(kind="PURCHASE")

    first, second = rich.post("undo", purchase.pk), rich.post("undo", purchase.pk)

    assert first["Location"] == second["Location"]
    assert booked() == [("PURCHASE", 412), ("REVERSAL", -412)]


def test_a_handed_out_reward_is_undone_too(rich, booked):
    answer = rich.post("redeem", rich.scan(), reward=rich.cast.reward.pk)
    redeemed = Transaction.objects.get(kind="REDEMPTION")

    undone = rich.client.get(rich.post("undo", redeemed.pk, key="undo-form")["Location"])

    assert answer.status_code == 302
    told = undone.context["told"]
    assert (told.figure, told.what) == ("+200", "Undone: Croissant")
    assert booked()[-1] == ("REVERSAL", 200)


def test_the_time_to_undo_is_over_after_the_cards_minutes(rich, clock, booked):
    purchase = Transaction.objects.get(kind="PURCHASE")
    clock.forward(minutes=15, seconds=1)

    page = rich.show("result", purchase.pk)
    answer = rich.post("undo", purchase.pk)

    assert page.context["undo_seconds"] == 0
    assert answer.context["form"].non_field_errors() == [
        "The time to undo is over. Ask the manager. Nothing was changed."
    ]
    assert booked() == [("PURCHASE", 412)]


def test_only_the_latest_deed_offers_an_undo(rich):
    purchase = Transaction.objects.get(kind="PURCHASE")
    rich.award(rich.scan())

    page = rich.show("result", purchase.pk)
    answer = rich.post("undo", purchase.pk, key="undo-form")

    assert page.context["undo_seconds"] == 0
    assert answer.context["form"].non_field_errors() == [
        "Something was booked after it. Undo that first. Nothing was changed."
    ]


def test_a_mistyped_receipt_can_be_undone_and_typed_again(counter, booked):
    scan_id = counter.scan()
    counter.award(scan_id, "124.00", receipt="77")
    counter.post("undo", Transaction.objects.get(kind="PURCHASE").pk, key="undo-form")

    counter.award(scan_id, "12.40", key="another-form", receipt="77")

    assert booked() == [("PURCHASE", 124), ("REVERSAL", -124), ("PURCHASE", 12)]


def test_staff_see_only_results_of_their_own(rich):
    purchase = Transaction.objects.get(kind="PURCHASE")
    tess = rich.cast.tess
    tess.staff_rows.update(club=rich.cast.harbour)
    colleague = Counter(cast=rich.cast, client=signed_in(tess))

    assert colleague.show("result", purchase.pk).status_code == 404
    assert colleague.post("undo", purchase.pk).status_code == 404


def test_a_reward_that_is_the_last_one_leaves_no_next_reward(counter):
    counter.cast.reward.status = "PAUSED"
    counter.cast.reward.save()

    page = counter.client.get(counter.award(counter.scan())["Location"])

    assert page.context["next_reward"] == ""
