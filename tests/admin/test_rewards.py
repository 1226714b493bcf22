"""Rewards: an active card has them, in an order set by hand, and each has its own page."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from cards.models import Reward, RewardStatus
from tests.admin.card_forms import ADD, page
from tests.admin.desk import at_desk, errors, shown, submit
from tests.cast import make_cast, make_reward, make_tier

pytestmark = pytest.mark.django_db


@pytest.mark.req("R3.4")
def test_a_card_cannot_be_activated_without_a_reward():
    cast = make_cast()
    client = at_desk(cast.petra)
    words = "A card needs at least one reward before it is active. Add one below."

    fresh = submit(client, ADD, club=cast.hill.pk, name="Bare", status="ACTIVE")
    paused = submit(client, page(cast.card), **{"rewards-0-status": "PAUSED"})

    assert (errors(fresh), errors(paused)) == (words, words)
    assert words in fresh.content.decode()
    assert Reward.objects.get(pk=cast.reward.pk).status == RewardStatus.ACTIVE


def test_the_last_reward_of_an_active_card_cannot_be_paused_on_its_own_page_either():
    cast = make_cast()

    response = submit(
        at_desk(cast.petra),
        reverse("admin:cards_reward_change", args=[cast.reward.pk]),
        status="PAUSED",
    )

    assert errors(response) == "An active card needs one reward at least."


@pytest.mark.req("R3.4")
def test_rewards_are_ordered_by_their_place_in_the_grid():
    cast = make_cast()
    mug = make_reward(cast.card, "Mug", 900)
    client = at_desk(cast.petra)

    body = client.get(page(cast.card)).content.decode()
    submit(client, page(cast.card), **{"rewards-0-position": "1", "rewards-1-position": "0"})

    assert "x-sort" in body
    assert list(cast.card.rewards.order_by("position").values_list("pk", flat=True)) == [
        mug.pk,
        cast.reward.pk,
    ]


@pytest.mark.req("R3.5")
def test_a_reward_has_its_own_page_with_picture_stock_dates_and_tier():
    cast = make_cast()
    gold = make_tier(cast.card, "Gold", 500)
    picture = BytesIO()
    Image.new("RGB", (2400, 1200), "red").save(picture, "PNG")
    client = at_desk(cast.petra)
    path = reverse("admin:cards_reward_change", args=[cast.reward.pk])
    upload = SimpleUploadedFile("shot.png", picture.getvalue(), "image/png")

    values = shown(client, path)
    response = client.post(
        path,
        {**values, "stock": "10", "per_member": "2", "min_tier": gold.pk, "image": upload},
    )

    assert response.status_code == 302, errors(response)
    reward = Reward.objects.get(pk=cast.reward.pk)
    assert (reward.stock, reward.per_member, reward.min_tier_id) == (10, 2, gold.pk)
    with reward.image.open() as file, Image.open(file) as stored:
        assert (stored.format, stored.size) == ("JPEG", (1200, 600))


def test_a_picture_that_is_none_is_refused():
    cast = make_cast()
    client = at_desk(cast.petra)
    path = reverse("admin:cards_reward_change", args=[cast.reward.pk])
    drawing = SimpleUploadedFile("x.svg", b"<svg onload='alert(1)'/>", "image/svg+xml")

    response = client.post(path, {**shown(client, path), "image": drawing})

    assert errors(response) == "A JPEG, PNG, WebP or GIF picture."


def test_a_card_form_that_a_reward_overtook_is_stale():
    cast = make_cast()
    client = at_desk(cast.petra)
    stale = shown(client, page(cast.card))
    submit(client, reverse("admin:cards_reward_change", args=[cast.reward.pk]), cost="250")

    response = client.post(page(cast.card), stale)

    assert "Somebody changed this meanwhile" in errors(response)
    assert Reward.objects.get(pk=cast.reward.pk).cost == 250


def test_a_new_reward_on_its_own_page_gets_code_and_partner():
    cast = make_cast()

    response = submit(
        at_desk(cast.petra),
        "/admin/cards/reward/add/",
        card=cast.card.pk,
        name="Croissant",
        cost="9",
    )

    assert response.status_code == 302, errors(response)
    made = Reward.objects.order_by("-pk").first()
    assert (made.code, made.partner_id) == ("croissant-2", cast.partner.pk)
