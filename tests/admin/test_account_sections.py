"""The sections of a customer's account page: what each tells, in how many statements."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cards.models import Tag
from clubs.models import Role
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Source
from loyalty.members.models import MemberNote, Voucher
from loyalty.operations import groups, member_notes, tags, tiers
from staff.admin import account_sections
from tests.admin.desk import action, at_desk, submit
from tests.cast import (
    deed,
    join,
    make_cast,
    make_manager,
    make_reward,
    make_tier,
    make_user,
    publish,
)
from tests.operations.counter import adjust, buy, issue, remove, use
from tests.operations.recommending import add_rule, bring, make_club

pytestmark = pytest.mark.django_db


def section(cast, name, membership=None, client=None, **more):
    query = {"show": name} | more
    found = membership or cast.membership
    return (client or at_desk(cast.petra)).get(action("account", found), query)


def fill(cast, count):
    """Do so much with Mia's card that each section has rows."""
    held, gold = cast.membership.pk, make_tier(cast.card, f"Gold{count}", 100_000 + count)
    for number in range(count):
        word = f"{count}-{number}"
        buy(cast, 100_000 + number)
        for tier_id in (gold.pk, None):
            by = deed(cast.petra, Source.ADMIN)
            tiers.change_tier(deed=by, membership_id=held, tier_id=tier_id)
        issue(cast)
        issue(cast)
        remove(cast, Voucher.objects.latest("pk").pk)
        by = deed(cast.petra, Source.ADMIN)
        member_notes.write_note(deed=by, membership_id=held, text=word)
        tag = Tag.objects.create(partner=cast.partner, name=word, applies_on="BUY")
        tags.put_on(deed=by, membership_id=held, tag_id=tag.pk)
        friend = join(make_user(f"friend{word}"), cast.card)
        friend.referred_by = cast.membership
        friend.save()


# The statements of each section, however many rows it has.
STATEMENTS = {
    "overview": 16,
    "transactions": 11,
    "rewards": 15,
    "tiers": 10,
    "notes": 11,
    "tags": 11,
    "group": 9,
    "referrals": 11,
}


@pytest.mark.req("CU9", "CU12")
def test_each_section_costs_the_same_with_few_and_with_many_rows():
    cast = make_cast(earns_per_hour=1000)
    client = at_desk(cast.petra)
    fill(cast, 1)
    section(cast, "overview", client=client)
    few = {name: _counted(cast, name, client) for name in STATEMENTS}
    fill(cast, 3)

    assert {name: _counted(cast, name, client) for name in STATEMENTS} == few
    assert few == STATEMENTS


def _counted(cast, name, client):
    with CaptureQueriesContext(connection) as statements:
        assert section(cast, name, client=client).status_code == 200
    return len(statements)


@pytest.mark.req("CU9")
def test_a_section_that_does_not_exist_is_missing():
    assert section(make_cast(), "anything").status_code == 404


@pytest.mark.req("CU9")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("transactions", "Joined"),
        ("rewards", "None is waiting."),
        ("tiers", "The tier never changed."),
        ("notes", "Nobody wrote anything down yet."),
        ("tags", "your business has none to put on"),
        ("group", "This customer collects alone."),
        ("referrals", "They came by themselves."),
    ],
)
def test_a_section_without_rows_says_so(name, words):
    assert words in section(make_cast(), name).content.decode()


@pytest.mark.req("CU11")
def test_transactions_are_read_by_place_and_say_which_part_of_a_bill_counted(monkeypatch):
    monkeypatch.setattr(account_sections, "PER_PAGE", 2)
    cast = make_cast(min_amount_minor=500)
    small, large, given = buy(cast, 450), buy(cast, 1000), adjust(cast, 5)

    first = section(cast, "transactions").context
    older = at_desk(cast.petra).get(action("account", cast.membership) + first["history"].older)

    assert [(one.deed.pk, one.counted) for one in first["lines"]] == [
        (given.pk, ""),
        (large.pk, ""),
    ]
    assert [one.counted for one in older.context["lines"]] == ["€0.00 of €4.50 counted", ""]
    assert older.context["lines"][0].deed.pk == small.pk
    assert (older.context["history"].older, older.context["history"].newest) == (
        "",
        "?show=transactions",
    )


@pytest.mark.parametrize("place", ["x", "-1", "0", "9" * 40, "\u0661"])
def test_a_place_that_no_page_wrote_is_refused(place):
    assert section(make_cast(), "transactions", after=place).status_code == 400


@pytest.mark.req("CU12", "CU13")
def test_rewards_are_told_apart_by_what_became_of_them_with_day_and_person():
    cast = make_cast()
    dear = make_reward(cast.card, "Mug", 5000)
    adjust(cast, 1000)
    for _ in range(3):
        issue(cast)
    kept, removed, used = Voucher.objects.order_by("pk")
    remove(cast, removed.pk)
    use(cast, used)

    found = section(cast, "rewards").context

    assert [offer.reward.name for offer in found["current"]] == ["Croissant"]
    assert [item["offer"].reward.pk for item in found["ahead"]] == [dear.pk]
    assert [voucher.pk for voucher in found["outstanding"]] == [kept.pk]
    assert [(row["reward"].name, row["person"], row["how"]) for row in found["used"]] == [
        ("Croissant", "Sam", "used")
    ]
    assert [(row["person"], row["how"]) for row in found["past"]] == [("Petra", "removed")]


