"""A card's special days, expiry, referral and milestone rules: rows of its draft."""

from datetime import date, timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cards import terms
from cards.models import (
    Card,
    CustomerGroup,
    ExpiryRule,
    MilestoneRule,
    ReferralRule,
    SpecialDay,
    TermsVersion,
)
from clubs.models import Role
from loyalty.audit.models import AuditEvent
from loyalty.members.models import ConsentSource, Member
from loyalty.operations import enrolments
from loyalty.operations.enrolments import Consent, Person
from tests.admin.desk import at_desk, errors, shown, submit
from tests.cast import (
    deed,
    make_card,
    make_cast,
    make_club,
    make_manager,
    make_partner,
    make_reward,
    make_tier,
    make_user,
)

pytestmark = pytest.mark.django_db
YESTERDAY = timezone.now().date() - timedelta(days=2)
LATER = timezone.now().date() + timedelta(days=40)
TYPED = {
    "specialday": {"name": "Harvest", "code": "", "day": LATER.isoformat()},
    "expiryrule": {"method": "SLIDING", "days": "90"},
    "referralrule": {"event": "REGISTRATION", "points": "50"},
    "milestonerule": {"kind": "VISITS", "count": "10", "points": "5"},
}
MODELS = {
    "specialday": SpecialDay,
    "expiryrule": ExpiryRule,
    "referralrule": ReferralRule,
    "milestonerule": MilestoneRule,
}
kinds = pytest.mark.parametrize("kind", MODELS)


def listed(kind, query=""):
    return reverse(f"admin:cards_{kind}_changelist") + query


def adding(kind, query=""):
    return reverse(f"admin:cards_{kind}_add") + query


def page(row, name="change"):
    return reverse(f"admin:cards_{row._meta.model_name}_{name}", args=[row.pk])


def make(kind, card, **changed):
    fields = {
        "specialday": {"name": "Harvest", "code": "harvest", "day": LATER},
        "expiryrule": {"days": 90},
        "referralrule": {"event": "REGISTRATION", "points": 50},
        "milestonerule": {"kind": "VISITS", "count": 10, "points": 5},
    }[kind]
    return MODELS[kind].objects.create(partner=card.partner, card=card, **(fields | changed))


def add(client, rules, card, **changed):
    return submit(client, adding(rules), **{**TYPED[rules], "card": card.pk, **changed})


