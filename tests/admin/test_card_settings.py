"""The settings of a card's rules: kept where they apply, refused where they cannot work (IV3)."""

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from cards import terms
from cards.models import Card, Tier
from clubs.models import Role
from tests.admin.desk import at_desk, errors, shown, submit
from tests.cast import make_cast, make_manager, make_tier, make_user

pytestmark = pytest.mark.django_db


def page(card):
    return reverse("admin:cards_card_change", args=[card.pk])


def card_errors(response):
    """Return the names of the fields that were refused."""
    return [] if response.status_code == 302 else list(response.context["adminform"].form.errors)


SETTINGS = [
    # typed                                              stored
    ({"award_criteria": "CUMULATIVE", "cumulative_days": "30"}, {"cumulative_days": 30}),
    ({"award_criteria": "EVERY_TRANSACTION", "cumulative_days": "30"}, {"cumulative_days": None}),
    ({"conflict_basis": "PLAN_GLOBAL"}, {"conflict_basis": "PLAN_GLOBAL"}),
    ({"conflict_method": "AVERAGE"}, {"conflict_method": "AVERAGE"}),
    ({"special_window": "WEEK", "special_days_before": "3"}, {"special_days_before": 0}),
    (
        {"special_window": "DAYS", "special_days_before": "3", "special_days_after": "5"},
        {"special_days_before": 3, "special_days_after": 5},
    ),
    ({"tier_basis": "AVAILABLE_POINTS"}, {"tier_basis": "AVAILABLE_POINTS"}),
    ({"tier_basis": "AWARDED_CREDIT"}, {"tier_basis": "AWARDED_CREDIT"}),
    ({"tier_basis": "AVAILABLE_CREDIT", "tier_window": "ROLLING"}, {"tier_window": "LIFETIME"}),
    ({"tier_management": "AFTER_DAYS", "tier_days": "30"}, {"tier_days": 30}),
    ({"tier_management": "MANUAL", "tier_days": "30"}, {"tier_days": None}),
    ({"tier_window": "ROLLING", "tier_window_days": "365"}, {"tier_window_days": 365}),
    ({"redemption_method": "FALLBACK"}, {"redemption_method": "FALLBACK"}),
    ({"base_rate": "0.015"}, {"base_rate": Decimal("0.015")}),
    ({"refund_method": "NONE"}, {"refund_method": "NONE"}),
    ({"clawback": "REFUSE"}, {"clawback": "REFUSE"}),
    (
        {"expiry_override": "BY_HAND", "expiry_override_days": "10", "expiry_grace_days": "5"},
        {"expiry_override_days": 10, "expiry_grace_days": 5},
    ),
    ({"expiry_override": "OFF", "expiry_override_days": "10"}, {"expiry_override_days": 0}),
    ({"loyalty_tender": "NOTHING"}, {"loyalty_tender": "NOTHING"}),
    ({"welcome_points": "50", "welcome_credit_minor": "2.50"}, {"welcome_credit_minor": 250}),
    ({"credit_per_step_minor": "0.05"}, {"credit_per_step_minor": 5}),
    ({"max_credit_day_minor": "20"}, {"max_credit_day_minor": 2000}),
    ({"buy_step_minor": "2.00", "buy_points_per_step": ""}, {"buy_points_per_step": 1}),
    ({"stamps_per_card": "10", "full_cards": "KEEP"}, {"stamps_per_card": 10}),
    ({"are_receipts_shown": None}, {"are_receipts_shown": False}),
    ({"website": "harbour.example"}, {"website": "https://harbour.example"}),
    ({"company_name": "Harbour Ltd"}, {"company_name": "Harbour Ltd"}),
    ({"special_window": "DAYS", "special_days_before": ""}, {"special_days_before": 0}),
    ({"award_criteria": "EVERY_TRANSACTION", "cumulative_days": "x"}, {"cumulative_days": None}),
]