@pytest.mark.req("CU27", "CU29", "CU34")
def test_the_tier_history_tells_who_moved_it_why_and_until_when():
    cast = make_cast()
    gold = make_tier(cast.card, "Gold", 1000)
    by = deed(cast.petra, Source.ADMIN)
    tiers.change_tier(
        deed=by, membership_id=cast.membership.pk, tier_id=gold.pk, note=Note(internal="Prize")
    )

    found = section(cast, "tiers").context["lines"]

    assert [
        (row["change"].to_tier.name, row["is_by_hand"], row["person"], row["internal"])
        for row in found
    ] == [("Gold", True, "Petra", "Prize")]


@pytest.mark.req("CU9", "CU18")
def test_a_note_is_written_shown_on_the_overview_and_removed_by_support():
    cast = make_cast()
    rita = make_user("rita")
    make_manager(rita, cast.partner, Role.SUPPORT)
    desk = at_desk(rita)

    written = submit(desk, action("note", cast.membership), text="Prefers\noat milk")
    overview = desk.get(action("account", cast.membership)).content.decode()
    note = MemberNote.objects.get()
    removed = submit(desk, action("remove_note", cast.membership, note.pk))

    listed = f"{action('account', cast.membership)}?show=notes"
    assert (written["Location"], removed["Location"]) == (listed, listed)
    assert "Prefers<br>oat milk" in overview
    assert MemberNote.objects.count() == 0


@pytest.mark.req("CU9")
def test_a_note_about_somebody_else_is_not_there():
    cast = make_cast()
    other = join(cast.noor, cast.card)
    by = deed(cast.petra, Source.ADMIN)
    note = member_notes.write_note(deed=by, membership_id=other.pk, text="Theirs")
    page = action("remove_note", cast.membership, note.pk)

    answers = [at_desk(cast.petra).get(page).status_code]
    answers.append(at_desk(cast.petra).post(page, {"request_id": "k"}).status_code)

    assert (answers, MemberNote.objects.count()) == ([404, 404], 1)


@pytest.mark.req("CU9")
def test_a_tag_is_added_from_those_not_worn_and_taken_off_again():
    cast = make_cast()
    regular, vip = (
        Tag.objects.create(partner=cast.partner, name=name) for name in ("Regular", "VIP")
    )
    desk, listed = at_desk(cast.petra), f"{action('account', cast.membership)}?show=tags"

    added = submit(desk, action("tag", cast.membership), tag=str(vip.pk))
    choices = desk.get(action("tag", cast.membership)).context["form"].fields["tag"].choices
    worn = [row.tag for row in section(cast, "tags").context["worn"]]
    taken = submit(desk, action("remove_tag", cast.membership, vip.pk))

    assert (added["Location"], taken["Location"]) == (listed, listed)
    assert (worn, list(choices)) == ([vip], [(regular.pk, "Regular")])
    assert list(section(cast, "tags").context["worn"]) == []


@pytest.mark.req("CU9")
def test_the_group_is_shown_with_its_members():
    cast = make_cast()
    noor = join(cast.noor, cast.card)
    groups.form_group(
        deed=deed(cast.petra, Source.ADMIN),
        head_id=cast.membership.pk,
        member_ids=[noor.pk],
        name="Family",
    )

    found = section(cast, "group").context

    assert [(row["membership"].pk, row["is_head"], row["is_here"]) for row in found["members"]] == [
        (cast.membership.pk, True, True),
        (noor.pk, False, False),
    ]


@pytest.mark.req("CU9", "IV5.2")
def test_referrals_say_who_brought_whom_and_what_each_got():
    cast = make_club(("REGISTRATION", 30))
    add_rule(cast.card, "REGISTRATION", points=10, to="REFERRED")
    publish(cast.card)
    noor = bring(cast)

    mias = section(cast, "referrals").context
    noors = section(cast, "referrals", noor).context

    assert [(row["name"], row["own"], row["theirs"]) for row in mias["brought"]] == [
        ("Noor", "30 points", "10 points")
    ]
    assert mias["by"] is None
    assert {name: noors["by"][name] for name in ("name", "theirs", "own")} == {
        "name": "Mia",
        "theirs": "30 points",
        "own": "10 points",
    }


@pytest.mark.req("CU9")
def test_the_overview_tells_the_next_tier_and_what_needs_attention():
    cast = make_cast(expiry_days=20)
    make_tier(cast.card, "Gold", 100)
    adjust(cast, 40, at=timezone.now())

    found = section(cast, "overview").context

    step = found["progress"]
    assert (step.name, step.value, step.target, step.missing) == ("Gold", 40, 100, "60 points")
    assert [notice.icon for notice in found["notices"]] == ["event_busy"]
