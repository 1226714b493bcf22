"""Full stamp cards become rewards at once, in whatever deed the last stamp came (CU32)."""

from collections.abc import Sequence
from datetime import datetime

from loyalty.ledger.drafts import Draft, LotGrant, LotTake, Move
from loyalty.ledger.models import Unit
from loyalty.members.models import VoucherOrigin
from loyalty.operations import bonuses, drafting
from loyalty.operations.bonuses import BonusReason
from loyalty.operations.standing import Standing
from loyalty.rules import lots, stamps
from loyalty.rules.lots import OpenLot
from loyalty.rules.terms import FullCards

# A mistyped correction must not fill a commit; what is full beyond this is issued by later deeds.
MOST_AT_ONCE = 50
# Stands for lots that are not written yet: above every key, so that older lots go first.
_NEW_LOTS = 2**62


def fill(standing: Standing, drafts: list[Draft], *, main: Draft) -> list[Draft]:
    """Return the drafts, and for each card that they fill a voucher paid with its stamps.

    What is left over stays on the next card. Cards whose reward cannot be had now stay full: the
    next stamp tries again, and nothing is lost. On cards that keep full ones nothing is issued, nor
    on a deed that adds no points. The vouchers are parts of ``main`` and undone with it.
    """
    terms = standing.terms
    per_card, reward_id = terms.stamps_per_card, terms.full_card_reward_id
    if per_card is None or reward_id is None or terms.full_cards == FullCards.KEEP:
        return drafts
    if bonuses.moved(standing, drafts) <= 0:
        return drafts
    balance = bonuses.available_after(standing, drafts)
    wanted = min(MOST_AT_ONCE, stamps.filled(balance=balance, per_card=per_card).cards)
    piece = bonuses.pieces(standing, drafts, reward_id, wanted=wanted) if wanted else None
    if piece is None:
        return drafts
    filled = list(drafts)
    taker = _Taker(standing, drafts)
    for _card in range(piece.count):
        filled.append(
            bonuses.voucher(
                main,
                standing,
                filled,
                reward=piece.reward,
                origin=VoucherOrigin.STAMPS,
                reason=BonusReason.FULL_CARD,
                moves=(taker.spend(per_card),),
            )
        )
    return filled


class _Taker:
    """Takes stamps out of the account's lots and those that the drafts are about to make."""

    def __init__(self, standing: Standing, drafts: Sequence[Draft]) -> None:
        self.at = standing.deed.occurred_at
        moves = [
            move
            for one in bonuses.own(standing, drafts)
            for move in one.moves
            if move.unit == Unit.POINTS
        ]
        self.grants: dict[int, LotGrant] = dict(
            enumerate((grant for move in moves for grant in move.grants), start=_NEW_LOTS)
        )
        self.left = {lot.lot_id: lot for lot in drafting.lots_of(standing, Unit.POINTS)}
        for lot_id, grant in self.grants.items():
            self._keep(lot_id, grant.amount, grant.expires_at)

    def _keep(self, lot_id: int, remaining: int, expires_at: datetime | None) -> None:
        self.left[lot_id] = OpenLot(lot_id=lot_id, remaining=remaining, expires_at=expires_at)

    def spend(self, amount: int) -> Move:
        """Return the entry that takes so many stamps, earliest expiry first."""
        takes = []
        open_lots = [lot for lot in self.left.values() if lot.remaining]
        for lot_id, part in lots.take(open_lots, amount, self.at):
            lot = self.left[lot_id]
            self._keep(lot_id, lot.remaining - part, lot.expires_at)
            grant = self.grants.get(lot_id)
            takes.append(
                LotTake(grant=grant, amount=part) if grant else LotTake(lot_id=lot_id, amount=part)
            )
        return Move(amount=-amount, unit=Unit.POINTS, takes=tuple(takes))
