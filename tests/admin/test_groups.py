"""The dashboard's pages of membership groups, and of dates that are moved by hand."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from clubs.models import Role
from loyalty.ledger.models import Kind, Lot, Source, Transaction
from loyalty.members.models import Account, MembershipGroup
from loyalty.operations import adjustments, extensions, groups
from loyalty.web import words
from loyalty.web.refusals import refusal_of
from tests.admin.desk import action, at_desk, errors, submit
from tests.cast import deed, join, make_cast, make_manager, make_partner, make_tier, make_user

pytestmark = pytest.mark.django_db
LIST = "admin:members_membershipgroup_changelist"
ADD = "admin:members_membershipgroup_add"
STATEMENTS = 8  # Of the list, however many groups there are.


def family(**card):
    """Return the cast and Noor's card; Mia has 80 points and Noor 90."""
    cast = make_cast(**card)
    noor = join(cast.noor, cast.card)
    for membership, points in ((cast.membership, 80), (noor, 90)):
        adjustments.adjust_points(
            deed=deed(cast.petra, Source.ADMIN, at=timezone.now()),
            membership_id=membership.pk,
            points=points,
        )
    return cast, noor


def formed(**card):
    cast, noor = family(**card)
    groups.form_group(
        deed=deed(cast.petra, Source.ADMIN, at=timezone.now()),
        head_id=cast.membership.pk,
        member_ids=[noor.pk],
        name="The Lindens",
    )
    return cast, noor, MembershipGroup.objects.get()


def page(name, group, *more):
    return reverse(f"admin:members_membershipgroup_{name}", args=[group.pk, *more])


def text(response):
    return response.content.decode()


@pytest.mark.req("IV9.1", "IV9.2")
def test_a_group_is_formed_of_card_numbers_and_shown_with_its_members():
    cast, noor = family()
    desk = at_desk(cast.petra)
    fields = {
        "card": str(cast.card.pk),
        "name": "The Lindens",
        "head": cast.membership.number,
        "numbers": f"{noor.number}\n",
    }

    response = submit(desk, reverse(ADD), **fields)

    group = MembershipGroup.objects.get()
    assert response["Location"] == page("change", group)
    shown = text(desk.get(page("change", group)))
    for word in ("The Lindens", "170", cast.membership.number, noor.number, "Make head", "Leave"):
        assert word in shown
    listed = text(desk.get(reverse(LIST)))
    for word in ("The Lindens", "Mia", "170"):
        assert word in listed
    own = text(desk.get(action("account", noor)))
    assert "family account of 2" in own
    assert page("change", group) in own
    assert "Joined the family account" in own


# What is wrong with the numbers, and what the page says beside the field.
REFUSED = [
    ({"head": "99999"}, "No member of this card has the number 99999."),
    ({"numbers": "88888"}, "No member of this card has the number 88888."),
    ({"numbers": None}, "This field is required."),
]


@pytest.mark.req("IV9.1")
@pytest.mark.parametrize(("changed", "said"), REFUSED)
def test_a_number_that_no_card_has_is_named_beside_its_field(changed, said):
    cast, noor = family()
    fields = {"name": "F", "head": cast.membership.number, "numbers": noor.number} | changed

    response = submit(at_desk(cast.petra), reverse(ADD), card=str(cast.card.pk), **fields)

    assert (response.status_code, errors(response)) == (200, said)
    assert not MembershipGroup.objects.exists()


@pytest.mark.req("IV9.1")
def test_what_cannot_be_a_group_is_refused_in_words():
    cast, noor, _group = formed()
    alone = {"card": str(cast.card.pk), "name": "F", "head": noor.number, "numbers": noor.number}
    desk = at_desk(cast.petra)

    small = submit(desk, reverse(ADD), **alone)
    twice = submit(desk, reverse(ADD), **(alone | {"numbers": cast.membership.number}))

    assert (small.status_code, errors(small)) == (
        422,
        "A group has its head and at least one more member.",
    )
    assert (twice.status_code, errors(twice)) == (
        409,
        f"The card {noor.number} is in a group already. Nothing was changed.",
    )


