"""Rules are a draft until they are published, and then count once."""

import pytest
from django.urls import reverse

from cards import terms
from cards.models import Card
from loyalty.audit.models import AuditEvent
from loyalty.rules import terms as rules
from loyalty.rules.awards import award
from loyalty.rules.baskets import Basket, Facts
from tests.admin.desk import at_desk, errors, submit, told
from tests.admin.plan_forms import make_plan
from tests.admin.publishing_pages import numbers, page, publishing_page
from tests.cast import NOON, make_cast, make_manager, make_partner, make_reward, make_user, publish

pytestmark = pytest.mark.django_db


def earned(rules_, amount, direction=rules.Direction.SALE):
    basket = Basket(amount_minor=amount, direction=direction)
    found = award(basket=basket, terms=rules_, facts=Facts(at=NOON))
    return found.points, found.credit_minor


@pytest.mark.req("R3.1", "FA1", "FA2")
def test_saving_an_active_card_keeps_what_members_earn_until_it_is_published():
    cast = make_cast()
    client = at_desk(cast.petra)

    saved = submit(client, page(cast.card), points_per_step="7", buy_step_minor="2.00")
    before = numbers(cast.card)
    banner = client.get(page(cast.card)).content.decode()
    client.post(publishing_page(cast.card))

    assert "Saved as a draft. Members earn by version 1 until you publish." in told(saved)
    assert "Unpublished changes." in banner
    assert (before, numbers(cast.card)) == ([1], [1, 2])
    version = cast.card.terms_versions.get(number=2)
    assert version.published_by_id == cast.petra.pk
    assert earned(terms.of_version(version.pk), 100) == (7, 0)
    assert earned(terms.of_version(version.pk), 500, rules.Direction.BUY) == (2, 0)
    assert "Unpublished changes." not in client.get(page(cast.card)).content.decode()


def test_publishing_is_audited_with_its_version_and_happens_once():
    cast = make_cast()
    client = at_desk(cast.petra)
    submit(client, page(cast.card), points_per_step="7")

    client.post(publishing_page(cast.card))
    client.post(publishing_page(cast.card))

    events = AuditEvent.objects.filter(action="publish")
    assert [(event.object_id, event.after) for event in events] == [(cast.card.pk, {"version": 2})]
    assert numbers(cast.card) == [1, 2]


def test_save_and_publish_does_both_at_once():
    cast = make_cast()

    response = submit(at_desk(cast.petra), page(cast.card), points_per_step="7", _publish="1")

    assert numbers(cast.card) == [1, 2]
    assert "The rules are published as version 2." in told(response)


def test_a_card_that_never_was_published_is_published_when_it_opens():
    cast = make_cast()
    card = Card.objects.create(partner=cast.partner, club=cast.hill, code="new", name="New")
    make_reward(card)
    client = at_desk(cast.petra)

    submit(client, page(card), points_per_step="3")
    as_draft = numbers(card)
    submit(client, page(card), status="ACTIVE")

    assert (as_draft, numbers(card)) == ([], [1])


def test_a_saved_plan_is_a_draft_too_and_can_be_published_with_its_save():
    cast = make_cast(uses_plans=True)
    plan = make_plan(cast.card)
    publish(cast.card)
    client = at_desk(cast.petra)
    address = reverse("admin:cards_plan_change", args=[plan.pk])

    submit(client, address, **{"lines-0-award_points": "5"})
    before = numbers(cast.card)
    submit(client, address, **{"lines-0-award_points": "6"}, _publish="1")

    assert (before, numbers(cast.card)) == ([1, 2], [1, 2, 3])
    assert earned(terms.of_version(cast.card.terms_versions.latest("number").pk), 100) == (6, 0)


SIMPLE = [
    # the simple rule                                                sale of 12.00, buy of 12.00
    ({}, (12, 0), (0, 0)),
    ({"points_per_step": 0, "credit_per_step_minor": 5}, (0, 60), (0, 0)),
    ({"step_minor": 500, "points_per_step": 2, "credit_per_step_minor": 10}, (4, 20), (0, 0)),
    ({"buy_step_minor": 300, "buy_points_per_step": 2}, (12, 0), (8, 0)),
    ({"points_per_step": 0}, (0, 0), (0, 0)),
]


@pytest.mark.req("IV7.1", "FA1", "FA2")
@pytest.mark.parametrize(("simple", "sale", "buy"), SIMPLE)
def test_a_card_that_takes_up_plans_earns_as_before(simple, sale, buy):
    cast = make_cast(**simple)

    response = submit(at_desk(cast.petra), page(cast.card), uses_plans="on", _publish="1")

    assert response.status_code == 302, errors(response)
    first, last = cast.card.terms_versions.order_by("number")
    for version in (first, last):
        found = terms.of_version(version.pk)
        assert earned(found, 1200) == sale
        assert earned(found, 1200, rules.Direction.BUY) == buy
    assert all(line.key > 0 for plan in found.plans for line in plan.lines)


def test_plans_made_of_the_simple_rule_are_made_once():
    cast = make_cast()
    client = at_desk(cast.petra)

    submit(client, page(cast.card), uses_plans="on")
    submit(client, page(cast.card), uses_plans=None)
    submit(client, page(cast.card), uses_plans="on")

    assert list(cast.card.plans.values_list("code", "name")) == [("simple-rule", "Simple rule")]
    assert AuditEvent.objects.filter(kind="cards.plan", action="add").count() == 1


def test_a_points_only_card_has_no_simple_rule_to_make_a_plan_of():
    cast = make_cast(is_points_only=True)

    submit(at_desk(cast.petra), page(cast.card), uses_plans="on")

    assert cast.card.plans.count() == 0


def test_a_stranger_finds_no_page_to_publish():
    cast = make_cast()
    owner = make_user("other")
    make_manager(owner, make_partner("Other Group"))

    assert at_desk(owner).post(publishing_page(cast.card)).status_code == 404
    assert numbers(cast.card) == [1]
