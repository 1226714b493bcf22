"""The sections of the account page beside its overview, each read in a few statements."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Sum
from django.utils.translation import gettext_lazy as _

from cards.models import Tag
from loyalty.ledger.models import Kind, TierChange, Transaction, VoucherMove
from loyalty.members.models import (
    MemberNote,
    Membership,
    MemberTag,
    TierSource,
    Voucher,
    VoucherStatus,
    pooled,
)
from loyalty.operations import offers
from loyalty.operations.bonuses import BonusReason
from loyalty.web import words
from loyalty.web.explaining import given
from staff.admin.account import AccountPage, account_address
from staff.admin.account_history import (
    deeds_of,
    internal_of,
    last_person,
    lines_of,
    person_of,
)
from staff.admin.paging import page_of
from staff.admin.powers import EDITORS, powers_of

PER_PAGE = 50
MOST_VOUCHERS = 100
MOST_MEMBERS = 100
MOST_NOTED_DEEDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section: its name in the address, its words, its template, and how it is read."""

    name: str
    words: Any
    template: str
    read: Callable[[AccountPage], dict[str, Any]]


def transactions(page: AccountPage) -> dict[str, Any]:
    """Return what happened, newest first, a page at a time (CU11)."""
    found = page_of(page.request, deeds_of(page.membership), count=PER_PAGE)
    return {
        "history": found,
        "lines": lines_of(page.membership, found.rows, page.latest),
        "can_reverse": powers_of(page.request).is_all,
    }


def rewards(page: AccountPage) -> dict[str, Any]:
    """Return what can be had now, what is kept, what was used, and what is past (CU12)."""
    membership = page.membership
    moves = VoucherMove.objects.select_related("transaction__actor").order_by("pk")
    rows = (
        Voucher.objects.filter(pooled(membership.account_id))
        .select_related("reward", "tier")
        .prefetch_related(Prefetch("moves", queryset=moves))
        .order_by("-pk")
    )
    listed = offers.listed(account=membership.account, available=page.available, at=page.at)
    closed = list(rows.exclude(status=VoucherStatus.ISSUED)[:MOST_VOUCHERS])
    is_editor = powers_of(page.request).has(EDITORS, membership.partner_id)
    return {
        "current": [offer for offer in listed if offer.is_ready],
        "ahead": [
            {"offer": offer, "words": words.offer_words(offer, membership.card)}
            for offer in listed
            if not offer.is_ready
        ],
        "outstanding": list(rows.filter(status=VoucherStatus.ISSUED)[:MOST_VOUCHERS]),
        "used": _used(page, [row for row in closed if row.status == VoucherStatus.USED]),
        "past": [_closed(row) for row in closed if row.status != VoucherStatus.USED],
        "can_remove_voucher": is_editor,
    }


def _used(page: AccountPage, vouchers: Iterable[Voucher]) -> list[dict[str, Any]]:
    """Return vouchers that were used and rewards handed out at the counter, newest first."""
    handed_out = (
        Transaction.objects.filter(
            kind=Kind.REDEMPTION, account=page.membership.account_id, reversal__isnull=True
        )
        .select_related("reward", "actor", "store")
        .order_by("-pk")[:MOST_VOUCHERS]
    )
    found = [_closed(row) for row in vouchers] + [
        {"reward": deed.reward, "at": deed.occurred_at, "person": person_of(deed), "how": ""}
        for deed in handed_out
    ]
    return sorted(found, key=lambda row: row["at"], reverse=True)


def _closed(voucher: Voucher) -> dict[str, Any]:
    """Return a voucher that is no more, with the day and person of its last step."""
    moves = list(voucher.moves.all())
    return {
        "reward": voucher.reward,
        "at": moves[-1].transaction.occurred_at if moves else voucher.issued_at,
        "person": last_person(moves),
        "how": voucher.get_status_display(),
    }


def tier_history(page: AccountPage) -> dict[str, Any]:
    """Return each move from one tier to another, newest first."""
    changes = TierChange.objects.filter(pooled(page.membership.account_id)).select_related(
        "from_tier", "to_tier", "transaction__actor", "transaction__note", "transaction__reversal"
    )
    found = page_of(page.request, changes, count=PER_PAGE)
    lines = [
        {
            "change": row,
            "is_by_hand": row.to_source == TierSource.MANUAL,
            "is_undone": hasattr(row.transaction, "reversal"),
            "person": person_of(row.transaction),
            "internal": internal_of(row.transaction),
        }
        for row in found.rows
    ]
    return {"history": found, "lines": lines}