@pytest.mark.req("IV9.1")
def test_a_group_takes_no_more_members_than_the_card_allows():
    cast, _noor, group = formed(most_in_group=2)
    lea = join(make_user("lea"), cast.card)

    response = submit(at_desk(cast.petra), page("join", group), numbers=lea.number)

    assert (response.status_code, errors(response)) == (
        409,
        "A group on this card has at most 2 members. Nothing was changed.",
    )


@pytest.mark.req("IV9.1", "IV9.5")
def test_members_come_lead_and_leave_each_on_a_page_that_says_what_it_means():
    cast, noor, group = formed()
    lea = join(make_user("lea"), cast.card)
    desk = at_desk(cast.petra)

    assert submit(desk, page("join", group), numbers=lea.number)["Location"] == page(
        "change", group
    )
    submit(desk, page("head", group, noor.pk))
    group.refresh_from_db()
    assert group.head == noor
    asked = text(desk.get(page("leave", group, noor.pk)))
    assert "leaves all points and credit to the group and begins anew" in asked
    assert 'href="' + page("change", group) + '"' in asked  # Cancel leads back.
    submit(desk, page("leave", group, noor.pk), internal="moved away")

    noor.refresh_from_db()
    assert (noor.group, noor.account.points, noor.account_id != group.account_id) == (None, 0, True)
    for membership in (lea, cast.membership):
        asked = text(desk.get(page("leave", group, membership.pk)))
        submit(desk, page("leave", group, membership.pk))
    assert "the group closes, and all it has stays theirs" in asked
    group.refresh_from_db()
    assert group.closed_at is not None
    assert Account.objects.get(memberships=cast.membership).points == 170
    closed = text(desk.get(page("change", group)))
    assert "Nobody is in this group any more." in closed
    assert "Add a member" not in closed


@pytest.mark.req("IV9.5")
def test_who_left_meanwhile_is_missing_and_a_late_form_says_so(monkeypatch):
    cast, noor, group = formed()
    desk = at_desk(cast.petra)

    assert desk.get(page("leave", group, 0)).status_code == 404
    real = groups.leave_group

    def late(**how):
        real(deed=deed(cast.petra, Source.ADMIN, at=timezone.now()), membership_id=noor.pk)
        return real(**how)

    monkeypatch.setattr(groups, "leave_group", late)
    response = submit(desk, page("leave", group, noor.pk))

    assert (response.status_code, errors(response)) == (
        409,
        "This member is in the group no more. Nothing was changed.",
    )


@pytest.mark.req("IV9.1")
def test_who_may_only_look_sees_a_group_without_its_buttons():
    cast, noor, group = formed(only_head_redeems=True)
    support = make_user("support")
    make_manager(support, cast.partner, Role.SUPPORT)
    desk = at_desk(support)

    shown = text(desk.get(page("change", group)))

    assert "The Lindens" in shown
    assert "On this card only the head spends." in shown
    assert "Make head" not in shown
    for address in (reverse(ADD), page("join", group), page("leave", group, noor.pk)):
        assert desk.get(address).status_code == 403


@pytest.mark.req("IV9.1")
def test_groups_of_another_business_are_missing_for_tess_and_others():
    _cast, noor, group = formed()
    other = make_user("other")
    make_manager(other, make_partner("Elsewhere"))
    desk = at_desk(other)

    for address in (
        page("change", group),
        page("join", group),
        page("leave", group, noor.pk),
        page("head", group, noor.pk),
    ):
        assert desk.get(address).status_code == 404
    assert "The Lindens" not in text(desk.get(reverse(LIST)))
    assert desk.get(reverse("admin:members_membershipgroup_change", args=["x"])).status_code == 404


