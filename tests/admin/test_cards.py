"""A card is one form: rules, look, rewards, tiers and words; its rules are a draft at first."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from cards import terms
from cards.models import (
    Card,
    CardStatus,
    CardText,
    NumberMode,
    PrintedCard,
    Reward,
    RewardStatus,
    TermsVersion,
    Tier,
)
from loyalty.audit.models import AuditEvent
from loyalty.members import codes
from loyalty.rules.terms import Line, Plan
from staff.contrast import contrast
from tests.admin.desk import at_desk, errors, shown, submit
from tests.cast import make_cast, make_club, make_reward, make_tier

pytestmark = pytest.mark.django_db
ADD = "/admin/cards/card/add/"


def page(card):
    return reverse("admin:cards_card_change", args=[card.pk])


def new_reward(number=0, **changed):
    """Return the fields of a new row in the grid of rewards."""
    fields = {"name": "Croissant", "code": "", "cost": "200", "status": "ACTIVE", "position": "0"}
    row = {f"rewards-{number}-{name}": value for name, value in {**fields, **changed}.items()}
    return {"rewards-TOTAL_FORMS": str(number + 1), **row}


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


@pytest.mark.req("R3.3")
def test_a_look_that_cannot_be_read_is_refused_with_the_contrast_it_has():
    cast = make_cast()

    response = submit(at_desk(cast.petra), page(cast.card), colour="#ffcc00", text_colour="#ffffff")

    assert errors(response) == (
        "The text cannot be read well on this colour: contrast 1.5, needed 4.5."
        " Choose a darker or lighter colour."
    )


@pytest.mark.req("R3.3")
@pytest.mark.parametrize("colour", ["red", "#12", "#gggggg", "url(x)", "#0f6e4f;"])
def test_a_colour_is_a_colour(colour):
    cast = make_cast()

    response = submit(at_desk(cast.petra), page(cast.card), colour=colour)

    assert list(response.context["adminform"].form.errors) == ["colour"]


CONTRASTS = [
    # text      colour     contrast
    ("#000000", "#ffffff", "21.0"),
    ("#ffffff", "#ffffff", "1.0"),
    ("#ffffff", "#0f6e4f", "6.2"),
    ("#777777", "#ffffff", "4.5"),
]


@pytest.mark.req("R3.3")
@pytest.mark.parametrize(("text", "colour", "expected"), CONTRASTS)
def test_contrast_is_measured_as_wcag_does(text, colour, expected):
    assert f"{contrast(text, colour):.1f}" == expected


@pytest.mark.req("R3.3")
def test_the_preview_is_drawn_by_the_server_and_shows_what_was_typed():
    cast = make_cast()
    Card.objects.filter(pk=cast.card.pk).update(name="<b>Bold</b>", colour="#123456", icon="cup")

    body = at_desk(cast.petra).get(page(cast.card)).content.decode()

    drawn = body[body.index("data-card-preview") : body.index("data-contrast")]
    assert ('fill="#123456"' in drawn, 'href="#card-cup"' in drawn) == (True, True)
    assert ("&lt;b&gt;Bold" in drawn, "<b>Bold" in drawn) == (True, False)


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


def test_saving_a_card_is_audited_in_minor_units():
    cast = make_cast()

    submit(at_desk(cast.petra), page(cast.card), step_minor="2.00")

    event = AuditEvent.objects.get(kind="cards.card")
    assert (event.before, event.after) == ({"step_minor": 100}, {"step_minor": 200})


@pytest.mark.req("IV3.3", "IV3.4", "IV9.8")
def test_numbers_for_printing_are_made_from_the_series_and_listed():
    cast = make_cast()
    card = cast.hill_card
    Card.objects.filter(pk=card.pk).update(
        number_mode=NumberMode.PREPRINTED, number_prefix="HG", number_width=6
    )
    client = at_desk(cast.petra)
    path = reverse("admin:cards_card_numbers", args=[card.pk])

    submit(client, path, count="3", add="1")
    first = PrintedCard.objects.order_by("pk").first()
    client.post(path, {"void": first.pk})

    listed = client.get(reverse("admin:cards_card_numbers_csv", args=[card.pk])).content.decode()
    sheet = client.get(reverse("admin:cards_card_numbers_pdf", args=[card.pk]))
    assert list(PrintedCard.objects.order_by("pk").values_list("number", "is_void")) == [
        ("HG000001", True),
        ("HG000002", False),
        ("HG000003", False),
    ]
    assert [line.split(",")[0] for line in listed.splitlines()] == [
        "number",
        "HG000002",
        "HG000003",
    ]
    assert codes.read_card_code(listed.splitlines()[1].rsplit("/", 1)[-1]) is not None
    assert sheet.content.startswith(b"%PDF-")


@pytest.mark.parametrize("typed", ["0", "1001", "-1", "1e3", ""])
def test_a_wrong_count_of_numbers_makes_none(typed):
    cast = make_cast()
    Card.objects.filter(pk=cast.hill_card.pk).update(number_mode=NumberMode.PREPRINTED)
    path = reverse("admin:cards_card_numbers", args=[cast.hill_card.pk])

    response = submit(at_desk(cast.petra), path, count=typed, add="1")

    assert list(response.context["form"].errors) == ["count"]
    assert PrintedCard.objects.count() == 0


def test_a_number_that_is_no_number_cannot_be_made_void():
    cast = make_cast()
    Card.objects.filter(pk=cast.hill_card.pk).update(number_mode=NumberMode.PREPRINTED)
    path = reverse("admin:cards_card_numbers", args=[cast.hill_card.pk])
    client = at_desk(cast.petra)

    found = [
        client.post(path, {"void": key}).status_code for key in ("abc", "2000000000", "\u0663")
    ]

    assert found == [404, 404, 404]


def test_the_dashboard_names_cards_that_end_soon():
    cast = make_cast()
    Card.objects.filter(pk=cast.card.pk).update(valid_until=timezone.now() + timedelta(days=3))

    body = at_desk(cast.petra).get("/admin/").content.decode()

    assert "Harbour Coffee ends soon" in body
    assert make_club(cast.partner, "Spare").pk
    assert Card.objects.get(pk=cast.card.pk).status == CardStatus.ACTIVE
