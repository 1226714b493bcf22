"""Products, groups, tenders and tags: their codes, their archive, and whose they are."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cards.models import (
    CustomerGroup,
    ExpiryRule,
    Plan,
    PlanLine,
    Product,
    ProductGroup,
    Tag,
    Tender,
)
from clubs.models import Role
from loyalty.audit.models import AuditEvent
from tests.admin.desk import at_desk, errors, shown, submit
from tests.cast import NOON, make_cast, make_manager, make_partner, make_user

pytestmark = pytest.mark.django_db
CODED = {
    "productgroup": ProductGroup,
    "product": Product,
    "customergroup": CustomerGroup,
    "tender": Tender,
}
ALL = {**CODED, "tag": Tag}
coded = pytest.mark.parametrize("name", CODED)


def listed(name, query=""):
    return reverse(f"admin:cards_{name}_changelist") + query


def adding(name):
    return reverse(f"admin:cards_{name}_add")


def page(row):
    return reverse(f"admin:cards_{row._meta.model_name}_change", args=[row.pk])


def make(name, partner, code="BEANS", **extra):
    if name == "tag":
        return Tag.objects.create(partner=partner, name=code, **extra)
    return ALL[name].objects.create(partner=partner, code=code, name=f"{code} name", **extra)


def rows(client, address):
    return [row.pk for row in client.get(address).context["cl"].result_list]


@pytest.mark.req("IV9.9", "IV9.10", "IV9.11", "IV9.12", "IV2.6")
@coded
def test_a_code_of_the_tills_is_added_and_renamed(name):
    cast = make_cast()
    client = at_desk(cast.petra)

    added = submit(client, adding(name), code="BEANS-1", name="Beans")
    made = CODED[name].objects.get()
    saved = submit(client, page(made), name="Coffee beans")

    made.refresh_from_db()
    assert (added.status_code, saved.status_code) == (302, 302)
    assert (made.partner_id, made.code, made.name, made.version) == (
        cast.partner.pk,
        "BEANS-1",
        "Coffee beans",
        2,
    )
    assert list(
        AuditEvent.objects.filter(object_id=made.pk, kind=made._meta.label_lower)
        .order_by("pk")
        .values_list("action", "before__name", "after__name")
    ) == [("add", None, "Beans"), ("change", "Beans", "Coffee beans")]


@pytest.mark.req("IV9.9", "IV9.10", "IV9.11", "IV9.12", "IV2.6")
@coded
def test_leaving_the_form_by_cancel_writes_nothing(name):
    cast = make_cast()
    made = make(name, cast.partner)
    client = at_desk(cast.petra)

    form = client.get(page(made)).content.decode()

    assert "Save" in form
    assert f'href="{listed(name)}">Cancel' in form
    assert rows(client, listed(name)) == [made.pk]
    assert not AuditEvent.objects.filter(object_id=made.pk).exists()


@pytest.mark.req("IV9.9", "IV9.10", "IV9.11", "IV9.12", "IV2.6")
@coded
@pytest.mark.parametrize("code", ["x" * 21, "a b", "é", "-a", ""])
def test_a_code_of_the_tills_has_at_most_twenty_plain_characters(name, code):
    cast = make_cast()

    response = submit(at_desk(cast.petra), adding(name), code=code, name="Beans")

    assert list(response.context["adminform"].form.errors) == ["code"]
    assert not CODED[name].objects.exists()


@pytest.mark.req("IV9.9", "IV9.10", "IV9.11", "IV9.12", "IV2.6")
@coded
def test_a_description_has_at_most_fifty_characters(name):
    cast = make_cast()

    response = submit(at_desk(cast.petra), adding(name), code="B", name="x" * 51)

    assert list(response.context["adminform"].form.errors) == ["name"]


@pytest.mark.req("IV9.9", "IV9.10", "IV9.11", "IV9.12", "IV2.6")
@coded
def test_a_code_is_used_once_in_a_business_whatever_its_case(name):
    cast = make_cast()
    make(name, cast.partner)
    make(name, make_partner("Elsewhere"), "TEA")
    client = at_desk(cast.petra)

    taken = submit(client, adding(name), code="beans", name="Other")
    free = submit(client, adding(name), code="TEA", name="Tea")

    assert errors(taken) == "This code is taken."
    assert free.status_code == 302


@pytest.mark.parametrize("name", ALL)
def test_rows_are_archived_and_taken_back_but_never_deleted(name):
    cast = make_cast()
    made = make(name, cast.partner)
    client = at_desk(cast.petra)
    chosen = {"_selected_action": [made.pk]}

    client.post(listed(name), {"action": "archive", **chosen})
    archived = rows(client, listed(name)), rows(client, listed(name, "?status=archived"))
    client.post(listed(name, "?status=archived"), {"action": "take_back", **chosen})
    back = rows(client, listed(name)), rows(client, listed(name, "?status=all"))
    deleted = client.post(page(made).replace("change", "delete"), {"post": "yes"})

    assert (archived, back) == (([], [made.pk]), ([made.pk], [made.pk]))
    assert deleted.status_code == 403
    kept = ALL[name].objects.get()
    assert (kept.pk, kept.version) == (made.pk, 3)
    assert AuditEvent.objects.filter(object_id=made.pk, action="change").count() == 2


@pytest.mark.parametrize("name", ALL)
def test_the_form_archives_too_and_the_audit_log_says_when(name):
    cast = make_cast()
    made = make(name, cast.partner)
    client = at_desk(cast.petra)

    submit(client, page(made), is_archived="on")
    made.refresh_from_db()
    first = made.archived_at
    submit(client, page(made), is_archived="on", name="Kept")
    made.refresh_from_db()
    kept = made.archived_at
    submit(client, page(made), is_archived=None)

    made.refresh_from_db()
    assert first is not None
    assert (kept, made.archived_at) == (first, None)
    changed = AuditEvent.objects.filter(object_id=made.pk, action="change").order_by("pk")
    assert [sorted(event.after) for event in changed] == [
        ["archived_at"],
        ["name"],
        ["archived_at"],
    ]


def test_a_code_that_rules_name_stays_and_its_description_does_not():
    cast = make_cast()
    named = {name: make(name, cast.partner) for name in CODED}
    plan = Plan.objects.create(
        partner=cast.partner, card=cast.card, code="P", name="P", start_date=NOON.date()
    )
    line = {"plan": plan, "award_points": 1, "value_minor": 100}
    PlanLine.objects.create(**line, group="ITEM", product=named["product"])
    PlanLine.objects.create(**line, group="ITEM_GROUP", product_group=named["productgroup"])
    PlanLine.objects.create(**line, group="BILL_VALUE", least_minor=1, tender=named["tender"])
    ExpiryRule.objects.create(
        partner=cast.partner,
        card=cast.card,
        customer_type="GROUP",
        customer_group=named["customergroup"],
        days=9,
    )
    client = at_desk(cast.petra)

    refused = {name: errors(submit(client, page(row), code="X")) for name, row in named.items()}
    renamed = {name: submit(client, page(row), name="X") for name, row in named.items()}

    words = "Rules name this code, so it stays. Archive this one and add another."
    assert refused == dict.fromkeys(CODED, words)
    assert {name: answer.status_code for name, answer in renamed.items()} == dict.fromkeys(
        CODED, 302
    )


@pytest.mark.req("IV9.10")
def test_a_product_is_put_into_a_group_of_the_own_business_in_use():
    cast = make_cast()
    other = make_partner("Elsewhere")
    mine = make("productgroup", cast.partner, "MINE")
    make("productgroup", cast.partner, "OLD", archived_at=NOON)
    theirs = make("productgroup", other, "THEIRS")
    client = at_desk(cast.petra)

    offered = client.get(adding("product")).context["adminform"].form.fields["group"].queryset
    foreign = submit(client, adding("product"), code="P", name="P", group=theirs.pk)
    own = submit(client, adding("product"), code="P", name="P", group=mine.pk)

    assert list(offered) == [mine]
    assert list(foreign.context["adminform"].form.errors) == ["group"]
    assert own.status_code == 302
    assert Product.objects.get().group == mine


def test_a_product_keeps_an_archived_group_until_another_is_chosen():
    cast = make_cast()
    old = make("productgroup", cast.partner, "OLD", archived_at=NOON)
    made = make("product", cast.partner, group=old)

    response = submit(at_desk(cast.petra), page(made), name="Renamed")

    made.refresh_from_db()
    assert (response.status_code, made.name, made.group) == (302, "Renamed", old)


def test_a_manager_of_two_businesses_keeps_them_apart():
    cast = make_cast()
    other = make_partner("Elsewhere")
    make_manager(cast.petra, other)
    theirs = make("productgroup", other, "THEIRS")
    client = at_desk(cast.petra)

    none = submit(client, adding("product"), code="P", name="P")
    mixed = submit(
        client, adding("product"), partner=cast.partner.pk, code="P", name="P", group=theirs.pk
    )
    right = submit(client, adding("product"), partner=other.pk, code="P", name="P", group=theirs.pk)

    assert errors(none) == "This field is required."
    assert errors(mixed) == "The group belongs to another business."
    assert right.status_code == 302


@pytest.mark.req("IV9.12")
def test_a_tender_says_whether_it_is_paid_with_points_or_credit():
    cast = make_cast()
    client = at_desk(cast.petra)

    submit(client, adding("tender"), code="CARD", name="Bank card")
    submit(client, adding("tender"), code="LOYAL", name="Credit", is_loyalty_tender="on")

    assert list(Tender.objects.order_by("code").values_list("code", "is_loyalty_tender")) == [
        ("CARD", False),
        ("LOYAL", True),
    ]
    body = client.get(listed("tender")).content.decode()
    assert re.findall(r'data-label="paid with">([^<]+)<', body) == ["money", "points or credit"]


@pytest.mark.req("FA3")
def test_a_tag_has_a_name_a_colour_and_the_deeds_that_set_it():
    cast = make_cast()
    client = at_desk(cast.petra)

    added = submit(client, adding("tag"), name="Regular", colour="#aa3300", applies_on="BOTH")
    twice = submit(client, adding("tag"), name="regular", colour="#aa3300", applies_on="SALE")
    pale = submit(client, adding("tag"), name="Pale", colour="red", applies_on="SALE")

    tag = Tag.objects.get()
    assert added.status_code == 302
    assert (tag.partner, tag.name, tag.colour, tag.applies_on) == (
        cast.partner,
        "Regular",
        "#aa3300",
        "BOTH",
    )
    assert errors(twice) == "This name is taken."
    assert errors(pale) == "A colour such as #0f6e4f."
    assert 'fill="#aa3300"' in client.get(listed("tag")).content.decode()


@pytest.mark.req("R1.1")
@pytest.mark.parametrize("name", ALL)
def test_a_manager_elsewhere_finds_none_of_the_rows(name):
    cast = make_cast()
    made = make(name, cast.partner)
    otto = make_user("otto")
    make_manager(otto, make_partner("Elsewhere"))
    stranger = at_desk(otto)

    found = stranger.get(page(made)).status_code, stranger.post(page(made), {}).status_code
    moved = stranger.post(listed(name), {"action": "archive", "_selected_action": [made.pk]})

    made.refresh_from_db()
    assert (found, rows(stranger, listed(name))) == ((404, 404), [])
    assert (moved.status_code, made.archived_at) == (302, None)


@pytest.mark.req("IV3.33")
@pytest.mark.parametrize("name", ALL)
def test_support_reads_the_rows_and_saves_nothing(name):
    cast = make_cast()
    made = make(name, cast.partner)
    helper = make_user("helper")
    make_manager(helper, cast.partner, Role.SUPPORT)
    client = at_desk(helper)

    form = client.get(page(made)).content.decode()
    tried = client.post(page(made), {"name": "X", "code": "X"}).status_code
    added = client.get(adding(name)).status_code
    client.post(listed(name), {"action": "archive", "_selected_action": [made.pk]})

    made.refresh_from_db()
    assert ("Save" in form, "Close" in form) == (False, True)
    assert (tried, added, made.version) == (403, 403, 1)


@pytest.mark.parametrize("name", ALL)
def test_a_list_asks_as_much_for_three_rows_as_for_one(name):
    cast = make_cast()
    client = at_desk(cast.petra)
    extra = {"group": make("productgroup", cast.partner, "G")} if name == "product" else {}
    make(name, cast.partner, "A", **extra)
    counts = []
    for code in ("", "B", "C"):
        if code:
            make(name, cast.partner, code, **extra)
        with CaptureQueriesContext(connection) as found:
            client.get(listed(name))
        counts.append(len(found))

    assert len(set(counts)) == 1


def test_an_empty_list_offers_the_next_step():
    cast = make_cast()

    words = at_desk(cast.petra).get(listed("product")).content.decode()

    assert shown(at_desk(cast.petra), adding("product"))["code"] == ""
    assert adding("product") in words
