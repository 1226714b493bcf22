"""Tags that a person puts on a member or takes off (CU9)."""

import pytest

from cards.models import Tag
from clubs.models import Role
from loyalty.audit.models import AuditEvent
from loyalty.ledger.models import Source
from loyalty.operations import standing, tags
from tests.cast import deed, make_cast, make_manager, make_partner, make_user
from tests.operations.counter import buy, undo

pytestmark = [pytest.mark.django_db, pytest.mark.req("CU9")]


def make_tag(cast, name="Regular", side="SALE", **more):
    return Tag.objects.create(partner=cast.partner, name=name, applies_on=side, **more)


def put_on(cast, tag, who=None):
    by = deed(who or cast.petra, Source.ADMIN)
    return tags.put_on(deed=by, membership_id=cast.membership.pk, tag_id=tag.pk)


def take_off(cast, tag, who=None):
    by = deed(who or cast.petra, Source.ADMIN)
    tags.take_off(deed=by, membership_id=cast.membership.pk, tag_id=tag.pk)


def worn(cast):
    return [tag.name for tag in tags.worn_by(cast.membership.member_id)]


def told():
    rows = AuditEvent.objects.filter(action__contains="tag").order_by("pk")
    return list(rows.values_list("action", "object_id", "after"))


def test_a_tag_is_put_on_and_taken_off_by_hand_each_audited_once():
    cast = make_cast()
    tag, member = make_tag(cast), cast.membership.member_id

    put_on(cast, tag)
    put_on(cast, tag)
    with_it = worn(cast)
    take_off(cast, tag)
    take_off(cast, tag)

    assert (with_it, worn(cast)) == (["Regular"], [])
    assert told() == [
        ("put tag on", member, {"tag": tag.pk}),
        ("take tag off", member, {"tag": tag.pk}),
    ]


def test_a_tag_put_on_by_hand_stays_when_a_purchase_is_undone():
    cast = make_cast()
    put_on(cast, make_tag(cast))
    make_tag(cast, "Buyer")

    undo(cast, buy(cast, 1000))

    assert worn(cast) == ["Regular"]


def test_a_tag_taken_off_by_hand_comes_back_with_the_next_purchase_and_not_with_an_undo():
    cast = make_cast()
    tag = make_tag(cast)
    buy(cast, 1000)
    take_off(cast, tag)
    without = worn(cast)

    undone = buy(cast, 1100)
    back = worn(cast)
    undo(cast, undone)

    assert (without, back) == ([], ["Regular"])


def test_no_archived_tag_and_none_of_another_business_is_put_on():
    cast = make_cast()
    elsewhere = make_partner("Elsewhere")
    theirs = Tag.objects.create(partner=elsewhere, name="Theirs", applies_on="SALE")
    archived = make_tag(cast, "Old", archived_at=deed(cast.petra).occurred_at)

    for tag in (theirs, archived):
        with pytest.raises(tags.TagNotFoundError):
            put_on(cast, tag)

    assert worn(cast) == []


def test_support_may_and_staff_may_not_put_tags_on():
    cast = make_cast()
    rita = make_user("rita")
    make_manager(rita, cast.partner, Role.SUPPORT)
    tag = make_tag(cast)

    with pytest.raises(standing.MembershipNotFoundError):
        put_on(cast, tag, who=cast.sam)
    put_on(cast, tag, who=rita)

    assert worn(cast) == ["Regular"]
