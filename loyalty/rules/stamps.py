"""How a balance of stamps fills cards."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Full cards, and the stamps on the card in progress."""

    cards: int
    in_progress: int


def filled(*, balance: int, per_card: int) -> Filled:
    """Return how many cards a balance of stamps fills; the remainder carries over (CU32)."""
    cards, in_progress = divmod(balance, per_card)
    return Filled(cards=cards, in_progress=in_progress)