@pytest.mark.req("IV9.1")
@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_as_often_for_three_groups_as_for_one(count, django_assert_num_queries):
    cast = make_cast()
    for number in range(count):
        pair = [join(make_user(f"p{number}{place}"), cast.card) for place in (1, 2)]
        groups.form_group(
            deed=deed(cast.petra, Source.ADMIN, at=timezone.now()),
            head_id=pair[0].pk,
            member_ids=[pair[1].pk],
            name=f"Family {number}",
        )
    desk = at_desk(cast.petra)
    desk.get(reverse(LIST))

    with django_assert_num_queries(STATEMENTS):
        assert text(desk.get(reverse(LIST))).count("Family ") >= count
    for state, seen in (("open", True), ("closed", False), ("nonsense", True)):
        shown = text(desk.get(f"{reverse(LIST)}?state={state}"))
        assert ("Family 0" in shown) == seen


@pytest.mark.req("IV9.4")
def test_the_account_page_tells_which_other_member_did_something():
    cast, noor, group = formed()
    make_tier(cast.card, "Silver", 1000)
    adjustments.adjust_points(
        deed=deed(cast.petra, Source.ADMIN, at=timezone.now()),
        membership_id=noor.pk,
        points=5,
    )

    shown = text(at_desk(cast.petra).get(action("account", cast.membership)))

    assert "Noor" in shown
    assert group.name not in shown


@pytest.mark.req("IV3.21", "IV3.22")
def test_dates_are_moved_on_a_page_of_the_account():
    cast, _noor = family(
        expiry_days=10, expiry_override="BY_HAND", expiry_override_days=5, credit_per_step_minor=1
    )
    desk = at_desk(cast.petra)
    assert action("extend", cast.membership) in text(desk.get(action("account", cast.membership)))
    lot = Lot.objects.get(account=cast.membership.account_id)
    asked = text(desk.get(action("extend", cast.membership)))
    assert words.points(80, cast.card) in asked

    far = submit(desk, action("extend", cast.membership), days="6")
    done = submit(desk, action("extend", cast.membership), days="3", lots=str(lot.pk))

    assert errors(far) == "Ensure this value is less than or equal to 5."
    assert done["Location"] == action("account", cast.membership)
    moved = Lot.objects.get(account=cast.membership.account_id, remaining__gt=0)
    assert (moved.expires_at - lot.expires_at).days == 3
    assert Transaction.objects.filter(kind=Kind.TRANSFER).count() == 1
    again = submit(desk, action("extend", cast.membership), days="2")
    assert (again.status_code, errors(again)) == (
        409,
        "Nothing of this would last longer than it does. Nothing was changed.",
    )
    submit(desk, action("extend", cast.membership), days="5")
    empty = text(desk.get(action("extend", cast.membership)))
    assert "There is nothing whose date could be moved further." in empty


@pytest.mark.req("IV3.21")
def test_nothing_is_offered_where_the_card_moves_no_dates():
    cast, noor = family()
    desk = at_desk(cast.petra)

    assert action("extend", noor) not in text(desk.get(action("account", noor)))
    refused = desk.post(action("extend", noor), {"request_id": "a", "days": "1"})
    assert errors(refused) == "On this card nobody moves dates by hand."


@pytest.mark.req("IV3.22")
def test_a_date_that_may_not_be_had_is_said_with_the_latest_day():
    cast, _noor = family(expiry_days=10, expiry_override="BY_HAND", expiry_override_days=5)
    with pytest.raises(extensions.ExtensionTooFarError) as refused:
        extensions.extend_lots(
            deed=deed(cast.petra, Source.ADMIN, at=timezone.now()),
            membership_id=cast.membership.pk,
            days=6,
        )

    refusal = refusal_of(refused.value)
    lot = Lot.objects.get(account=cast.membership.account_id)
    latest = (lot.expires_at + timedelta(days=5, microseconds=-1)).astimezone(cast.partner.zone())
    assert (refusal.code, refusal.status, refusal.field, refusal.message) == (
        "extension_too_far",
        422,
        "days",
        f"At the latest it can last until {date_format(latest.date())}. Nothing was changed.",
    )
