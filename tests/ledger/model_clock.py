"""What the clock and the office move in the model without a deed of a member's: dates and tiers."""

from datetime import datetime
from typing import Any

from tests.ledger.model import LISBON, MANUAL, Done, Place, Refused, Wallet, days_after


def extend(member: Any, days: int, most: int, at: datetime) -> Done:
    """Let all that has a date ahead last so many days longer than it was given at its award."""
    member.check_active()
    wallet = member.wallet
    lots = [lot for lot in wallet.lots if lot.left and lot.ends and lot.ends > at]
    moved = [lot for lot in lots if days_after(lot.given, days) > lot.ends]
    if moved and days > most:
        raise Refused("ExtensionTooFarError")
    if not moved:
        raise Refused("NothingToExtendError")
    done = Done(at=at, member=member)
    part = done.part(wallet)
    for lot in sorted(moved, key=lambda lot: lot.unit, reverse=True):
        later = wallet.grant(part, lot.left, days_after(lot.given, days), lot.unit)
        later.given = lot.given
        part.taken.append((lot, lot.left))
        lot.left = 0
        lot.later.append(later)
    wallet.judge(part, at)
    done.after = wallet.available(at)
    return done


def review(wallet: Wallet, at: datetime) -> bool:
    """Put a tier whose hold is over back under the rule; once a day the clock looks at each."""
    place, today = wallet.place, at.astimezone(LISBON).date()
    is_over = place.source == MANUAL and place.until is not None and place.until <= at
    if not is_over or wallet.group or (wallet.judged_on and wallet.judged_on >= today):
        return False
    wallet.judged_on = today
    reached = wallet.shop.reached(wallet.measure(at))
    done = Done(at=at)
    wallet.move(done.part(wallet), Place(reached))
    if reached and wallet.shop.rank(reached) > wallet.shop.rank(place.tier):
        wallet.gift(done, reached)
    return True