def notes(page: AccountPage) -> dict[str, Any]:
    """Return what the team wrote about the member, and beside single deeds; the team's alone."""
    rows = MemberNote.objects.filter(member=page.membership.member_id).select_related("author")
    beside = deeds_of(page.membership).exclude(note__internal="").filter(note__isnull=False)
    deeds = list(beside.order_by("-pk")[:MOST_NOTED_DEEDS])
    return {
        "history": page_of(page.request, rows, count=PER_PAGE),
        "noted": [
            {
                "deed": deed,
                "internal": internal_of(deed),
                "person": person_of(deed),
            }
            for deed in deeds
        ],
    }


def tags(page: AccountPage) -> dict[str, Any]:
    """Return the tags that the member wears, and whether there are others to put on."""
    worn = MemberTag.objects.filter(
        member=page.membership.member_id, is_set=True, tag__archived_at=None
    ).select_related("tag")
    listed = list(worn.order_by("tag__name", "pk"))
    rest = Tag.objects.filter(partner=page.membership.partner_id, archived_at=None).exclude(
        pk__in=[row.tag_id for row in listed]
    )
    return {"worn": listed, "has_others": rest.exists()}


def group(page: AccountPage) -> dict[str, Any]:
    """Return the group whose balance the membership shares, with its members."""
    found = page.membership.group
    members = Membership.objects.filter(group=found).select_related("member")
    listed = members.order_by("joined_at", "pk")[:MOST_MEMBERS] if found else ()
    return {
        "group": found,
        "members": [
            {
                "membership": row,
                "address": account_address(row),
                "is_head": found is not None and row.pk == found.head_id,
                "is_here": row.pk == page.membership.pk,
            }
            for row in listed
        ],
    }


def referrals(page: AccountPage) -> dict[str, Any]:
    """Return who brought the member, whom they brought, and what each got for it (IV5)."""
    own = page.membership
    brought = Membership.objects.filter(referred_by=own).select_related("member")
    found = page_of(page.request, brought, count=PER_PAGE)
    by = (
        Membership.objects.filter(pk=own.referred_by_id).select_related("member").first()
        if own.referred_by_id
        else None
    )
    pairs = [(own.pk, row.pk) for row in found.rows] + ([(by.pk, own.pk)] if by else [])
    sums = _bonuses(pairs)

    def told(referrer_id: int, referred_id: int, receiver_id: int) -> str:
        points, credit = sums.get((referrer_id, referred_id, receiver_id), (0, 0))
        return given(points, credit, own.card) if points or credit else ""

    return {
        "history": found,
        "by": by
        and {
            "name": by.member.full_name(),
            "address": account_address(by),
            "theirs": told(by.pk, own.pk, by.pk),
            "own": told(by.pk, own.pk, own.pk),
        },
        "brought": [
            {
                "name": row.member.full_name(),
                "address": account_address(row),
                "joined_at": row.joined_at,
                "own": told(own.pk, row.pk, own.pk),
                "theirs": told(own.pk, row.pk, row.pk),
            }
            for row in found.rows
        ],
    }


def _bonuses(pairs: list[tuple[int, int]]) -> dict[tuple[int, int, int], tuple[int, int]]:
    """Return what each of a pair got for a recommendation that stands: points and credit.

    A bonus is caused by a deed of the one who was brought, whoever gets it.
    """
    rows = (
        Transaction.objects.filter(
            kind=Kind.BONUS,
            result__reason=BonusReason.REFERRAL,
            caused_by__membership__in=[referred for _referrer, referred in pairs],
            reversal__isnull=True,
        )
        .order_by()
        .values("caused_by__membership", "membership")
        .annotate(points=Sum("lifetime_points"), credit=Sum("lifetime_credit_minor"))
    )
    sums = {
        (row["caused_by__membership"], row["membership"]): (row["points"], row["credit"])
        for row in rows
    }
    return {
        (referrer, referred, receiver): sums[referred, receiver]
        for referrer, referred in pairs
        for receiver in (referrer, referred)
        if (referred, receiver) in sums
    }


SECTIONS = (
    Section(
        name="transactions",
        words=_("Transactions"),
        template="admin/account/transactions.html",
        read=transactions,
    ),
    Section(
        name="rewards",
        words=_("Rewards"),
        template="admin/account/rewards.html",
        read=rewards,
    ),
    Section(
        name="tiers",
        words=_("Tier history"),
        template="admin/account/tiers.html",
        read=tier_history,
    ),
    Section(
        name="notes",
        words=_("Notes"),
        template="admin/account/notes.html",
        read=notes,
    ),
    Section(
        name="tags",
        words=_("Tags"),
        template="admin/account/tags.html",
        read=tags,
    ),
    Section(
        name="group",
        words=_("Group"),
        template="admin/account/group.html",
        read=group,
    ),
    Section(
        name="referrals",
        words=_("Referrals"),
        template="admin/account/referrals.html",
        read=referrals,
    ),
)