@pytest.mark.req(
    "IV3.7", "IV3.8", "IV3.9", "IV3.10", "IV3.11", "IV3.12", "IV3.13", "IV3.14", "IV3.15",
    "IV3.16", "IV3.17", "IV3.18", "IV3.19", "IV3.20", "IV3.21", "IV3.22", "IV3.23", "IV3.27",
    "IV3.28", "IV3.29", "IV3.30", "FA1", "FA2", "CU32",
)  # fmt: skip
@pytest.mark.parametrize(("typed", "stored"), SETTINGS)
def test_a_setting_is_kept_where_it_applies_and_neutral_where_it_does_not(typed, stored):
    cast = make_cast(uses_plans=True)

    response = submit(at_desk(cast.petra), page(cast.card), **typed)

    assert card_errors(response) == []
    card = Card.objects.get(pk=cast.card.pk)
    assert {name: getattr(card, name) for name in stored} == stored


def test_a_card_ends_on_the_clock_of_its_business():
    cast = make_cast()
    typed = {"valid_until_0": "2027-05-01", "valid_until_1": "10:00"}

    response = submit(at_desk(cast.petra), page(cast.card), **typed)

    assert card_errors(response) == []
    ends_at = Card.objects.get(pk=cast.card.pk).valid_until
    assert (cast.partner.timezone, ends_at) == (
        "Europe/Lisbon",
        datetime(2027, 5, 1, 9, tzinfo=UTC),
    )


IMPOSSIBLE = [
    # typed                                                      refused at
    ({"award_criteria": "CUMULATIVE"}, ["cumulative_days"]),
    ({"award_criteria": "CUMULATIVE", "cumulative_days": "0"}, ["cumulative_days"]),
    ({"tier_management": "AFTER_DAYS"}, ["tier_days"]),
    ({"tier_window": "ROLLING"}, ["tier_window_days"]),
    ({"base_redemption_percent": "100.01"}, ["base_redemption_percent"]),
    ({"base_redemption_percent": "-1"}, ["base_redemption_percent"]),
    ({"base_rate": "-0.01"}, ["base_rate"]),
    ({"special_window": "DAYS", "special_days_before": "-1"}, ["special_days_before"]),
    ({"buy_step_minor": "0"}, ["buy_step_minor"]),
    ({"max_credit_minor": "0"}, ["max_credit_minor"]),
    ({"credit_per_step_minor": "0.001"}, ["credit_per_step_minor"]),
    ({"stamps_per_card": "1"}, ["stamps_per_card"]),
    ({"expiry_override": "AUTOMATIC", "expiry_override_days": "x"}, ["expiry_override_days"]),
]


@pytest.mark.req("IV3.13", "IV3.15", "IV3.18", "IV6.7", "CU32")
@pytest.mark.parametrize(("typed", "refused"), IMPOSSIBLE)
def test_a_setting_that_cannot_work_is_refused_beside_its_field(typed, refused):
    cast = make_cast(uses_plans=True)

    response = submit(at_desk(cast.petra), page(cast.card), **typed)

    assert card_errors(response) == refused


@pytest.mark.req("IV3.17", "IV3.18", "IV3.19", "IV3.20")
def test_a_new_card_begins_with_what_most_cards_use():
    cast = make_cast()

    values = shown(at_desk(cast.petra), reverse("admin:cards_card_add"))

    names = ("conflict_method", "tier_management", "redemption_method", "refund_method")
    usual = ("MAXIMUM", "AUTOMATIC", "CURRENT_TIER", "PRO_RATA")
    assert tuple(values[name] for name in names) == usual


def test_each_field_that_depends_on_another_says_so_to_the_page():
    cast = make_cast()

    body = at_desk(cast.petra).get(page(cast.card)).content.decode()

    assert 'data-when="is_points_only=;award_criteria=CUMULATIVE"' in body
    assert "js/admin/conditional.js" in body


