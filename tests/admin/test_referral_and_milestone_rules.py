"""What a card gives for recommending, for visits and for days of a life: its bonus rules."""

import pytest

from cards.models import MilestoneRule, ReferralRule
from tests.admin.desk import at_desk, shown, told
from tests.admin.rule_rows import add, adding, listed, page, wrong
from tests.cast import make_card, make_cast

pytestmark = pytest.mark.django_db


@pytest.mark.req("IV5.3", "IV5.4", "IV5.5", "IV5.6", "IV5.7", "IV5.8", "IV5.9", "IV5.10")
def test_referral_rules_give_points_and_credit_at_each_event():
    cast = make_cast()
    client = at_desk(cast.petra)

    answers = [
        add(client, "referralrule", cast.card, credit_minor="2.50"),
        add(client, "referralrule", cast.card, event="FIRST_PURCHASE", beneficiary="BOTH"),
        add(
            client,
            "referralrule",
            cast.card,
            event="THRESHOLD_POINTS",
            threshold_points="200",
            points="30",
        ),
        add(
            client,
            "referralrule",
            cast.card,
            event="THRESHOLD_CREDIT",
            threshold_minor="20",
            threshold_points="7",
            points="",
            credit_minor="5",
            beneficiary="REFERRED",
        ),
    ]

    assert [answer.status_code for answer in answers] == [302] * 4
    names = ("event", "threshold_points", "threshold_minor", "points", "credit_minor")
    assert list(ReferralRule.objects.order_by("pk").values_list(*names, "beneficiary")) == [
        ("REGISTRATION", None, None, 50, 250, "REFERRER"),
        ("FIRST_PURCHASE", None, None, 50, 0, "BOTH"),
        ("THRESHOLD_POINTS", 200, None, 30, 0, "REFERRER"),
        ("THRESHOLD_CREDIT", None, 2000, 0, 500, "REFERRED"),
    ]
    words = client.get(listed("referralrule")).content.decode()
    for part in ("50 points + €2.50", "the new member holds 200 points", "holds €20.00"):
        assert part in words


@pytest.mark.req("IV5.7", "IV5.8")
@pytest.mark.parametrize(
    ("changed", "field", "reason"),
    [
        ({"points": "0"}, "points", "This gives nothing. Type points or credit above zero."),
        ({"points": ""}, "points", "This gives nothing. Type points or credit above zero."),
        (
            {"event": "THRESHOLD_POINTS"},
            "threshold_points",
            "Type how many points, one at least.",
        ),
        ({"event": "THRESHOLD_CREDIT"}, "threshold_minor", "Type an amount above zero."),
        (
            {"event": "THRESHOLD_CREDIT", "threshold_minor": "0"},
            "threshold_minor",
            "Type an amount above zero.",
        ),
        ({"credit_minor": "1.234"}, "credit_minor", "At most 2 decimals."),
        ({"credit_minor": "-1"}, "credit_minor", "Type an amount such as 12.40."),
        (
            {"points": "1000001"},
            "points",
            "Ensure this value is less than or equal to 1000000.",
        ),
        ({"event": ""}, "event", "This field is required."),
    ],
)
def test_a_referral_rule_that_cannot_work_is_refused_beside_its_field(changed, field, reason):
    cast = make_cast()

    response = add(at_desk(cast.petra), "referralrule", cast.card, **changed)

    assert wrong(response) == {field: reason}
    assert not ReferralRule.objects.exists()


@pytest.mark.req("IV5.2")
def test_the_form_names_the_referrer_and_the_older_word_for_them():
    cast = make_cast()

    response = at_desk(cast.petra).get(adding("referralrule"))

    assert (
        "The referrer, also called referee, is the existing member;"
        " the referred, also called referral, is the new one."
    ) in response.content.decode()
    assert response.context["adminform"].form.fields["beneficiary"].choices == [
        ("REFERRER", "the referrer"),
        ("REFERRED", "the new member"),
        ("BOTH", "both"),
    ]


def test_a_referral_rule_on_a_card_without_recommendations_says_so():
    cast = make_cast()

    said = told(add(at_desk(cast.petra), "referralrule", cast.card))

    assert said[1] == (
        "On Harbour Coffee members cannot recommend yet; switch that on at the card."
    )


@pytest.mark.req("IV5.4")
def test_credit_is_typed_in_the_currency_of_the_card():
    cast = make_cast()
    yen = make_card(cast.harbour, "Tokyo", currency="JPY")
    client = at_desk(cast.petra)

    refused = add(client, "referralrule", yen, credit_minor="2.50")
    added = add(client, "referralrule", yen, credit_minor="250")

    assert wrong(refused) == {"credit_minor": "This currency has no decimals."}
    assert added.status_code == 302
    row = ReferralRule.objects.get()
    assert row.credit_minor == 250
    assert shown(client, page(row))["credit_minor"] == "250"


@pytest.mark.req("PA2.6", "PA2.2")
def test_milestones_give_points_credit_or_a_reward():
    cast = make_cast()
    client = at_desk(cast.petra)

    answers = [
        add(client, "milestonerule", cast.card, is_repeated="on"),
        add(
            client,
            "milestonerule",
            cast.card,
            kind="BIRTHDAY",
            is_repeated="on",
            points="0",
            reward=cast.reward.pk,
        ),
        add(client, "milestonerule", cast.card, kind="CHECK_IN", credit_minor="0.10"),
        add(client, "milestonerule", cast.card, kind="ANNIVERSARY"),
    ]

    assert [answer.status_code for answer in answers] == [302] * 4
    names = ("kind", "count", "is_repeated", "points", "credit_minor", "reward_id")
    assert list(MilestoneRule.objects.order_by("pk").values_list(*names)) == [
        ("VISITS", 10, True, 5, 0, None),
        ("BIRTHDAY", None, True, 0, 0, cast.reward.pk),
        ("CHECK_IN", None, False, 5, 10, None),
        ("ANNIVERSARY", None, False, 5, 0, None),
    ]
    words = client.get(listed("milestonerule")).content.decode()
    for part in (
        "on every 10 visits",
        "on every birthday",
        "at the first check-in",
        "on the first anniversary",
        "Croissant",
        "5 points + €0.10",
    ):
        assert part in words


@pytest.mark.req("PA2.6")
@pytest.mark.parametrize(
    ("changed", "field", "reason"),
    [
        ({"count": ""}, "count", "Type how many visits, one at least."),
        ({"count": "0"}, "count", "Type how many visits, one at least."),
        ({"points": ""}, "points", "This gives nothing. Type points or credit above zero."),
        ({"reward": "TOWEL"}, "reward", "The reward belongs to another card."),
    ],
)
def test_a_milestone_that_cannot_work_is_refused_beside_its_field(changed, field, reason):
    cast = make_cast()
    if changed.get("reward"):
        changed = {"reward": cast.hill_card.rewards.get().pk}

    response = add(at_desk(cast.petra), "milestonerule", cast.card, **changed)

    assert wrong(response) == {field: reason}
