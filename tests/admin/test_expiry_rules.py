"""A card's expiry rules: for whom and of what, and what cannot work is refused."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from cards.models import CustomerGroup, ExpiryRule
from loyalty.members.models import ConsentSource, Member
from loyalty.operations import enrolments
from loyalty.operations.enrolments import Consent, Person
from tests.admin.desk import at_desk
from tests.admin.rule_rows import LATER, YESTERDAY, add, listed, make, page, wrong
from tests.cast import deed, make_card, make_cast, make_club, make_manager, make_partner, make_tier

pytestmark = pytest.mark.django_db


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
