"""Groups of members with one account: vouchers, undoing, and who may do what (rules 10)."""

from datetime import UTC, datetime

import pytest

from cards.models import Card
from loyalty.audit.models import AuditEvent
from loyalty.ledger.models import Lot, Source, Transaction
from loyalty.members.models import (
    Membership,
    MembershipGroup,
    MembershipStatus,
    Voucher,
)
from loyalty.operations import (
    groups,
    offers,
    restoring,
    rollbacks,
    standing,
    vouchers,
)
from loyalty.operations.deeds import RepeatDiffersError
from loyalty.rules.offers import OfferState
from tests.cast import NOON, deed, join, make_reward
from tests.operations.counter import buy, days, issue, redeem, remove, roll_back, use
from tests.operations.families import LATER, Family, add, form, held, leave, proven

pytestmark = pytest.mark.django_db


@pytest.mark.req("IV9.3", "IV9.5")
def test_vouchers_of_a_member_are_the_groups_and_stay_with_it():
    family = Family().earn()
    buy(family.cast, 40_000)
    issue(family.cast)
    issue(family.cast, at=NOON + days(0.1))
    first, second = Voucher.objects.order_by("pk")
    family.form()

    used = use(
        family.cast, first, at=LATER, membership=family.noor, scan=_scan(family, family.noor)
    )
    leave(family.cast, family.mia)

    assert used.membership == family.noor
    with pytest.raises(vouchers.VoucherNotFoundError):
        use(family.cast, second, at=LATER, scan=_scan(family, family.mia))
    back = remove(family.cast, second.pk, at=LATER, membership=family.noor)
    assert (back.points, back.account) == (200, family.group().account)
    proven()


def _scan(family, membership):
    return family.cast.scan(at=LATER, membership=membership)


@pytest.mark.req("IV9.3")
def test_points_of_a_voucher_come_back_to_the_group_with_their_dates():
    family = Family(expiry_days=10)
    buy(family.cast, 15_000, at=NOON)
    buy(family.cast, 25_000, at=NOON + days(5))
    issue(family.cast, at=NOON + days(6))
    family.form(family.noor, at=NOON + days(7))
    at = NOON + days(12)  # What was bought on the first day is past its date now.

    done = remove(family.cast, Voucher.objects.get().pk, at=at, membership=family.noor)

    lots = Lot.objects.filter(entry__transaction=done).order_by("pk")
    late = datetime(2026, 5, 29, 23, 0, tzinfo=UTC)
    assert [(lot.earned, lot.expires_at) for lot in lots] == [
        (150, at + restoring.GRACE),
        (50, late),
    ]
    rolled = roll_back(family.cast, done, at=at, membership=family.mia)
    assert rolled.points == -200


@pytest.mark.req("IV9.3")
def test_a_limit_per_member_counts_what_was_had_before_the_group():
    family = Family().earn()
    reward = make_reward(family.cast.card, "Cup", cost=10, per_member=1)
    redeem(family.cast, reward, membership=family.noor)
    family.form()

    with pytest.raises(offers.RewardNotAvailableError) as refused:
        redeem(family.cast, reward, at=LATER, membership=family.mia)

    assert refused.value.state == OfferState.LIMIT_REACHED


@pytest.mark.req("IV9.4", "R11.1")
def test_a_deed_of_before_the_group_cannot_be_undone_its_points_are_the_groups():
    family = Family()
    mine = buy(family.cast, 1000)
    family.form(family.noor)

    with pytest.raises(restoring.MovedToGroupError):
        roll_back(family.cast, mine, at=LATER)
    with pytest.raises(rollbacks.NothingToUndoError):
        roll_back(family.cast, mine, at=LATER, membership=family.kim)


@pytest.mark.req("IV9.4")
def test_the_groups_latest_deed_is_undone_whoever_did_it_and_the_tier_is_judged_anew():
    family = Family()
    buy(family.cast, 29_000)
    family.form(family.noor)
    raised = buy(family.cast, 2000, at=LATER, membership=family.noor)
    buy(family.cast, 15_000, membership=family.kim)
    assert raised.result["new_tier"] == "Gold"
    add(family.cast, family.group(), family.kim)

    roll_back(family.cast, raised, at=LATER, membership=family.kim)

    # Without the deed that raised it, the group still has 440 with what Kim brought.
    assert held(family.mia) == (440, 0, 440, "Gold", True)
    proven()