def told(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def wrong(response):
    return {
        name: " ".join(words) for name, words in response.context["adminform"].form.errors.items()
    }


@pytest.mark.req("IV2.6", "IV4.8", "IV5.12", "IV6.3")
@kinds
def test_a_rule_is_added_changed_and_removed_in_the_draft_of_its_card(kind):
    cast = make_cast()
    client = at_desk(cast.petra)
    versions = TermsVersion.objects.count()

    added = add(client, kind, cast.card)
    row = MODELS[kind].objects.get()
    saved = submit(client, page(row), **({"name": "Fair"} if kind == "specialday" else {}))
    asked = client.get(page(row, "delete")).content.decode()
    removed = client.post(page(row, "delete"), {"post": "yes"})

    assert (added.status_code, saved.status_code, removed.status_code) == (302, 302, 302)
    assert (row.partner, row.card) == (cast.partner, cast.card)
    assert "Remove this row?" in asked
    assert not MODELS[kind].objects.exists()
    assert TermsVersion.objects.count() == versions
    assert list(
        AuditEvent.objects.filter(kind=row._meta.label_lower)
        .order_by("pk")
        .values_list("action", flat=True)
    ) == ["add", "change", "delete"]


@pytest.mark.req("IV2.6", "IV4.8", "IV5.12", "IV6.3")
@kinds
def test_saving_a_rule_says_that_the_draft_is_still_to_be_published(kind):
    cast = make_cast()
    Card.objects.update(has_referrals=True)
    draft = Card.objects.create(
        partner=cast.partner, club=cast.harbour, code="new", name="New card", has_referrals=True
    )
    terms.publish(card=Card.objects.get(pk=cast.card.pk), at=timezone.now(), by_id=None)
    client = at_desk(cast.petra)

    published = told(add(client, kind, cast.card))
    never = told(add(client, kind, draft))

    assert "It counts once the card&#x27;s rules are published." in published[0]
    assert page(cast.card) in published[0]
    assert [words.startswith("Added: ") and "published" not in words for words in never] == [True]


@pytest.mark.req("IV2.6", "IV4.8", "IV5.12", "IV6.3")
@kinds
def test_leaving_a_rule_by_cancel_changes_nothing(kind):
    cast = make_cast()
    row = make(kind, cast.card)
    client = at_desk(cast.petra)

    form = client.get(page(row)).content.decode()
    asked = client.get(page(row, "delete")).content.decode()

    assert f'href="{listed(kind)}">Cancel' in form
    assert f'href="{page(row)}">Cancel' in asked
    row.refresh_from_db()
    assert row.version == 1


@pytest.mark.req("IV2.6", "IV4.8", "IV5.12", "IV6.3")
@kinds
def test_a_rule_saved_by_somebody_else_meanwhile_is_not_overwritten(kind):
    cast = make_cast()
    row = make(kind, cast.card)
    client = at_desk(cast.petra)
    values = shown(client, page(row))
    submit(client, page(row))

    late = client.post(page(row), values)

    assert "Somebody changed this meanwhile" in errors(late)


@pytest.mark.req("IV2.6", "IV4.8", "IV5.12", "IV6.3")
@kinds
def test_save_and_stay_returns_to_the_same_rule(kind):
    cast = make_cast()
    row = make(kind, cast.card)

    response = submit(at_desk(cast.petra), page(row), _continue="1")

    assert response.url == page(row)


@pytest.mark.req("IV6.3")
def test_a_special_day_is_a_date_once_or_every_year():
    cast = make_cast()
    client = at_desk(cast.petra)

    once = add(client, "specialday", cast.card)
    yearly = add(
        client,
        "specialday",
        cast.card,
        name="Founding day",
        code="F-1",
        day="2001-12-24",
        is_yearly="on",
    )

    assert (once.status_code, yearly.status_code) == (302, 302)
    assert list(
        SpecialDay.objects.order_by("pk").values_list("code", "name", "day", "is_yearly")
    ) == [
        ("harvest", "Harvest", LATER, False),
        ("F-1", "Founding day", date(2001, 12, 24), True),
    ]
    assert "24 December, every year" in client.get(listed("specialday")).content.decode()


@pytest.mark.req("IV6.3")
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"day": YESTERDAY.isoformat()}, "day"),
        ({"day": "2026-02-30"}, "day"),
        ({"day": ""}, "day"),
        ({"code": "a b"}, "code"),
        ({"code": "x" * 21}, "code"),
        ({"code": "TAKEN"}, "code"),
        ({"name": "x" * 51}, "name"),
        ({"name": ""}, "name"),
        ({"card": ""}, "card"),
    ],
)
def test_a_special_day_that_cannot_work_is_refused_beside_its_field(changed, field):
    cast = make_cast()
    make("specialday", cast.card, code="taken")

    response = submit(
        at_desk(cast.petra),
        adding("specialday"),
        **{**TYPED["specialday"], "card": cast.card.pk, **changed},
    )

    assert list(wrong(response)) == [field]
    assert SpecialDay.objects.count() == 1


def test_a_special_day_that_has_passed_can_still_be_renamed():
    cast = make_cast()
    row = make("specialday", cast.card, day=YESTERDAY)

    response = submit(at_desk(cast.petra), page(row), name="Opening")

    assert response.status_code == 302
    assert SpecialDay.objects.get().name == "Opening"


def stored(rule):
    names = ("unit", "customer_type", "customer_code", "customer_group_id", "tier_id")
    ends = ("method", "days", "day", "is_yearly")
    return tuple(getattr(rule, name) for name in (*names, *ends))


@pytest.mark.req("IV4.1", "IV4.2", "IV4.3", "IV4.4", "IV4.5", "IV4.6", "IV4.7")
def test_expiry_rules_combine_unit_customer_tier_and_method():
    cast = make_cast()
    gold = make_tier(cast.card, "Gold", 100)
    group = CustomerGroup.objects.create(partner=cast.partner, code="VIP", name="Regulars")
    code = cast.membership.member.code
    client = at_desk(cast.petra)

    answers = [
        add(client, "expiryrule", cast.card),
        add(
            client,
            "expiryrule",
            cast.card,
            unit="CREDIT",
            customer_type="GROUP",
            customer_group=group.pk,
            method="FIXED",
            day="2020-12-31",
            is_yearly="on",
        ),
        add(
            client,
            "expiryrule",
            cast.card,
            unit="POINTS",
            customer_type="CODE",
            customer_code=code.lower(),
            tier=gold.pk,
            method="FIXED",
            day=LATER.isoformat(),
        ),
    ]

    assert [answer.status_code for answer in answers] == [302, 302, 302]
    assert [stored(rule) for rule in ExpiryRule.objects.order_by("pk")] == [
        ("", "ALL", "", None, None, "SLIDING", 90, None, False),
        ("CREDIT", "GROUP", "", group.pk, None, "FIXED", None, date(2020, 12, 31), True),
        ("POINTS", "CODE", code, None, gold.pk, "FIXED", None, LATER, False),
    ]
    words = client.get(listed("expiryrule")).content.decode()
    for part in ("90 days after the award", "on 31 December, every year", "Regulars", "Mia"):
        assert part in words


