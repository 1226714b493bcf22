"""A card is one form: rules, tiers and words; its rules are a draft at first."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from cards import terms
from cards.models import Card, CardStatus, CardText, NumberMode, TermsVersion, Tier
from loyalty.audit.models import AuditEvent
from loyalty.rules.terms import Line, Plan
from tests.admin.card_forms import ADD, new_reward, page
from tests.admin.desk import at_desk, errors, shown, submit
from tests.cast import make_cast, make_club, make_tier

pytestmark = pytest.mark.django_db


@pytest.mark.req("R3.1", "R3.4", "R3.6", "IV3.2")
def test_a_card_is_made_in_one_form_and_its_rules_are_published_at_once():
    cast = make_cast()

    response = submit(
        at_desk(cast.petra),
        ADD,
        club=cast.hill.pk,
        name="Hill Café",
        status="ACTIVE",
        step_minor="2.50",
        points_per_step="3",
        min_amount_minor="",
        max_amount_minor="500",
        expiry_days="90",
        **new_reward(),
    )

    assert response.status_code == 302, errors(response)
    card = Card.objects.get(name="Hill Café")
    assert (card.partner_id, card.code, card.step_minor, card.min_amount_minor) == (
        cast.partner.pk,
        "hill-cafe",
        250,
        0,
    )
    assert card.activated_at is not None
    assert list(card.rewards.values_list("name", "code", "partner")) == [
        ("Croissant", "croissant", cast.partner.pk)
    ]
    version = card.terms_versions.get()
    assert terms.of_version(version.pk).plans == (
        Plan(code="SIMPLE", lines=(Line(key=-1, value=Decimal(250), award=3),)),
    )
    assert version.published_by_id == cast.petra.pk


@pytest.mark.req("R3.6")
def test_a_card_without_a_club_is_refused():
    cast = make_cast()

    response = submit(at_desk(cast.petra), ADD, name="Loose", club="")

    assert errors(response) == "This field is required."
    assert not Card.objects.filter(name="Loose").exists()


@pytest.mark.req("R3.1")
def test_publishing_unchanged_rules_makes_no_version_and_changed_ones_a_new_one():
    cast = make_cast()
    client = at_desk(cast.petra)

    submit(client, page(cast.card), name="Renamed", _publish="1")
    same = TermsVersion.objects.filter(card=cast.card).count()
    submit(client, page(cast.card), points_per_step="2", _publish="1")

    assert same == 1
    assert list(
        TermsVersion.objects.filter(card=cast.card)
        .order_by("number")
        .values_list("number", flat=True)
    ) == [1, 2]


@pytest.mark.parametrize(
    ("currency", "typed", "stored"),
    [("JPY", "100", 100), ("KWD", "1.250", 1250), ("EUR", "1,5", 150)],
)
def test_money_is_typed_in_the_decimals_of_the_card_s_currency(currency, typed, stored):
    cast = make_cast()
    fields = {"max_amount_minor": "900", "min_amount_minor": "0", "currency": currency}

    response = submit(
        at_desk(cast.petra), ADD, club=cast.hill.pk, name="New", step_minor=typed, **fields
    )

    assert response.status_code == 302, errors(response)
    assert Card.objects.get(name="New").step_minor == stored


def test_money_is_shown_in_the_decimals_of_the_card_s_currency():
    cast = make_cast(currency="KWD", step_minor=1250)

    values = shown(at_desk(cast.petra), page(cast.card))

    assert (values["step_minor"], values["min_amount_minor"]) == ("1.250", "0.000")


@pytest.mark.parametrize(
    "typed",
    [
        "1_000",
        "1e3",
        "-0",
        "NaN",
        "9" * 400,
        "1.234",
        "0",
        "",
        "1\x002",
        "\u0661,\u0662\u0663\u0664",
    ],
)
def test_nonsense_in_an_amount_is_refused_beside_its_field(typed):
    cast = make_cast()

    response = submit(at_desk(cast.petra), page(cast.card), step_minor=typed)

    assert list(response.context["adminform"].form.errors) == ["step_minor"]
    assert Card.objects.get(pk=cast.card.pk).version == 1


def test_digits_of_other_scripts_count_as_digits():
    cast = make_cast()

    submit(at_desk(cast.petra), page(cast.card), step_minor="\u0662\u066b\u0665")

    assert Card.objects.get(pk=cast.card.pk).step_minor == 250


def test_amounts_and_dates_out_of_order_are_refused():
    cast = make_cast()
    client = at_desk(cast.petra)
    dates = {"valid_from_0": "2026-05-02", "valid_from_1": "10:00"}
    dates |= {"valid_until_0": "2026-05-01", "valid_until_1": "10:00"}

    amounts = submit(client, page(cast.card), min_amount_minor="50", max_amount_minor="20")
    order = submit(client, page(cast.card), **dates)

    assert errors(amounts) == "Less than the smallest amount that earns."
    assert errors(order) == "The card must end after it starts."


def test_the_currency_and_the_club_are_locked_once_the_card_was_activated():
    cast = make_cast()
    client = at_desk(cast.petra)

    values = shown(client, page(cast.card))
    submit(client, page(cast.card), currency="USD", club=cast.hill.pk)

    assert ("currency" in values, "club" in values) == (False, False)
    card = Card.objects.get(pk=cast.card.pk)
    assert (card.currency, card.club_id) == ("EUR", cast.harbour.pk)


@pytest.mark.req("IV3.6")
def test_the_way_of_numbers_is_locked_with_the_first_member():
    cast = make_cast()
    client = at_desk(cast.petra)

    held, free = shown(client, page(cast.card)), shown(client, page(cast.hill_card))
    submit(client, page(cast.card), number_mode="TYPED")

    assert ("number_mode" in held, "number_mode" in free) == (False, True)
    assert Card.objects.get(pk=cast.card.pk).number_mode == NumberMode.AUTO


@pytest.mark.req("R3.2")
def test_a_card_has_words_in_several_languages_and_one_set_each():
    cast = make_cast()
    client = at_desk(cast.petra)

    def texts(*languages):
        fields = {"texts-TOTAL_FORMS": str(len(languages))}
        for number, language in enumerate(languages):
            fields[f"texts-{number}-language"] = language
            fields[f"texts-{number}-title"] = f"Title {language}"
        return fields

    twice = submit(client, page(cast.card), **texts("ar", "ar"))
    submit(client, page(cast.card), **texts("ar", "pt"))

    assert "duplicate" in errors(twice)
    assert sorted(CardText.objects.values_list("language", "title")) == [
        ("ar", "Title ar"),
        ("pt", "Title pt"),
    ]


def test_tiers_are_archived_never_deleted_and_may_change_places():
    cast = make_cast()
    silver, gold = make_tier(cast.card, "Silver", 100), make_tier(cast.card, "Gold", 500)
    client = at_desk(cast.petra)

    swapped = submit(
        client, page(cast.card), **{"tiers-0-min_value": "500", "tiers-1-min_value": "100"}
    )
    same = submit(client, page(cast.card), **{"tiers-0-min_value": "500"})
    submit(client, page(cast.card), **{"tiers-0-is_archived": "on"}, _publish="1")

    assert swapped.status_code == 302, errors(swapped)
    assert errors(same) == "Another tier starts there."
    assert "tiers-0-DELETE" not in shown(client, page(cast.card))
    assert Tier.objects.get(pk=silver.pk).min_value == 500
    assert Tier.objects.get(pk=gold.pk).archived_at is not None
    assert [tier.name for tier in terms.of_version(_latest(cast.card).pk).tiers] == ["Silver"]


def _latest(card):
    return TermsVersion.objects.filter(card=card).order_by("-number").first()


def test_a_tier_offers_the_rewards_of_its_own_card_alone():
    cast = make_cast()
    make_tier(cast.card, "Gold", 500)
    towel = cast.hill_card.rewards.get()

    response = submit(
        at_desk(cast.petra), page(cast.card), **{"tiers-0-entry_reward": str(towel.pk)}
    )

    assert "valid choice" in errors(response)


def test_saving_a_card_is_audited_in_minor_units():
    cast = make_cast()

    submit(at_desk(cast.petra), page(cast.card), step_minor="2.00")

    event = AuditEvent.objects.get(kind="cards.card")
    assert (event.before, event.after) == ({"step_minor": 100}, {"step_minor": 200})


def test_the_dashboard_names_cards_that_end_soon():
    cast = make_cast()
    Card.objects.filter(pk=cast.card.pk).update(valid_until=timezone.now() + timedelta(days=3))

    body = at_desk(cast.petra).get("/admin/").content.decode()

    assert "Harbour Coffee ends soon" in body
    assert make_club(cast.partner, "Spare").pk
    assert Card.objects.get(pk=cast.card.pk).status == CardStatus.ACTIVE