@pytest.mark.req("CU32")
def test_a_full_stamp_card_gives_a_reward_of_its_own_card():
    cast = make_cast()
    towel = cast.hill_card.rewards.get()
    client = at_desk(cast.petra)

    foreign = submit(client, page(cast.card), stamps_per_card="10", full_card_reward=towel.pk)
    own = submit(client, page(cast.card), stamps_per_card="10", full_card_reward=cast.reward.pk)
    submit(client, page(cast.card), stamps_per_card="")

    assert (card_errors(foreign), card_errors(own)) == (["full_card_reward"], [])
    assert Card.objects.get(pk=cast.card.pk).full_card_reward_id is None


@pytest.mark.req("IV3.31")
def test_a_logo_is_drawn_anew_small_enough_and_removed():
    cast = make_cast()
    picture = BytesIO()
    Image.new("RGB", (900, 900), "red").save(picture, "PNG")
    upload = SimpleUploadedFile("logo.png", picture.getvalue(), "image/png")
    client = at_desk(cast.petra)

    client.post(page(cast.card), {**shown(client, page(cast.card)), "logo": upload})
    with Card.objects.get(pk=cast.card.pk).logo.open() as file, Image.open(file) as stored:
        added = stored.format, stored.size
    client.post(page(cast.card), {**shown(client, page(cast.card)), "logo-clear": "on"})

    assert added == ("JPEG", (400, 400))
    assert not Card.objects.get(pk=cast.card.pk).logo


@pytest.mark.req("IV3.32")
def test_the_card_leads_to_the_pages_of_its_other_rules_with_how_many_there_are():
    cast = make_cast(uses_plans=True)

    body = at_desk(cast.petra).get(page(cast.card)).content.decode()
    led = at_desk(cast.petra).get(reverse("admin:cards_card_plans", args=[cast.card.pk]))

    for name in ("plan", "expiryrule", "referralrule"):
        assert f"/admin/cards/{name}/?card__id__exact={cast.card.pk}" in body
    assert led.url == f"/admin/cards/plan/?card__id__exact={cast.card.pk}"


@pytest.mark.req("IV6.7")
def test_a_tier_has_rate_percentage_multiplier_threshold_and_entry_reward():
    cast = make_cast()
    make_tier(cast.card, "Gold", 500)
    client = at_desk(cast.petra)

    response = submit(
        client,
        page(cast.card),
        **{
            "tiers-0-rate": "0.05",
            "tiers-0-redemption_percent": "50",
            "tiers-0-multiplier": "1.5",
            "tiers-0-entry_reward": str(cast.reward.pk),
        },
    )
    over = submit(client, page(cast.card), **{"tiers-0-redemption_percent": "101"})

    assert response.status_code == 302, errors(response)
    tier = terms.draft(cast.card).tiers[0]
    assert (tier.rate, tier.redemption_percent, tier.multiplier, tier.entry_reward_id) == (
        Decimal(5),
        Decimal(50),
        Decimal("1.5"),
        cast.reward.pk,
    )
    assert errors(over) == "Ensure this value is less than or equal to 100."


@pytest.mark.req("IV3.9", "IV3.10", "IV6.7")
def test_thresholds_are_typed_as_money_where_credit_counts():
    cast = make_cast()
    make_tier(cast.card, "Gold", 500)
    client = at_desk(cast.petra)

    submit(client, page(cast.card), tier_basis="AWARDED_CREDIT", **{"tiers-0-min_value": "25.50"})

    assert Tier.objects.get().min_value == 2550
    assert shown(client, page(cast.card))["tiers-0-min_value"] == "25.50"


@pytest.mark.req("IV3.33")
def test_who_may_only_look_sees_money_in_words_and_nothing_that_does_not_apply():
    cast = make_cast(welcome_credit_minor=250)
    support = make_user("support")
    make_manager(support, cast.partner, Role.SUPPORT)
    client = at_desk(support)

    body = client.get(page(cast.card)).content.decode()

    assert ("€2.50" in body, "Amount per step" in body) == (True, True)
    absent = ("Days that count together", "Several plans are settled", "_save", "_publish")
    assert [words for words in absent if words in body] == []