@pytest.mark.req("IV9.1")
def test_a_repeat_of_any_step_changes_nothing():
    family = Family().earn()
    first = family.form(family.noor, key="form")
    group = family.group()
    joined = add(family.cast, group, family.kim, key="add")
    left = leave(family.cast, family.kim, key="leave")
    count = Transaction.objects.count()

    assert family.form(family.noor, key="form") == first
    assert add(family.cast, group, family.kim, key="add") == joined
    assert leave(family.cast, family.kim, key="leave") == left

    assert (Transaction.objects.count(), MembershipGroup.objects.count()) == (count, 1)
    with pytest.raises(RepeatDiffersError):
        leave(family.cast, family.noor, key="leave")


@pytest.mark.req("IV9.1")
def test_a_member_is_in_one_group_at_most():
    family = Family()
    family.form(family.noor)

    with pytest.raises(groups.AlreadyInGroupError) as refused:
        form(family.cast, family.kim, family.noor)
    assert refused.value.number == family.noor.number
    with pytest.raises(groups.AlreadyInGroupError):
        add(family.cast, family.group(), family.noor)


@pytest.mark.req("IV9.1")
def test_a_group_has_two_members_at_least_and_at_most_as_many_as_the_card_allows():
    family = Family(most_in_group=2)

    with pytest.raises(groups.GroupTooSmallError):
        form(family.cast, family.mia)
    with pytest.raises(groups.GroupFullError) as refused:
        family.form()
    assert refused.value.most == 2
    family.form(family.noor)
    with pytest.raises(groups.GroupFullError):
        add(family.cast, family.group(), family.kim)


@pytest.mark.req("IV9.1")
def test_only_members_of_the_card_who_take_part_can_be_in_a_group():
    family = Family()
    stranger = join(family.cast.noor, family.cast.hill_card)

    with pytest.raises(standing.MembershipNotFoundError):
        form(family.cast, family.mia, stranger)
    with pytest.raises(standing.MembershipNotFoundError):
        groups.form_group(
            deed=deed(family.cast.petra, Source.ADMIN),
            head_id=0,
            member_ids=[family.noor.pk],
            name="",
        )
    Membership.objects.filter(pk=family.noor.pk).update(status=MembershipStatus.BLOCKED)
    with pytest.raises(standing.MembershipNotActiveError):
        form(family.cast, family.mia, family.noor)
    family.form(family.kim)
    with pytest.raises(groups.GroupNotFoundError):
        add(family.cast, family.group(), stranger)
    with pytest.raises(groups.GroupNotFoundError):
        add(family.cast, MembershipGroup(pk=0), stranger)


@pytest.mark.req("IV9.5")
def test_nobody_leaves_or_leads_a_group_they_are_not_in():
    family = Family()
    family.form(family.noor)
    group = family.group()

    with pytest.raises(groups.NotInGroupError):
        leave(family.cast, family.kim)
    for membership, group_id in ((family.kim, group.pk), (family.mia, 0)):
        with pytest.raises(groups.NotInGroupError):
            groups.change_head(
                deed=deed(family.cast.petra, Source.ADMIN),
                group_id=group_id,
                membership_id=membership.pk,
            )


@pytest.mark.req("IV9.1")
def test_each_step_is_in_the_audit_log():
    family = Family()
    family.form(family.noor)
    group = family.group()
    for _again in range(2):
        groups.change_head(
            deed=deed(family.cast.petra, Source.ADMIN),
            group_id=group.pk,
            membership_id=family.noor.pk,
        )
    leave(family.cast, family.noor)

    found = AuditEvent.objects.filter(kind="members.membershipgroup").order_by("pk")
    assert [(one.action, one.after["memberships"]) for one in found] == [
        ("form group", [family.mia.pk, family.noor.pk]),
        ("change head of group", [family.noor.pk]),
        ("leave group", [family.noor.pk]),
    ]


@pytest.mark.req("IV9.1")
@pytest.mark.parametrize("name", ["sam", "tess", "mia"])
def test_only_a_manager_works_on_groups(name):
    family = Family()
    stranger = getattr(family.cast, name)
    family.form(family.kim)

    deeds = (
        lambda: form(family.cast, family.noor, family.mia, actor=stranger),
        lambda: add(family.cast, family.group(), family.noor, actor=stranger),
        lambda: leave(family.cast, family.kim, actor=stranger),
    )
    for step in deeds:
        with pytest.raises(standing.MembershipNotFoundError):
            step()


@pytest.mark.req("IV9.1")
def test_nobody_works_on_a_group_that_they_would_be_in_themselves():
    family = Family()
    own = join(family.cast.petra, family.cast.card)

    with pytest.raises(standing.OwnMembershipError):
        form(family.cast, family.mia, own)


@pytest.mark.req("IV9.1")
def test_no_group_is_formed_on_a_card_that_takes_no_deeds():
    family = Family()
    Card.objects.filter(pk=family.cast.card.pk).update(status="PAUSED")

    with pytest.raises(standing.CardNotOpenError):
        family.form(family.noor)
