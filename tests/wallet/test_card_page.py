"""A member's card: its code, balance, tier, rewards, dates and history."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse

from cards.models import Card, CardStatus, CardText
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Source
from loyalty.members import codes
from loyalty.members.models import Membership, MembershipStatus
from loyalty.operations import adjustments, memberships, rollbacks, vouchers
from loyalty.wallet.days import day_words
from loyalty.web import qr
from tests.cast import deed, join, make_card, make_cast, make_reward, make_tier, publish
from tests.operations.counter import buy
from tests.wallet.reading import attribute, lines, main_text

pytestmark = pytest.mark.django_db


def page(client, membership):
    return client.get(reverse("wallet:card", args=[membership.pk]))


@pytest.mark.req("R5.1", "R3.5")
def test_a_card_shows_balance_rewards_and_how_far_they_are(cast, mia, ago):
    make_reward(cast.card, "Mug", 20, position=1)
    buy(cast, 3050, at=ago(9))

    words = main_text(page(mia, cast.membership))

    assert "Balance 30 points" in words
    assert "Mug 20 points Claim Mug" in words
    assert "Croissant 30 / 200 170 points to go, about 6 visits" in words


@pytest.mark.req("R7.1")
def test_the_code_on_the_page_is_the_one_that_stands_now(cast, mia, now):
    body = page(mia, cast.membership).content.decode()

    drawn = re.search(r'<path fill="#000" d="([^"]+)"', body)[1]
    step = codes.step_at(now)
    held = cast.membership
    possible = {
        qr.matrix(
            qr.card_address(held.code, codes.rotating_code(held.totp_key, step + late))
        ).svg_path()
        for late in (0, 1)
    }
    assert drawn in possible
    assert " ".join(re.findall("....", held.code)) in main_text(page(mia, held))


@pytest.mark.req("R7.1")
def test_without_a_sign_in_there_is_no_card_and_no_code(cast, client):
    response = page(client, cast.membership)

    assert response.status_code == 302
    assert response.url == f"/accounts/login/?next=/wallet/cards/{cast.membership.pk}/"


@pytest.mark.req("R7.1")
def test_the_script_gets_what_it_needs_to_make_codes_without_a_network(cast, mia):
    body = page(mia, cast.membership).content.decode()

    data = json.loads(
        re.search(r'<script id="wallet-card" type="application/json">(.*?)</script>', body)[1]
    )
    assert data | {"serverMs": 0, "owner": "x"} == {
        "owner": "x",
        "code": cast.membership.code,
        "key": cast.membership.totp_key,
        "site": "http://testserver",
        "serverMs": 0,
        "firstName": "Mia",
        "cardName": "Harbour Coffee",
        "balance": "0 points",
        "brand": "#0f6e4f",
        "onBrand": "#ffffff",
    }
    assert cast.mia.email not in data["owner"]


@pytest.mark.req("R5.1")
def test_history_says_what_happened_in_plain_words(cast, mia, ago):
    buy(cast, 1240, at=ago(30))
    buy(cast, 80, at=ago(20))

    assert lines(page(mia, cast.membership)) == [
        (
            "Purchase €0.80 · Old Port",
            "0",
            "1 point per €1.00, rounded down, €0.20 more to go",
        ),
        ("Purchase €12.40 · Old Port", "+12", "1 point per €1.00, rounded down"),
        ("Joined",),
    ]


@pytest.mark.req("R5.1")
def test_an_undone_visit_stays_in_the_history_and_says_so(cast, mia, ago):
    purchase = buy(cast, 12400, at=ago(9))
    rollbacks.undo_own_latest(
        deed=deed(cast.sam, at=ago(8), store=cast.old_port),
        membership_id=cast.membership.pk,
        transaction_id=purchase.pk,
    )

    response = page(mia, cast.membership)

    assert lines(response)[0] == ("Purchase €124.00 · Old Port", "+124", "Taken back")
    assert 'class="deed is-undone"' in response.content.decode()


@pytest.mark.req("CU18", "CU19", "CU20")
def test_members_read_the_comment_and_never_the_internal_note(cast, mia, ago):
    def adjust(points, minutes, **note):
        adjustments.adjust_points(
            deed=deed(cast.petra, Source.ADMIN, at=ago(minutes)),
            membership_id=cast.membership.pk,
            points=points,
            reason="GOODWILL",
            note=Note(**note),
        )

    adjust(15, 9, internal="angry guest", comment="Sorry for the wait")
    adjust(-5, 8, internal="typing slip", comment="")

    response = page(mia, cast.membership)

    assert lines(response)[:2] == [
        ("Correction", "−5", "Manual adjustments"),
        ("Points given", "+15", "Sorry for the wait"),
    ]
    assert "angry guest" not in response.content.decode()
    assert "typing slip" not in response.content.decode()


@pytest.mark.req("R3.2")
def test_the_words_of_the_card_stand_on_its_page(cast, mia):
    CardText.objects.create(
        card=cast.card,
        language="en",
        title="Harbour Card",
        description="Coffee counts.",
        rules="Scan first.",
        terms="No cash.",
    )
    CardText.objects.create(card=cast.card, language="ar", title="بطاقة")

    response = page(mia, cast.membership)

    assert "<title>Harbour Card</title>" in response.content.decode()
    assert "Coffee counts. How it works Scan first. Terms No cash." in main_text(response)


@pytest.mark.req("R5.1")
def test_the_next_expiry_and_every_date_are_named(mia, cast, ago, now):
    today = now.astimezone(cast.partner.zone()).date()
    late = day_words(grant(cast, 15, days=40, at=ago(9)), today=today)
    soon = day_words(grant(cast, 5, days=10, at=ago(8)), today=today)
    grant(cast, 7, days=None, at=ago(7))

    words = main_text(page(mia, cast.membership))

    assert (
        f"5 points expire on {soon} All dates {soon} 5 points {late} 15 points"
        " Without end 7 points" in words
    )


def grant(cast, points, *, days, at):
    """Let Petra give points that last so many days; return the last of them."""
    Card.objects.filter(pk=cast.card.pk).update(expiry_days=days)
    publish(Card.objects.get(pk=cast.card.pk), at=at)
    adjustments.adjust_points(
        deed=deed(cast.petra, Source.ADMIN, at=at),
        membership_id=cast.membership.pk,
        points=points,
        reason="GOODWILL",
    )
    return at.astimezone(cast.partner.zone()).date() + timedelta(days=days or 0)


@pytest.mark.req("R5.1")
def test_the_next_tier_says_what_is_missing(now, ago, browser_of):
    cast = make_cast()
    make_tier(cast.card, "Silver", 100)
    make_tier(cast.card, "Gold", 300, multiplier="1.50")
    buy(cast, 14000, at=ago(9))

    words = main_text(page(browser_of(cast.mia), cast.membership))

    assert "Tier Silver" in words
    assert "Next tier 160 points to Gold" in words


@pytest.mark.req("R5.1")
def test_at_the_top_the_card_says_what_the_tier_gives(ago, browser_of):
    cast = make_cast()
    make_tier(cast.card, "Gold", 100, multiplier="1.50")
    buy(cast, 14000, at=ago(9))

    words = main_text(page(browser_of(cast.mia), cast.membership))

    assert "Gold earns 1.5 times the points." in words
    assert "to Gold" not in words


@pytest.mark.req("R3.5")
def test_rewards_that_cannot_be_had_say_why_and_offer_no_button(cast, mia, now, ago):
    cast.reward.delete()
    gold = make_tier(cast.card, "Gold", 1000)
    make_reward(cast.card, "Mug", 5, stock=0, position=1)
    make_reward(cast.card, "Evening", 5, min_tier=gold, position=2)
    make_reward(cast.card, "Ice", 5, valid_until=now - timedelta(days=1), position=3)
    make_reward(cast.card, "Old", 5, valid_until=now - timedelta(days=99), position=4)
    make_reward(cast.card, "Soon", 5, valid_from=now + timedelta(days=1), position=5)
    buy(cast, 1000, at=ago(9))

    response = page(mia, cast.membership)

    assert (
        "Mug 5 points Sold out Evening 5 points From tier Gold Ice 5 points Ended"
        " Soon 5 points Not yet" in main_text(response)
    )
    assert "Claim" not in main_text(response)


@pytest.mark.req("R5.1")
def test_a_kept_voucher_is_shown_until_it_is_used(cast, mia, ago):
    buy(cast, 30000, at=ago(9))
    issued = vouchers.issue_voucher(
        deed=deed(cast.petra, Source.ADMIN, at=ago(8)),
        membership_id=cast.membership.pk,
        reward_id=cast.reward.pk,
    )

    assert "Kept for you Croissant Ask for it at the counter" in main_text(
        page(mia, cast.membership)
    )
    vouchers.use_voucher(
        deed=deed(cast.petra, Source.ADMIN, at=ago(7)),
        membership_id=cast.membership.pk,
        voucher_id=issued.voucher_moves.get().voucher_id,
        scan_id=0,
    )
    assert "Kept for you" not in main_text(page(mia, cast.membership))


@pytest.mark.req("CU10")
def test_a_removed_card_is_gone_from_every_page(cast, mia, ago):
    change(cast, MembershipStatus.REMOVED, ago(5))

    for name in ("card", "fragment", "version", "history", "replace_code"):
        assert mia.get(reverse(f"wallet:{name}", args=[cast.membership.pk])).status_code == 404
    assert "No cards yet" in main_text(mia.get(reverse("wallet:home")))


@pytest.mark.req("CU10")
def test_a_blocked_card_says_so_and_shows_no_code(cast, mia, ago):
    change(cast, MembershipStatus.BLOCKED, ago(5))

    response = page(mia, cast.membership)

    assert "This card is blocked. Your points are safe; ask at the counter." in main_text(response)
    assert cast.membership.totp_key not in response.content.decode()
    assert "data-qr" not in response.content.decode()
    assert mia.get(reverse("wallet:version", args=[cast.membership.pk])).status_code == 404


def change(cast, status, at):
    memberships.change_status(
        deed=deed(cast.petra, Source.ADMIN, at=at), membership_id=cast.membership.pk, status=status
    )


def test_a_paused_card_keeps_its_points_and_offers_no_claim(cast, mia, ago):
    buy(cast, 30000, at=ago(9))
    Card.objects.filter(pk=cast.card.pk).update(status=CardStatus.PAUSED)

    words = main_text(page(mia, cast.membership))

    assert "This card takes a break" in words
    assert "300 points" in words
    assert "Claim" not in words


@pytest.mark.req("R7.1")
def test_a_lost_phone_is_answered_by_a_new_code(cast, mia):
    before = Membership.objects.get(pk=cast.membership.pk)
    address = reverse("wallet:replace_code", args=[before.pk])

    asked = mia.get(address)
    unchanged = Membership.objects.get(pk=before.pk)
    done = mia.post(address, follow=True)

    after = Membership.objects.get(pk=before.pk)
    assert "Get a new code?" in main_text(asked)
    assert (unchanged.code, unchanged.totp_key) == (before.code, before.totp_key)
    assert after.code != before.code
    assert after.totp_key != before.totp_key
    assert "Your card has a new code." in main_text(done)


@pytest.mark.req("R5.1")
def test_older_deeds_stand_on_their_own_pages(cast, mia, ago, monkeypatch):
    monkeypatch.setattr("loyalty.wallet.views.card.HISTORY_LINES", 2)
    for number in range(4):
        buy(cast, 100 + number * 100, at=ago(50 - number * 10))

    first = mia.get(reverse("wallet:history", args=[cast.membership.pk]))
    second = mia.get(
        reverse("wallet:history", args=[cast.membership.pk]) + attribute(first, 'rel="next" href')
    )

    assert [line[1] for line in lines(first)] == ["+4", "+3"]
    assert [line[1] for line in lines(second)] == ["+2", "+1"]


def test_a_card_page_takes_at_most_eight_statements(cast, mia, ago, django_assert_max_num_queries):
    for number in range(25):
        buy(cast, 10000, at=ago(60 - number * 2))
    for number in range(5):
        make_reward(cast.card, f"Thing {number}", 100)
    reward = cast.card.rewards.order_by("pk").first()
    mia.post(reverse("wallet:start_claim", args=[cast.membership.pk, reward.pk]))

    with django_assert_max_num_queries(8):
        response = page(mia, cast.membership)
    with django_assert_max_num_queries(8):
        mia.get(reverse("wallet:fragment", args=[cast.membership.pk]))

    assert len(lines(response)) == 20
    assert "Show the code" in main_text(response)


def test_the_list_of_cards_takes_as_many_statements_for_three_as_for_one(
    cast, mia, django_assert_num_queries
):
    with django_assert_num_queries(4):
        mia.get(reverse("wallet:home"))
    for number in range(2):
        card = make_card(cast.harbour, f"Card {number}")
        make_reward(card, "Bun", 10)
        join(cast.mia, card)

    with django_assert_num_queries(4):
        response = mia.get(reverse("wallet:home"))

    assert main_text(response).count("points to go") == 3


def test_personal_pages_are_kept_by_nobody(cast, mia):
    for name, arguments in (("home", []), ("card", [cast.membership.pk]), ("profile", [])):
        response = mia.get(reverse(f"wallet:{name}", args=arguments))
        assert response["Cache-Control"] == "no-store"
