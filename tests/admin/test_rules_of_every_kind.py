"""Special days, expiry, referral and milestone rules alike: rows of a draft, and who sees them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cards import terms
from cards.models import Card, TermsVersion
from clubs.models import Role
from loyalty.audit.models import AuditEvent
from tests.admin.desk import at_desk, errors, shown, submit, told
from tests.admin.rule_rows import MODELS, add, adding, kinds, listed, make, page, wrong
from tests.cast import (
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