@pytest.mark.req("IV4.5", "IV4.7")
def test_what_does_not_apply_to_an_expiry_rule_is_emptied():
    cast = make_cast()
    group = CustomerGroup.objects.create(partner=cast.partner, code="VIP", name="Regulars")
    client = at_desk(cast.petra)

    response = add(
        client,
        "expiryrule",
        cast.card,
        customer_code="nobody here",
        customer_group=group.pk,
        day="not a day",
        is_yearly="on",
    )

    assert response.status_code == 302
    assert stored(ExpiryRule.objects.get()) == (
        "",
        "ALL",
        "",
        None,
        None,
        "SLIDING",
        90,
        None,
        False,
    )


@pytest.mark.req("IV4.5", "IV4.7")
def test_the_page_is_told_where_each_field_applies():
    cast = make_cast()
    client = at_desk(cast.petra)

    def told_of(kind):
        page = client.get(adding(kind))
        assert "js/admin/conditional.js" in page.content.decode()
        fields = page.context["adminform"].form.fields.items()
        whens = {name: field.widget.attrs.get("data-when") for name, field in fields}
        return {name: when for name, when in whens.items() if when}

    assert told_of("expiryrule") == {
        "customer_code": "customer_type=CODE",
        "customer_group": "customer_type=GROUP",
        "days": "method=SLIDING",
        "day": "method=FIXED",
        "is_yearly": "method=FIXED",
    }
    assert told_of("referralrule") == {
        "threshold_points": "event=THRESHOLD_POINTS",
        "threshold_minor": "event=THRESHOLD_CREDIT",
    }
    assert told_of("milestonerule") == {"count": "kind=VISITS"}


@pytest.mark.req("IV4.5", "IV4.6", "IV4.7")
@pytest.mark.parametrize(
    ("changed", "field", "reason"),
    [
        ({"days": ""}, "days", "Type how many days, one at least."),
        ({"days": "0"}, "days", "Type how many days, one at least."),
        ({"days": "-1"}, "days", "Ensure this value is greater than or equal to 0."),
        ({"method": "FIXED", "days": ""}, "day", "Choose the date."),
        (
            {"method": "FIXED", "day": YESTERDAY.isoformat()},
            "day",
            "This date is over, so the rule would never hold. Choose a later one.",
        ),
        ({"customer_type": "CODE"}, "customer_code", "Say which member."),
        (
            {"customer_type": "CODE", "customer_code": "Nobody"},
            "customer_code",
            "No member of this business matches.",
        ),
        (
            {"customer_type": "CODE", "customer_code": "   "},
            "customer_code",
            "Say which member.",
        ),
        (
            {"customer_type": "CODE", "customer_code": "Twin"},
            "customer_code",
            "Several members match. Type the phone number or the customer code.",
        ),
        ({"customer_type": "GROUP"}, "customer_group", "Choose the customer group."),
        ({"tier": "HILL"}, "tier", "The tier belongs to another card."),
        (
            {"tier": "FOREIGN"},
            "tier",
            "Select a valid choice. That choice is not one of the available choices.",
        ),
    ],
)
def test_an_expiry_rule_that_cannot_work_is_refused_beside_its_field(changed, field, reason):
    cast = make_cast()
    elsewhere = make_club(make_partner("Elsewhere"), "Elsewhere")
    tiers = {
        "HILL": make_tier(cast.hill_card, "Hillgold", 5),
        "FOREIGN": make_tier(make_card(elsewhere, "Elsewhere"), "Foreign", 5),
    }
    for number in (1, 2):
        enrol(cast, first_name="Twin", phone=f"+35191234567{number}")
    if changed.get("tier"):
        changed = {**changed, "tier": tiers[changed["tier"]].pk}

    response = add(at_desk(cast.petra), "expiryrule", cast.card, **changed)

    assert wrong(response) == {field: reason}
    assert not ExpiryRule.objects.exists()


@pytest.mark.req("IV4.5", "IV4.7")
@pytest.mark.parametrize(
    "broken",
    [
        {"customer_code": "MIA"},
        {"customer_type": "CODE"},
        {"customer_type": "GROUP"},
        {"days": None},
        {"day": LATER},
        {"method": "FIXED"},
        {"method": "FIXED", "day": LATER},
    ],
)
def test_the_database_refuses_such_an_expiry_rule_too(broken):
    cast = make_cast()

    with pytest.raises(IntegrityError), transaction.atomic():
        make("expiryrule", cast.card, **broken)


