"""Tags that purchases and buys put on members (FA3, FA4)."""

from django.db.models import Max, Q

from cards.models import Tag, TagSide
from loyalty.ledger.drafts import Draft
from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import Member, MemberTag
from loyalty.operations.standing import Standing

# Points that staff type on a points-only card stand for a purchase as well.
SALES = (Kind.PURCHASE, Kind.POINTS)
_SIDES = {
    Kind.PURCHASE: ("sold_at", (TagSide.SALE, TagSide.BOTH, TagSide.EACH)),
    Kind.POINTS: ("sold_at", (TagSide.SALE, TagSide.BOTH, TagSide.EACH)),
    Kind.BUY: ("bought_at", (TagSide.BUY, TagSide.BOTH, TagSide.EACH)),
}
_IS_SPOKEN_FOR = (
    Q(tag__applies_on=TagSide.SALE, sold_at__isnull=False)
    | Q(tag__applies_on=TagSide.BUY, bought_at__isnull=False)
    | (Q(tag__applies_on=TagSide.BOTH) & (Q(sold_at__isnull=False) | Q(bought_at__isnull=False)))
    | Q(tag__applies_on=TagSide.EACH, sold_at__isnull=False, bought_at__isnull=False)
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
