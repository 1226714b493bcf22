"""A member's claim: its code, its end, and the refusals."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from cards.models import Card, CardStatus, Reward
from loyalty.ledger.models import Transaction
from loyalty.members import codes
from loyalty.members.models import Claim, MembershipStatus
from loyalty.operations import memberships, redemptions, rollbacks, scans
from loyalty.operations.scans import Looker
from loyalty.web import qr
from tests.cast import deed, make_reward
from tests.operations.counter import buy
from tests.wallet.reading import attribute, main_text

pytestmark = pytest.mark.django_db


def start(client, cast, reward=None, **options):
    chosen = reward or cast.reward
    return client.post(
        reverse("wallet:start_claim", args=[cast.membership.pk, chosen.pk]), **options
    )


def token_of(client, claim):
    return client.session["claim_tokens"][str(claim.pk)]


@pytest.fixture
def rich(cast, ago):
    """Give Mia 300 points."""
    buy(cast, 30000, at=ago(20))
    return cast


def hand_out(cast, client, claim, at):
    """Let Sam scan the claim's code and hand out the reward."""
    shown = scans.show_claim(
        looker=Looker(user=cast.sam, session_hash="till", store=cast.old_port),
        token=token_of(client, claim),
        at=at,
    )
    return redemptions.redeem_claim(
        deed=deed(cast.sam, store=cast.old_port, at=at),
        claim_id=claim.pk,
        membership_id=cast.membership.pk,
        scan_id=shown.scan_id,
    )


@pytest.mark.req("R10.1", "PA2.4")
def test_with_enough_points_a_claim_shows_its_code(rich, mia):
    response = start(mia, rich, follow=True)

    claim = Claim.objects.get()
    path = re.search(r'<path fill="#000" d="([^"]+)"', response.content.decode())[1]
    token = token_of(mia, claim)
    assert codes.hashed(token) == claim.token_hash
    assert qr.claim_address(token) == f"HTTP://TESTSERVER/R/{token}"
    assert path == qr.matrix(qr.claim_address(token)).svg_path()
    assert "Croissant 200 points" in main_text(response)
    assert claim.expires_at - claim.started_at == timedelta(minutes=5)
    ends = int(attribute(response, "data-expires-ms")) - int(attribute(response, "data-server-ms"))
    assert 290_000 < ends <= 300_000


@pytest.mark.req("R10.1")
def test_without_enough_points_nothing_is_claimed(cast, mia, ago):
    buy(cast, 14000, at=ago(20))

    response = start(mia, cast, follow=True)

    assert "60 points are missing. Nothing was taken." in main_text(response)
    assert Claim.objects.count() == 0


@pytest.mark.req("R10.1", "R3.5")
def test_a_reward_that_cannot_be_had_is_refused_in_words(rich, mia, now):
    gone = make_reward(rich.card, "Mug", 5, stock=0)
    over = make_reward(rich.card, "Ice", 5, valid_until=now - timedelta(hours=1))
    foreign = Reward.objects.get(card=rich.hill_card)

    assert "This reward is sold out. Your points stay yours." in main_text(
        start(mia, rich, gone, follow=True)
    )
    for reward in (over, foreign):
        assert "This reward is no longer offered. Nothing was taken." in main_text(
            start(mia, rich, reward, follow=True)
        )
    assert Claim.objects.count() == 0


def test_a_claim_on_a_paused_card_is_refused(rich, mia):
    Card.objects.filter(pk=rich.card.pk).update(status=CardStatus.PAUSED)

    response = start(mia, rich, follow=True)

    assert response.redirect_chain[0][0] == reverse("wallet:card", args=[rich.membership.pk])
    assert Claim.objects.count() == 0


@pytest.mark.req("R10.1")
def test_starting_again_keeps_the_end_and_kills_the_earlier_code(rich, mia):
    start(mia, rich)
    first = Claim.objects.get()
    first_token = token_of(mia, first)

    start(mia, rich)

    again = Claim.objects.get()
    assert again.expires_at == first.expires_at
    assert token_of(mia, again) != first_token
    assert again.token_hash == codes.hashed(token_of(mia, again))


