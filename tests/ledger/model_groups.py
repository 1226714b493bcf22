"""Members who share a wallet in the model: what they bring, and with what they leave."""

from datetime import datetime
from typing import Any

from tests.ledger.model import UNITS, Done, Place, Refused, Wallet


class Group:
    """Members on one wallet."""

    def __init__(self, wallet: Wallet, head: Any) -> None:
        self.wallet = wallet
        self.head = head
        self.pk = 0
        self.members: list[Any] = []
        self.is_open = True


def check_may_join(members: list[Any], count: int) -> None:
    for member in members:
        member.check_active()
        if member.group:
            raise Refused("AlreadyInGroupError")
    if count > members[0].shop.most_in_group:
        raise Refused("GroupFullError")


def form(head: Any, others: list[Any], at: datetime) -> tuple[Group, Done]:
    """Make one wallet of several: lot by lot with its date, and the sums of all."""
    head.check_active()
    members = [head, *sorted({*others} - {head}, key=lambda member: member.pk)]
    if len(members) < 2:
        raise Refused("GroupTooSmallError")
    check_may_join(members, len(members))
    group = Group(Wallet(head.shop), head)
    return group, _take_in(group, members, at)


def add(group: Group, member: Any, at: datetime) -> Done:
    member.check_active()
    if not group.is_open:
        raise Refused("GroupNotFoundError")
    check_may_join([member], len(group.members) + 1)
    return _take_in(group, [member], at)


def _take_in(group: Group, members: list[Any], at: datetime) -> Done:
    pooled = group.wallet
    done = Done(at=at, member=members[0])
    main = done.part(pooled)
    for member in members:
        _bring(done, member.wallet, pooled, is_first=member is members[0])
        member.wallet, member.group = pooled, group
        group.members.append(member)
    pooled.judge(main, at)
    return done


def _bring(done: Done, old: Wallet, pooled: Wallet, *, is_first: bool) -> None:
    comes = done.main if is_first else done.part(pooled)
    goes = done.part(old)
    for unit in UNITS:
        for lot in [lot for lot in old.lots if lot.unit == unit and lot.left]:
            pooled.grant(comes, lot.left, lot.ends, unit).given = lot.given
            goes.taken.append((lot, lot.left))
            lot.left, lot.is_pooled = 0, True
        pooled.count(comes, unit, old.life[unit])
        pooled.owe(comes, unit, old.owed[unit])
        old.count(goes, unit, -old.life[unit])
        old.owe(goes, unit, -old.owed[unit])
    lowest = Place(old.shop.reached(0))
    if (old.place.tier, old.place.source) != (lowest.tier, lowest.source):
        old.move(goes, lowest)
    pooled.absorbed += [old, *old.absorbed]
    for one in (old, *old.absorbed):
        one.group = pooled


def leave(member: Any, at: datetime) -> tuple[Wallet | None, Done]:
    """Let a member go with nothing; the last one keeps the wallet and all in it."""
    group = member.group
    if group is None:
        raise Refused("NotInGroupError")
    done = Done(at=at, member=member)
    main = done.part(group.wallet)
    group.wallet.judge(main, at)
    group.members.remove(member)
    member.group = None
    done.after = group.wallet.available(at)
    if not group.members:
        group.is_open = False
        return None, done
    if group.head is member:
        group.head = min(group.members, key=lambda one: (one.joined, one.pk))
    fresh = Wallet(member.shop, place=Place(member.shop.reached(0)))
    member.wallet = fresh
    return fresh, done
