"""Tags that purchases and buys put on members, or a person (FA3, FA4, CU9)."""

from django.db.models import Max, Q

from cards.models import Tag, TagSide
from loyalty.audit import record
from loyalty.ledger.drafts import Draft
from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import Member, MemberTag
from loyalty.operations import customers
from loyalty.operations.deeds import Deed, one_transaction
from loyalty.operations.standing import Standing, check_may_manage, check_not_own, lock

# Points that staff type on a points-only card stand for a purchase as well.
SALES = (Kind.PURCHASE, Kind.POINTS)
_SIDES = {
    Kind.PURCHASE: ("sold_at", (TagSide.SALE, TagSide.BOTH, TagSide.EACH)),
    Kind.POINTS: ("sold_at", (TagSide.SALE, TagSide.BOTH, TagSide.EACH)),
    Kind.BUY: ("bought_at", (TagSide.BUY, TagSide.BOTH, TagSide.EACH)),
}
_IS_SPOKEN_FOR = (
    Q(is_by_hand=True)
    | Q(tag__applies_on=TagSide.SALE, sold_at__isnull=False)
    | Q(tag__applies_on=TagSide.BUY, bought_at__isnull=False)
    | (Q(tag__applies_on=TagSide.BOTH) & (Q(sold_at__isnull=False) | Q(bought_at__isnull=False)))
    | Q(tag__applies_on=TagSide.EACH, sold_at__isnull=False, bought_at__isnull=False)
)


class TagNotFoundError(LookupError):
    """The business has no such tag, or has archived it."""


@one_transaction
def put_on(*, deed: Deed, membership_id: int, tag_id: int) -> Tag:
    """Put a tag on a member by hand and return it; no deed takes it off again.

    By a manager. A tag worn already stays as it is. Writes no transaction; audited. Source: CU9.

    :raises TagNotFoundError: if the business has no such tag; and the errors of standing.
    """
    member = _whose(deed, membership_id)
    tag = Tag.objects.filter(pk=tag_id, partner=member.partner_id, archived_at=None).first()
    if tag is None:
        raise TagNotFoundError

    row, _is_new = MemberTag.objects.get_or_create(
        member=member, tag=tag, defaults={"partner_id": member.partner_id}
    )
    if not row.is_set:
        row.is_by_hand = row.is_set = True
        row.save(update_fields=["is_by_hand", "is_set"])
        _tell("put tag on", deed, member, tag_id)
    return tag


@one_transaction
def take_off(*, deed: Deed, membership_id: int, tag_id: int) -> None:
    """Take a tag off a member by hand; the next deed that calls for it puts it on again.

    By a manager. A tag that is not worn is none to take off. Audited. Source: CU9.

    :raises MembershipNotFoundError: OwnMembershipError: as the errors of standing.
    """
    member = _whose(deed, membership_id)

    gone, _by_table = MemberTag.objects.filter(
        member=member, partner=member.partner_id, tag=tag_id, is_set=True
    ).delete()
    if gone:
        _tell("take tag off", deed, member, tag_id)


def _whose(deed: Deed, membership_id: int) -> Member:
    """Return the member of a membership, locked, for a manager who may change their tags."""
    standing = lock(deed=deed, membership_id=membership_id)
    check_may_manage(standing)
    check_not_own(standing)
    member = Member.objects.select_for_update(no_key=True).get(pk=standing.membership.member_id)
    customers.check_there(member)
    return member


def _tell(action: str, deed: Deed, member: Member, tag_id: int) -> None:
    record.record(
        action=action,
        subject=member,
        partner_id=member.partner_id,
        actor_id=deed.actor_id,
        after={"tag": tag_id},
    )


def has_tags(standing: Standing) -> bool:
    """Return whether the business has tags at all, as the deed's facts say."""
    return bool(getattr(standing.membership, "has_tags", False))


def note(standing: Standing, main: Draft) -> None:
    """Put the tags of a purchase or a buy on the member; no statement without tags.

    A tag for one of each is set when the second of the two is booked.
    """
    if not has_tags(standing):
        return
    column, sides = _SIDES[main.kind]
    member, at = standing.membership.member, main.occurred_at
    tags = Tag.objects.filter(partner=member.partner_id, archived_at=None, applies_on__in=sides)
    MemberTag.objects.bulk_create(
        [
            MemberTag(partner_id=member.partner_id, member=member, tag=tag, **{column: at})
            for tag in tags.order_by("pk")
        ],
        update_conflicts=True,
        unique_fields=["member", "tag"],
        update_fields=[column],
    )
    MemberTag.objects.filter(_IS_SPOKEN_FOR, member=member, is_set=False).update(is_set=True)


def recompute(standing: Standing, undone: Transaction) -> None:
    """Take back what an undone purchase or buy said: what stands of the member's deeds counts.

    Call it after the reversal is written.
    """
    if not has_tags(standing) or undone.kind not in _SIDES:
        return
    member = standing.membership.member
    stands = Transaction.objects.filter(
        membership__member__in=Member.objects.filter(Q(pk=member.pk) | Q(merged_into=member)),
        reversal__isnull=True,
    )
    last = stands.aggregate(
        sold=Max("occurred_at", filter=Q(kind__in=SALES)),
        bought=Max("occurred_at", filter=Q(kind=Kind.BUY)),
    )
    rows = MemberTag.objects.filter(member=member)
    rows.filter(sold_at__isnull=False).update(sold_at=last["sold"])
    rows.filter(bought_at__isnull=False).update(bought_at=last["bought"])
    rows.exclude(_IS_SPOKEN_FOR).update(is_set=False)


def of_standing(standing: Standing) -> list[Tag]:
    """Return the tags of who stands at the counter; no statement where the business has none."""
    return worn_by(standing.membership.member_id) if has_tags(standing) else []


def worn_by(member_id: int) -> list[Tag]:
    """Return the tags that are set on a member, by name."""
    rows = MemberTag.objects.filter(member=member_id, is_set=True, tag__archived_at=None)
    return [row.tag for row in rows.select_related("tag").order_by("tag__name", "pk")]