@pytest.mark.req("R10.1")
def test_a_code_opened_on_another_phone_is_offered_here_again(rich, mia, browser_of):
    start(mia, rich)
    claim = Claim.objects.get()
    tablet = browser_of(rich.mia)

    here = tablet.get(reverse("wallet:claim", args=[claim.pk]))
    start(tablet, rich)
    there = mia.get(reverse("wallet:claim", args=[claim.pk]))

    for response in (here, there):
        assert "The code is open on another device Nothing was taken." in main_text(response)
        assert "data-qr" not in response.content.decode()


@pytest.mark.req("R10.1")
def test_after_five_minutes_the_claim_starts_again(rich, mia, ago):
    start(mia, rich)
    Claim.objects.update(expires_at=ago(1))
    claim = Claim.objects.get()

    over = mia.get(reverse("wallet:claim", args=[claim.pk]))
    state = mia.get(reverse("wallet:claim_state", args=[claim.pk])).json()
    start(mia, rich)

    assert "The time is up Nothing was taken." in main_text(over)
    assert state == {"state": "over"}
    assert Claim.objects.count() == 2


@pytest.mark.req("R10.1", "R10.2")
def test_a_used_claim_shows_what_was_taken(rich, mia, now):
    start(mia, rich)
    claim = Claim.objects.get()
    state = reverse("wallet:claim_state", args=[claim.pk])
    before = mia.get(state)

    hand_out(rich, mia, claim, claim.started_at + timedelta(seconds=5))

    after = mia.get(state, headers={"if-none-match": before["ETag"]})
    result = main_text(mia.get(reverse("wallet:claim", args=[claim.pk])))
    assert before.json() == {"state": "open"}
    assert mia.get(state, headers={"if-none-match": after["ETag"]}).status_code == 304
    assert after.json() == {"state": "used"}
    assert "Handed out." in result
    assert "Balance before 300 points Croissant −200 Balance after 100 points" in result
    assert "Where Old Port" in result


@pytest.mark.req("R10.2")
def test_a_reward_that_was_taken_back_is_shown_so(rich, mia):
    start(mia, rich)
    claim = Claim.objects.get()
    used = hand_out(rich, mia, claim, claim.started_at + timedelta(seconds=5))
    rollbacks.undo_own_latest(
        deed=deed(rich.sam, store=rich.old_port, at=used.occurred_at + timedelta(seconds=5)),
        membership_id=rich.membership.pk,
        transaction_id=used.pk,
    )

    result = main_text(mia.get(reverse("wallet:claim", args=[claim.pk])))

    assert "Croissant was taken back 200 points are yours again." in result


@pytest.mark.req("R10.1")
def test_a_claim_takes_no_points_by_itself(rich, mia):
    deeds = Transaction.objects.count()

    start(mia, rich)

    assert Transaction.objects.count() == deeds
    assert "Balance 300 points" in main_text(
        mia.get(reverse("wallet:card", args=[rich.membership.pk]))
    )
    assert "Your code is open." in main_text(
        mia.get(reverse("wallet:card", args=[rich.membership.pk]))
    )


def test_a_blocked_member_claims_nothing(rich, mia, ago):
    memberships.change_status(
        deed=deed(rich.petra, at=ago(1)),
        membership_id=rich.membership.pk,
        status=MembershipStatus.BLOCKED,
    )

    response = start(mia, rich, follow=True)

    assert "This card is blocked." in main_text(response)
    assert Claim.objects.count() == 0


def test_a_session_keeps_the_codes_of_its_latest_claims_alone(rich, mia):
    rewards = [make_reward(rich.card, f"Bun {number}", 10) for number in range(5)]
    for reward in rewards:
        start(mia, rich, reward)

    latest = Claim.objects.order_by("pk").values_list("pk", flat=True)
    assert list(mia.session["claim_tokens"]) == [str(pk) for pk in latest][-3:]


def test_a_claim_is_started_by_a_post_alone(rich, mia):
    address = reverse("wallet:start_claim", args=[rich.membership.pk, rich.reward.pk])

    assert mia.get(address).status_code == 405
    assert Claim.objects.count() == 0