def enrol(cast, **person):
    return enrolments.enrol_at_counter(
        deed=deed(cast.sam),
        card_id=cast.card.pk,
        person=Person(**({"first_name": "Gus"} | person)),
        consent=Consent(version="1", source=ConsentSource.COUNTER),
    ).member


@pytest.mark.req("IV4.5")
@pytest.mark.parametrize("typed", ["ana silva", "912 345 678", "ana@silva.example", "CODE"])
def test_the_member_of_an_expiry_rule_is_looked_up_in_any_writing(typed):
    cast = make_cast()
    ana = enrol(
        cast, first_name="Ana", last_name="Silva", phone="+351912345678", email="ana@silva.example"
    )
    asked = ana.code if typed == "CODE" else typed
    client = at_desk(cast.petra)

    add(client, "expiryrule", cast.card, customer_type="CODE", customer_code=asked)

    rule = ExpiryRule.objects.get()
    assert rule.customer_code == ana.code
    assert "Ana Silva" in client.get(page(rule)).content.decode()


@pytest.mark.req("R1.1")
def test_a_member_of_another_business_is_not_found_for_a_rule():
    cast = make_cast()
    other = make_partner("Elsewhere")
    Member.objects.create(
        partner=other, code="FOREIGN", email="far@away.example", joined_at=timezone.now()
    )
    client = at_desk(cast.petra)

    answers = [
        add(client, "expiryrule", cast.card, customer_type="CODE", customer_code=typed)
        for typed in ("FOREIGN", "far@away.example")
    ]

    words = {"customer_code": "No member of this business matches."}
    assert [wrong(answer) for answer in answers] == [words, words]


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


def test_a_rule_offers_tiers_and_rewards_of_its_own_card_alone():
    cast = make_cast()
    gold, other = make_tier(cast.card, "Gold", 5), make_tier(cast.hill_card, "Hillgold", 5)
    old = make_tier(cast.card, "Old", 7, archived_at=timezone.now())
    client = at_desk(cast.petra)
    rule = make("expiryrule", cast.card)

    def tiers(address):
        field = client.get(address).context["adminform"].form.fields["tier"]
        return [(row.pk, field.label_from_instance(row)) for row in field.queryset]

    assert tiers(page(rule)) == [(gold.pk, "Gold")]
    assert tiers(adding("expiryrule")) == [
        (gold.pk, "Harbour Coffee · Gold"),
        (other.pk, "Hill Gym · Hillgold"),
    ]
    assert old.pk not in dict(tiers(page(rule)))


def test_the_card_of_a_new_rule_is_the_one_that_the_list_was_narrowed_to():
    cast = make_cast()
    client = at_desk(cast.petra)
    narrowed = f"?_changelist_filters=card__id__exact%3D{cast.hill_card.pk}"

    assert shown(client, adding("specialday", narrowed))["card"] == str(cast.hill_card.pk)
    assert shown(client, adding("specialday", f"?card={cast.card.pk}"))["card"] == str(cast.card.pk)
    assert shown(client, adding("specialday", "?card=x"))["card"] == ""


def test_an_empty_list_says_what_its_rows_are_for():
    client = at_desk(make_cast().petra)

    def said(query=""):
        return client.get(listed("milestonerule", query)).content.decode()

    assert "Add what visits, birthdays, anniversaries and check-ins give." in said()
    assert adding("milestonerule") in said()
    assert "Nothing matches" in said(f"?card__id__exact={Card.objects.earliest('pk').pk}")


def test_the_only_card_there_is_is_chosen_already():
    partner = make_partner()
    card = make_card(make_club(partner, "Solo"), "Solo")
    make_reward(card)
    petra = make_user("petra")
    make_manager(petra, partner)

    assert shown(at_desk(petra), adding("milestonerule"))["card"] == str(card.pk)


@pytest.mark.req("R1.1")
@kinds
def test_a_manager_elsewhere_finds_none_of_the_rules(kind):
    cast = make_cast()
    row = make(kind, cast.card)
    other = make_partner("Elsewhere")
    make_card(make_club(other, "Elsewhere"), "Elsewhere")
    otto = make_user("otto")
    make_manager(otto, other)
    stranger = at_desk(otto)

    found = [
        (stranger.get(page(row, name)).status_code, stranger.post(page(row, name)).status_code)
        for name in ("change", "delete", "history")
    ]
    planted = add(stranger, kind, cast.card)
    shown_there = stranger.get(listed(kind))

    assert found[:2] == [(404, 404), (404, 404)]
    assert found[2][0] == 404
    assert list(wrong(planted)) == ["card"]
    assert list(shown_there.context["cl"].result_list) == []
    assert "Harbour Coffee" not in shown_there.content.decode()
    assert MODELS[kind].objects.count() == 1


