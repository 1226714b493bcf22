"""What a person loses when their data is erased, shown before they or a manager say so."""

from collections import Counter
from typing import Any

from django.db.models.functions import Coalesce

from loyalty.members.models import Membership, Voucher, VoucherStatus
from loyalty.web.words import given

MOST_CARDS = 20


def losses(member_id: int) -> list[dict[str, Any]]:
    """Return the cards of a member, with the balance and the vouchers that erasing forfeits."""
    cards = list(
        Membership.objects.filter(member=member_id)
        .select_related("card", "account")
        .order_by("card__name", "pk")[:MOST_CARDS]
    )
    accounts = [membership.account_id for membership in cards]
    held = Voucher.objects.annotate(
        held_by=Coalesce("account__absorbed_by", "account"),
    ).filter(held_by__in=accounts, status=VoucherStatus.ISSUED)
    vouchers = Counter(held.values_list("held_by", flat=True))
    return [
        {
            "card": membership.card,
            "number": membership.number,
            "balance": given(
                membership.account.points, membership.account.credit_minor, membership.card
            ),
            "vouchers": vouchers[membership.account_id],
        }
        for membership in cards
    ]
