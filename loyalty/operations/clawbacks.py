"""Out of which lots a refund takes, what has lapsed by itself, and what comes back of a payment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from loyalty.ledger.drafts import LotGrant, LotTake, Move
from loyalty.ledger.models import Entry, Kind, Lot, LotUse, Transaction, Unit
from loyalty.members.models import Account
from loyalty.operations import drafting, lot_dates
from loyalty.operations.restoring import GRACE
from loyalty.rules import lots, refunds
from loyalty.rules.lots import OpenLot
from loyalty.rules.terms import Clawback

# What each unit is called in columns and results.
STEMS = {Unit.POINTS: "points", Unit.CREDIT: "credit_minor"}


class Purse:
    """An account's open lots in memory, so that one deed takes nothing twice."""

    def __init__(self, account: Account, at: datetime) -> None:
        self.account = account
        self.at = at
        self._left = {unit: drafting.open_lots(account, unit) for unit in Unit}

    def usable(self, unit: Unit, among: Iterable[int]) -> int:
        """Return how much can be spent of these lots."""
        return lots.usable(self._of(unit, among), self.at)

    def others(self, unit: Unit, than: Iterable[int]) -> list[int]:
        """Return all other lots."""
        known = set(than)
        return [lot.lot_id for lot in self._left[unit] if lot.lot_id not in known]

    def take(self, unit: Unit, amount: int, among: Iterable[int]) -> list[LotTake]:
        """Take up to so much out of these lots, earliest expiry first."""
        taken = dict(lots.take(self._of(unit, among), amount, self.at))
        self._left[unit] = [
            OpenLot(
                lot_id=lot.lot_id,
                remaining=lot.remaining - taken.get(lot.lot_id, 0),
                expires_at=lot.expires_at,
            )
            for lot in self._left[unit]
        ]
        return [LotTake(lot_id=lot_id, amount=part) for lot_id, part in taken.items() if part]

    def _of(self, unit: Unit, among: Iterable[int]) -> list[OpenLot]:
        known = set(among)
        return [lot for lot in self._left[unit] if lot.lot_id in known]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clawed:
    """What becomes of the ``revoked`` units of an award.

    They are taken from lots, have ``lapsed`` before, are ``withheld`` from what comes back of a
    payment, or stay owed as a ``shortfall``.
    """

    unit: Unit
    revoked: int
    takes: tuple[LotTake, ...] = ()
    lapsed: int = 0
    withheld: int = 0
    shortfall: int = 0

    @property
    def moves(self) -> tuple[Move, ...]:
        """Return the entry that takes, if anything is taken."""
        taken = sum(take.amount for take in self.takes)
        return (Move(amount=-taken, unit=self.unit, takes=self.takes),) if taken else ()

    def told(self) -> dict[str, int]:
        """Return the parts for a transaction's result; ``revoked`` always, the others if any."""
        stem = STEMS[self.unit]
        parts = {"lapsed": self.lapsed, "withheld": self.withheld, "shortfall": self.shortfall}
        some = {f"{name}_{stem}": amount for name, amount in parts.items() if amount}
        return {f"revoked_{stem}": self.revoked, **some}


def claw(
    purse: Purse,
    *,
    of: Transaction,
    unit: Unit,
    revoked: int,
    lapsed_before: int,
    coming: int,
    clawback: Clawback,
) -> Clawed:
    """Take an award back: first what is left of its own lots, then by earliest expiry.

    What expired out of its own lots is gone already and is taken from nowhere else; of that,
    ``lapsed_before`` was counted by earlier refunds. ``coming`` units come back to the member in
    the same deed and may be withheld. The rest is refused or stays owed. Source: rules 8.

    :raises refunds.ClawbackTooLargeError: if too little is there and ``clawback`` refuses that.
    """
    if not revoked:
        return Clawed(unit=unit, revoked=0)
    own = _own_lots(of, purse.account, unit)
    takes = purse.take(unit, revoked, own)
    left = revoked - sum(take.amount for take in takes)
    lapsed = min(left, _lapsed(own, purse.at) - lapsed_before) if left else 0
    others = purse.others(unit, own)
    settled = refunds.settle(
        wanted=left - lapsed, available=purse.usable(unit, others) + coming, clawback=clawback
    )
    more = purse.take(unit, settled.taken, others)
    return Clawed(
        unit=unit,
        revoked=revoked,
        takes=(*takes, *more),
        lapsed=lapsed,
        withheld=settled.taken - sum(take.amount for take in more),
        shortfall=settled.shortfall,
    )


def _own_lots(of: Transaction, account: Account, unit: Unit) -> list[int]:
    """Return the lots that a deed made, and those into which they were moved to last longer."""
    made = Lot.objects.filter(entry__transaction=of, account=account, unit=unit).order_by("pk")
    return [pk for lot in made for pk in (lot.pk, *(one.pk for one in lot_dates.later_lots(lot)))]


def _lapsed(own: list[int], at: datetime) -> int:
    """Return what expired out of these lots; past its date counts before the job books it."""
    uses = LotUse.objects.filter(lot__in=own, entry__transaction__kind=Kind.EXPIRY)
    due = Lot.objects.filter(pk__in=own, expires_at__lte=at)
    booked: int = uses.aggregate(found=Sum("amount", default=0))["found"]
    unbooked: int = due.aggregate(found=Sum("remaining", default=0))["found"]
    return booked + unbooked


def back_to_lots(*, payment: Transaction, amount: int, account: Account, at: datetime) -> Move:
    """Return the entry that gives so much of a payment back to the very lots it came from.

    The lot taken last is filled first, so the member keeps what lasts longest. What came from a
    lot that has expired comes back with seven days' grace (rules 14); on an account that a group
    took over, as new lots with the same dates. Never more than the payment took from a lot.
    """
    entry = Entry.objects.get(transaction=payment)
    stands = {"entry__transaction__refunds": payment, "entry__transaction__reversal": None}
    filled = LotUse.objects.filter(amount__lt=0, **stands).order_by().values("lot")
    back = {row["lot"]: -row["found"] for row in filled.annotate(found=Sum("amount"))}
    anew = Lot.objects.filter(**stands).aggregate(found=Sum("earned", default=0))["found"]
    takes: list[LotTake] = []
    grants: list[LotGrant] = []
    left = amount
    for use in entry.lot_uses.select_related("lot").order_by("-pk"):
        room = use.amount - back.get(use.lot_id, 0)
        date = use.lot.expires_at
        is_late = date is not None and date <= at
        is_closed = is_late or payment.account_id != account.pk
        if is_closed:
            given = min(room, anew)
            room, anew = room - given, anew - given
        part = min(room, left)
        left -= part
        if part and is_closed:
            grants.append(LotGrant(amount=part, expires_at=at + GRACE if is_late else date))
        elif part:
            takes.append(LotTake(lot_id=use.lot_id, amount=-part))
    return Move(amount=amount, unit=Unit(entry.unit), grants=tuple(grants), takes=tuple(takes))