@pytest.mark.req("IV3.33", "IV4.8", "IV5.12")
@kinds
def test_support_reads_the_rules_and_saves_nothing(kind):
    cast = make_cast()
    row = make(kind, cast.card)
    helper = make_user("helper")
    make_manager(helper, cast.partner, Role.SUPPORT)
    client = at_desk(helper)

    form = client.get(page(row)).content.decode()
    codes = [
        client.post(page(row), {"points": "1"}).status_code,
        client.get(page(row, "delete")).status_code,
        client.post(page(row, "delete"), {"post": "yes"}).status_code,
        client.get(adding(kind)).status_code,
    ]

    assert ("Save" in form, "Remove this row" in form, "Close" in form) == (False, False, True)
    assert codes == [403] * 4
    assert MODELS[kind].objects.count() == 1


@pytest.mark.req("IV3.33", "IV4.5", "IV4.7")
def test_who_may_only_look_reads_what_applies_in_words():
    cast = make_cast()
    member = cast.membership.member
    named = make("expiryrule", cast.card, customer_type="CODE", customer_code=member.code)
    gone = make("expiryrule", cast.card, customer_type="CODE", customer_code="GONE")
    held = make(
        "referralrule",
        cast.card,
        event="THRESHOLD_CREDIT",
        threshold_minor=2000,
        credit_minor=250,
    )
    helper = make_user("helper")
    make_manager(helper, cast.partner, Role.SUPPORT)
    client = at_desk(helper)

    def read(row):
        form = client.get(page(row)).context["adminform"]
        return [
            (str(field.field["name"]), str(field.contents()))
            for fieldset in form
            for line in fieldset
            for field in line
            if field.field["name"] != "card"
        ]

    assert read(named) == [
        ("unit_name", "points and credit"),
        ("customer_type", "one member"),
        ("who", "Mia"),
        ("tier_name", "all tiers"),
        ("method", "so many days after the award"),
        ("days", "90"),
    ]
    assert ("who", "GONE") in read(gone)
    assert [value for name, value in read(held) if name.endswith("_shown")] == ["€20.00", "€2.50"]


@pytest.mark.req("IV2.6", "IV4.8", "IV5.12", "IV6.3")
@kinds
def test_a_list_of_rules_asks_as_much_for_three_rows_as_for_one(kind):
    cast = make_cast()
    gold = make_tier(cast.card, "Gold", 5)
    extra = [
        {
            "specialday": {"code": f"D{number}"},
            "expiryrule": {
                "tier": gold,
                "customer_type": "CODE",
                "customer_code": cast.membership.member.code,
            },
            "referralrule": {},
            "milestonerule": {"reward": cast.reward},
        }[kind]
        for number in range(3)
    ]
    client = at_desk(cast.petra)
    counts = []
    for fields in extra:
        make(kind, cast.card, **fields)
        with CaptureQueriesContext(connection) as found:
            client.get(listed(kind))
        counts.append(len(found))

    assert (counts[0], counts[1]) == (counts[2], counts[2])


def test_deeds_keep_the_rules_of_their_day_when_a_row_goes():
    cast = make_cast()
    row = make("milestonerule", cast.card)
    terms.publish(card=cast.card, at=timezone.now(), by_id=None)

    at_desk(cast.petra).post(page(row, "delete"), {"post": "yes"})

    last = TermsVersion.objects.filter(card=cast.card).latest("number")
    assert [rule.key for rule in terms.of_version(last.pk).milestone_rules] == [row.pk]
    assert terms.has_unpublished_changes(cast.card)


@pytest.mark.req("R1.1", "IV4.4")
def test_a_manager_of_two_businesses_gives_no_rule_a_group_of_the_other():
    cast = make_cast()
    other = make_partner("Elsewhere")
    make_manager(cast.petra, other)
    theirs = CustomerGroup.objects.create(partner=other, code="VIP", name="Theirs")

    response = add(
        at_desk(cast.petra),
        "expiryrule",
        cast.card,
        customer_type="GROUP",
        customer_group=theirs.pk,
    )

    assert wrong(response) == {"customer_group": "The group belongs to another business."}
