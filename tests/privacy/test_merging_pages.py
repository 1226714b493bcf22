"""The pages of a merger: found by search, compared side by side, chosen and confirmed."""

import pytest
from django.urls import reverse

from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import Member, Membership
from tests.admin.desk import action, at_desk, errors, shown, submit
from tests.cast import join, make_cast
from tests.operations.counter import adjust
from tests.privacy.second_records import account_of, guest

pytestmark = pytest.mark.django_db


def text(response):
    return response.content.decode()


def twice(**person):
    """Return the cast with a second record of Mia, who has 340 points here and 70 there."""
    cast = make_cast()
    other = guest(cast, **person)
    adjust(cast, 340)
    adjust(cast, 70, membership=other)
    return cast, other


@pytest.mark.req("CU1", "CU6")
def test_the_other_record_is_found_by_name_and_never_the_record_itself():
    cast, other = twice()
    desk = at_desk(cast.petra)

    page = text(desk.get(action("merge", cast.membership), {"q": "mia"}))
    nobody = text(desk.get(action("merge", cast.membership), {"q": "nobody at all"}))

    assert action("merge_with", cast.membership, other.pk) in page
    assert action("merge_with", cast.membership, cast.membership.pk) not in page
    assert "Nobody else is found by this." in nobody


def test_the_comparison_shows_both_and_asks_where_they_differ():
    cast, other = twice(email="second@example.org")
    desk = at_desk(cast.petra)

    values = shown(desk, action("merge_with", cast.membership, other.pk))
    page = text(desk.get(action("merge_with", cast.membership, other.pk)))

    assert {name: values.get(name) for name in ("NAME", "EMAIL", "PHONE")} == {
        "NAME": "stays",
        "EMAIL": "stays",
        "PHONE": None,
    }
    told = ("Mia Twice", "mia@example.org", "second@example.org", "340 points", "70 points")
    assert [words for words in told if words not in page] == []


def test_merging_takes_what_was_chosen_and_the_same_page_sent_twice_merges_once():
    cast, other = twice(email="second@example.org")
    desk, page = at_desk(cast.petra), action("merge_with", cast.membership, other.pk)
    values = shown(desk, page) | {"EMAIL": "goes", "internal": "Same person, she says"}

    answers = [desk.post(page, values) for _ in range(2)]

    assert [answer["Location"] for answer in answers] == [action("account", cast.membership)] * 2
    assert account_of(cast.membership).points == 410
    stays = Member.objects.get(pk=cast.membership.member_id)
    assert (stays.email, stays.first_name, stays.last_name) == ("second@example.org", "Mia", "")
    moved = Transaction.objects.get(kind=Kind.TRANSFER, caused_by=None)
    assert moved.note.internal == "Same person, she says"


def test_after_it_the_list_shows_one_and_each_page_leads_to_the_other():
    cast, other = twice()
    desk = at_desk(cast.petra)
    submit(desk, action("merge_with", cast.membership, other.pk))

    listed = text(desk.get(reverse("admin:members_membership_changelist")))
    here = text(desk.get(action("account", cast.membership)))
    there = text(desk.get(action("account", other)))

    assert (action("account", cast.membership) in listed, action("account", other) in listed) == (
        True,
        False,
    )
    assert f"Taken over from card {other.number}" in here
    assert action("account", other) in here
    assert f"Merged into card {cast.membership.number}" in there
    assert action("account", cast.membership) in there
    addresses = [action(name, other) for name in ("restore", "erase", "merge")]
    assert [address for address in addresses if f'href="{address}"' in there] == []


def test_two_sign_ins_are_refused_in_clear_words():
    cast = make_cast()
    noor = join(cast.noor, cast.card)

    response = submit(at_desk(cast.petra), action("merge_with", cast.membership, noor.pk))

    assert (response.status_code, errors(response)) == (
        409,
        "Both records have a sign-in of their own, so they may be two people. Nothing was changed.",
    )
    assert Membership.objects.get(pk=noor.pk).member.merged_into is None
