"""Members who share one account: form a group, take somebody in, let somebody go (IV9, rules 10).

The group has an account of its own. What a member held goes there by TRANSFER, lot by lot with its
date, and so do the sums by which tiers are reached. The former account stays empty from then on;
the vouchers on it are the group's. Members of a group are memberships that share its account.
"""

from collections.abc import Iterable, Sequence

from django.db.models import Q

from loyalty.audit import record
from loyalty.ledger.drafts import Draft, Note, TierMove
from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import (
    Account,
    Membership,
    MembershipGroup,
    MembershipStatus,
    TierSource,
)
from loyalty.operations import drafting, pooling, tiering
from loyalty.operations.deeds import Deed, fingerprint, one_transaction
from loyalty.operations.pooling import Intake
from loyalty.operations.standing import (
    MembershipNotActiveError,
    MembershipNotFoundError,
    OwnMembershipError,
    Standing,
    check_may_manage,
    check_not_own,
    check_open,
    first_result,
    lock,
)
from loyalty.rules.terms import TierManagement

LEAST_MEMBERS = 2


class GroupNotFoundError(LookupError):
    """There is no such group on the card, or it was closed."""


class AlreadyInGroupError(ValueError):
    """The member is in a group on this card already."""

    def __init__(self, *, number: str) -> None:
        super().__init__(number)
        self.number = number


class NotInGroupError(ValueError):
    """The member is in no group, or not in this one."""


class GroupTooSmallError(ValueError):
    """A group begins with its head and at least one more member."""


class GroupFullError(ValueError):
    """The group would have more members than the card allows."""

    def __init__(self, *, most: int) -> None:
        super().__init__(str(most))
        self.most = most


@one_transaction
def form_group(
    *, deed: Deed, head_id: int, member_ids: Iterable[int], name: str, note: Note | None = None
) -> Transaction:
    """Form a group of existing members of one card, and return the transfer of its head.

    All they hold becomes one balance, and their awards together decide one tier. By a manager; the
    result names the group. A repeat returns the first transfer. Source: IV9.1, IV9.2.

    :raises GroupTooSmallError: GroupFullError: AlreadyInGroupError: if they cannot be a group; and
        the errors of standing, also where one of them is of another card.
    """
    joining = sorted({head_id, *member_ids})
    accounts = _lock(joining)
    standing = lock(deed=deed, membership_id=head_id)
    accounts[standing.account.pk] = standing.account
    members = _members(standing, joining)

    check_may_manage(standing)
    _check_none_own(deed, members)

    content = fingerprint("form group", head=head_id, members=joining)
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    if len(joining) < LEAST_MEMBERS:
        raise GroupTooSmallError
    _check_may_join(standing, members, count=len(members))

    group = _new_group(standing, name)
    intake = Intake(
        group=group,
        joined_at=group.head.joined_at,
        pooled=pooling.pooled_standing(standing, group.account, accounts.values()),
        members=members,
        accounts=accounts,
    )
    drafts = pooling.drafts_of(intake, content, note)
    if standing.terms.tier_management == TierManagement.MANUAL and standing.account.tier_id:
        # Nothing but a hand moves tiers here, so the group begins where its head was put.
        drafts[0].tier = TierMove(
            to_tier_id=standing.account.tier_id,
            source=TierSource(standing.account.tier_source),
            hold_until=standing.account.tier_hold_until,
        )
    return _post(intake, drafts, action="form group")


@one_transaction
def add_to_group(
    *, deed: Deed, group_id: int, membership_id: int, note: Note | None = None
) -> Transaction:
    """Take a member of the card into a group, and return the transfer of what they held.

    By a manager. A repeat returns the first transfer. Source: IV9.1, IV9.2.

    :raises GroupNotFoundError: GroupFullError: AlreadyInGroupError: if they cannot join; and the
        errors of standing.
    """
    found = MembershipGroup.objects.filter(pk=group_id).first()
    if found is None:
        raise GroupNotFoundError
    accounts = _lock([membership_id], found.account_id)
    standing = lock(deed=deed, membership_id=membership_id)
    accounts[standing.account.pk] = standing.account

    check_may_manage(standing)
    check_not_own(standing)

    content = fingerprint("join group", group=group_id, membership=membership_id)
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    group = _open_group(standing, group_id)
    count = Membership.objects.filter(group=group).count()
    _check_may_join(standing, [standing.membership], count=count + 1)

    account = accounts.pop(group.account_id)
    intake = Intake(
        group=group,
        joined_at=group.head.joined_at,
        pooled=pooling.pooled_standing(standing, account, [account, *accounts.values()]),
        members=[standing.membership],
        accounts=accounts,
    )
    return _post(intake, pooling.drafts_of(intake, content, note), action="join group")


