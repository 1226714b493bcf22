"""Receipt numbers: one sale is turned into points once, whatever the channel."""

import unicodedata
from datetime import datetime

from clubs.models import Partner, ReceiptRestart, Store
from loyalty.ledger.drafts import ReceiptClaim
from loyalty.ledger.models import ReceiptUse
from loyalty.operations.deeds import Deed

MOST_CHARACTERS = 40


class ReceiptNeedsStoreError(ValueError):
    """A receipt number means nothing without the store that printed it."""


class ReceiptAlreadyUsedError(ValueError):
    """The receipt was turned into points before, through whatever channel."""

    def __init__(self, *, number: str, transaction_id: int | None) -> None:
        super().__init__(number)
        self.number = number
        self.transaction_id = transaction_id


def tidy(number: str) -> str:
    """Return a receipt number as it is compared: folded width, no spaces, capitals."""
    return "".join(unicodedata.normalize("NFKC", number).split()).upper()[:MOST_CHARACTERS]


def period_of(store: Store, at: datetime, partner: Partner) -> str:
    """Return the period in which a receipt number of this store is printed once."""
    day = at.astimezone(partner.zone()).date()
    return {
        ReceiptRestart.NEVER: "",
        ReceiptRestart.YEARLY: f"{day:%Y}",
        ReceiptRestart.DAILY: day.isoformat(),
    }[ReceiptRestart(store.receipt_restart)]


def named(*, deed: Deed, number: str, partner: Partner) -> ReceiptClaim | None:
    """Return which receipt a number means at the deed's store and time, in use or not.

    None where no number was typed.

    :raises ReceiptNeedsStoreError: if the deed names no store.
    """
    if not tidy(number):
        return None
    if deed.store is None:
        raise ReceiptNeedsStoreError
    period = period_of(deed.store, deed.occurred_at, partner)
    return ReceiptClaim(store_id=deed.store.pk, number=tidy(number), period=period)


def take(*, deed: Deed, number: str, partner: Partner) -> ReceiptClaim | None:
    """Return the claim on a receipt number, or None where none was typed.

    :raises ReceiptNeedsStoreError: if the deed names no store.
    :raises ReceiptAlreadyUsedError: if the number is in use in its period.
    """
    claim = named(deed=deed, number=number, partner=partner)
    if claim is None:
        return None
    used = ReceiptUse.objects.filter(
        store_id=claim.store_id, number=claim.number, period=claim.period, released_at=None
    ).first()
    if used is not None:
        raise ReceiptAlreadyUsedError(number=claim.number, transaction_id=used.transaction_id)
    return claim
