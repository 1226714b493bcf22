"""What an award brings with it, in order: each part a draft that is undone with the award."""

from loyalty.ledger.drafts import Draft
from loyalty.operations import tiering
from loyalty.operations.standing import Standing


def after_award(standing: Standing, main: Draft) -> list[Draft]:
    """Return the award with all that it causes, ready to be posted."""
    return tiering.settle(standing, [main])