@one_transaction
def leave_group(*, deed: Deed, membership_id: int, note: Note | None = None) -> Transaction:
    """Let a member leave their group, and return the transaction that says so.

    All points and credit stay with the group; the member begins anew, at the lowest tier. If it was
    the head, the member who holds the card longest follows. When the last one leaves, the group
    closes, and that member keeps the account with all there is. By a manager. A repeat returns the
    first transaction. Source: IV9.5, rules 10.

    :raises NotInGroupError: if the member is in none; and the errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    check_may_manage(standing)
    check_not_own(standing)

    content = fingerprint("leave group", membership=membership_id)
    if repeat := first_result(standing, content):
        return repeat

    group = standing.membership.group
    if group is None:
        raise NotInGroupError

    others = Membership.objects.filter(group=group).exclude(pk=membership_id)
    follower = others.order_by("joined_at", "pk").first()
    step = pooling.LEFT if follower else pooling.CLOSED
    main = _told(standing, content, step, group, note)
    drafts = tiering.settle(standing, [main])
    own = Membership.objects.filter(pk=membership_id)
    if follower is None:
        group.closed_at = deed.occurred_at
        group.save(update_fields=["closed_at"])
        own.update(group=None)
    else:
        if group.head_id == membership_id:
            group.head = follower
            group.save(update_fields=["head"])
        fresh = Account.objects.create(
            partner_id=group.partner_id,
            card_id=group.card_id,
            tier_assessed_date=pooling.today_of(standing),
        )
        drafts = [*drafts, _restart(standing, main, fresh)]
        own.update(group=None, account=fresh)
    _audit(deed, group, "leave group", membership_id)
    return drafting.post(drafts)


@one_transaction
def change_head(*, deed: Deed, group_id: int, membership_id: int) -> MembershipGroup:
    """Make another member the head of the group, and return the group.

    Where a card says so, only the head spends. By a manager. Writes no transaction; audited.

    :raises NotInGroupError: if the member is not in this group; and the errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    check_may_manage(standing)
    check_not_own(standing)

    group = standing.membership.group
    if group is None or group.pk != group_id:
        raise NotInGroupError
    if group.head_id != membership_id:
        _audit(deed, group, "change head of group", membership_id)
        group.head = standing.membership
        group.save(update_fields=["head"])
    return group


def _lock(membership_ids: Sequence[int], *more_accounts: int) -> dict[int, Account]:
    """Lock memberships, then their accounts and ``more_accounts``, each by id; return these."""
    rows = Membership.objects.select_for_update(no_key=True).filter(pk__in=membership_ids)
    own = {row.account_id for row in rows.order_by("pk")}
    accounts = Account.objects.select_for_update(no_key=True).filter(pk__in=own | {*more_accounts})
    return {account.pk: account for account in accounts.order_by("pk")}


def _members(standing: Standing, joining: Sequence[int]) -> list[Membership]:
    """Return the members to be, the head first.

    :raises MembershipNotFoundError: if one is of another card.
    """
    rows = Membership.objects.filter(pk__in=joining, card=standing.card).select_related("member")
    if len(found := list(rows)) != len(joining):
        raise MembershipNotFoundError
    return sorted(found, key=lambda row: (row.pk != standing.membership.pk, row.pk))


def _check_none_own(deed: Deed, members: Iterable[Membership]) -> None:
    if any(row.member.user_id and row.member.user_id == deed.actor_id for row in members):
        raise OwnMembershipError


def _check_may_join(standing: Standing, members: Iterable[Membership], *, count: int) -> None:
    """Refuse who takes no part or is in a group already, and too many."""
    for membership in members:
        if membership.status != MembershipStatus.ACTIVE:
            raise MembershipNotActiveError(status=membership.status)
        if membership.group_id is not None:
            raise AlreadyInGroupError(number=membership.number)
    if count > standing.card.most_in_group:
        raise GroupFullError(most=standing.card.most_in_group)


def _open_group(standing: Standing, group_id: int) -> MembershipGroup:
    """Return the group, read after its account was locked."""
    rows = MembershipGroup.objects.filter(pk=group_id, card=standing.card, closed_at=None)
    group = rows.select_related("head").first()
    if group is None:
        raise GroupNotFoundError
    return group


def _new_group(standing: Standing, name: str) -> MembershipGroup:
    card = standing.card
    account = Account.objects.create(
        partner_id=card.partner_id, card=card, tier_assessed_date=pooling.today_of(standing)
    )
    return MembershipGroup.objects.create(
        partner_id=card.partner_id,
        card=card,
        account=account,
        head=standing.membership,
        name=name,
    )


def _post(intake: Intake, drafts: list[Draft], *, action: str) -> Transaction:
    """Write the transfers, and point the members at the group and its account."""
    pooled, group = intake.pooled, intake.group
    done = drafting.post([*drafts, *pooling.combined_tier(intake, drafts)])
    Membership.objects.filter(pk__in=[row.pk for row in intake.members]).update(
        group=group, account=pooled.account
    )
    # What they had taken over themselves, from an earlier group, comes along.
    Account.objects.filter(
        Q(pk__in=intake.accounts) | Q(absorbed_by__in=list(intake.accounts))
    ).update(absorbed_by=pooled.account)
    _audit(pooled.deed, group, action, *(row.pk for row in intake.members))
    return done


def _told(
    standing: Standing, content: str, step: str, group: MembershipGroup, note: Note | None
) -> Draft:
    """Return the transaction, without entries, that tells of a leaving on the group's account."""
    return drafting.draft(
        standing,
        Kind.TRANSFER,
        content=content,
        note=note,
        result={
            "step": step,
            "group_id": group.pk,
            "points": 0,
            **drafting.balances(standing, ()),
            "new_tier": None,
        },
        events=(pooling.event(group, step),),
    )


def _restart(standing: Standing, main: Draft, fresh: Account) -> Draft:
    """Return the transaction with which the leaver's new account begins (IV9.5)."""
    move = pooling.lowest(standing, fresh)
    tier = standing.terms.tier(move.to_tier_id) if move else None
    return drafting.companion(
        main,
        Kind.TRANSFER,
        "restart",
        account=fresh,
        tier=move,
        result={
            "step": pooling.RESTARTED,
            "points": 0,
            "balance_before": 0,
            "balance_after": 0,
            "new_tier": tier.name if tier else None,
        },
    )


def _audit(deed: Deed, group: MembershipGroup, action: str, *membership_ids: int) -> None:
    record.record(
        action=action,
        subject=group,
        partner_id=group.partner_id,
        actor_id=deed.actor_id,
        after={"memberships": list(membership_ids)},
    )
