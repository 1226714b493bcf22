"""How deeds are undone in the model: everything a deed brought, the latest first, then itself."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from tests.ledger.model import MANUAL, UNITS, Done, Lot, Part, Place, Refused, Wallet


def check_undo(done: Done) -> None:
    """Refuse what cannot be undone, in the product's order."""
    if done.is_undone:
        raise Refused("AlreadyUndoneError")
    refunds = [*done.refunds, *(part.done for part in done.main.backs)]
    if any(not one.is_undone for one in refunds):
        raise Refused("RefundedError")


def undo(done: Done, at: datetime) -> None:
    """Undo a deed, or refuse it; afterwards the model is as the product should be."""
    parts = [*reversed(done.parts[1:]), done.main]
    shop = done.main.wallet.shop
    if any(n < 0 and shop.is_sold_out(reward) for reward, n in done.main.counts.items()):
        raise Refused("SOLD_OUT")
    takes = _planned(parts, at)
    in_order = is_in_order(done)
    for part in parts:
        part.wallet.give_back(part.taken, Part(part.wallet, Done(at=at)), done.made)
        for lot, amount in takes[part]:
            lot.left -= amount
        _undo_sums(part)
    if done.kind != "PAYMENT":  # A payment only names the receipt.
        shop.receipts.discard(done.receipt)
    _undo_places(done, at, in_order=in_order)
    done.is_undone = True
    for part in done.parts:
        for later in part.wallet.parts[part.wallet.parts.index(part) + 1 :]:
            later.done.is_disturbed = True


def _planned(parts: list[Part], at: datetime) -> dict[Part, list[tuple[Lot, int]]]:
    """Return what is taken out of which lots for each part, or refuse it."""
    left: Counter[Lot] = Counter()
    for lot in {lot for part in parts for lot in part.wallet.lots}:
        left[lot] = lot.left
    owed = {(part.wallet, unit): part.wallet.owed[unit] for part in parts for unit in UNITS}
    own = parts[-1].done.made
    takes: dict[Part, list[tuple[Lot, int]]] = {}
    for part in parts:
        for unit in UNITS:
            if part.owed[unit] > owed[part.wallet, unit]:
                raise Refused("ShortfallSettledError")
            owed[part.wallet, unit] -= part.owed[unit]
        for lot, amount in part.taken:
            if lot.is_usable(at) or lot in own:
                left[lot] += amount
        takes[part] = []
        gives = [(lot, lot.earned, 0) for lot in part.made] + part.filled
        for lot, given, expired in gives:
            takes[part] += _taken(lot, given, expired, left)
        _check_vouchers(part)
    return takes


def _taken(lot: Lot, given: int, expired: int, left: "Counter[Lot]") -> list[tuple[Lot, int]]:
    """Take what was given out of its lot; what has expired since is gone already."""
    taken = min(given, left[lot])
    left[lot] -= taken
    takes = [(lot, taken)]
    missing = given - taken - (lot.expired - expired)
    for later in _later(lot):
        part = min(max(missing, 0), left[later])
        left[later] -= part
        missing -= part + later.expired
        takes.append((later, part))
    if missing > 0:
        raise Refused("MovedToGroupError" if lot.is_pooled else "PointsAlreadySpentError")
    return takes


def _later(lot: Lot) -> Iterator[Lot]:
    for one in lot.later:
        yield one
        yield from _later(one)


def _check_vouchers(part: Part) -> None:
    for voucher, before, after in part.steps:
        # One that came into a family stands beside the family's own: each account has its own.
        wallets = (part.wallet, *part.wallet.absorbed)
        home = next(wallet for wallet in wallets if voucher in wallet.vouchers)
        others = [v for v in home.vouchers if v is not voucher and v.status != "REMOVED"]
        is_double = voucher.tier and voucher.tier in {v.tier for v in others}
        if voucher.status != after or (after == "REMOVED" and is_double):
            raise Refused("VoucherUsedError")
        assert before != after


def _undo_sums(part: Part) -> None:
    shop = part.wallet.shop
    for voucher, before, _ in part.steps:
        voucher.status = before
    for reward, count in part.counts.items():
        shop.out[reward] -= count
    for member, key in part.fired:
        member.fired.remove(key)
    for unit in UNITS:
        part.wallet.life[unit] = max(part.wallet.life[unit] - part.life[unit], 0)
        part.wallet.owed[unit] -= part.owed[unit]


def is_in_order(done: Done) -> bool:
    """Return whether nothing else stands on the wallet since, nor was undone from before."""
    parts = done.main.wallet.parts
    later = parts[parts.index(done.main) + 1 :]
    return not done.is_disturbed and not any(
        part.done is not done and not part.done.is_undone and (part.place or part.sort != "EXPIRY")
        for part in later
    )


def _undo_places(done: Done, at: datetime, *, in_order: bool) -> None:
    """Put the former tier back, or let what stays decide where deeds are not undone in turn."""
    wallet, place = done.main.wallet, done.main.place
    if in_order:
        if place and place[1].tier == wallet.place.tier:
            wallet.place = place[0]
    else:
        wallet.place = _place_out_of_order(wallet, done, at)
    for other in {part.wallet for part in done.parts} - {wallet}:
        reached = other.judged(at, may_lower=True)
        if reached != other.place.tier:
            other.place = Place(reached)


def _place_out_of_order(wallet: Wallet, done: Done, at: datetime) -> Place:
    """Return a hold that came before, or what the points that stay reach."""
    moves = [part for part in wallet.parts if part.place and not part.done.is_undone]
    place = done.main.place
    if moves and moves[-1] is done.main and place and place[1].source == MANUAL:
        if not place[0].is_held(at):
            return Place(wallet.shop.reached(wallet.measure(at)))
        return place[0] if place[1].tier == wallet.place.tier else wallet.place
    reached = wallet.judged(at, may_lower=True)
    return wallet.place if reached == wallet.place.tier else Place(reached)
