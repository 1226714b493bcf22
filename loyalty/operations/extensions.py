"""Let points and credit last longer, by hand, where the card allows it (IV3.21, rules 13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Kind, Lot, Transaction
from loyalty.operations import drafting, lot_dates, tiering
from loyalty.operations.deeds import Deed, fingerprint, one_transaction
from loyalty.operations.standing import (
    Standing,
    check_may_manage,
    check_not_own,
    check_open,
    first_result,
    lock,
)
from loyalty.rules import expiry
from loyalty.rules.terms import ExpiryOverride, Terms

# The step that tells an extension from other transfers, in its result.
EXTENDED = "EXTENDED"
# A date is the midnight that ends the last day; so much before it, it is still that day.
INSTANT = timedelta(microseconds=1)


class ExtensionNotOfferedError(PermissionError):
    """The card lets nobody move a date by hand."""


class NothingToExtendError(ValueError):
    """None of the lots has something left, a date ahead, and that date before the new one."""


class ExtensionTooFarError(ValueError):
    """One of the lots may not last so long, counted from the date given at its award."""

    def __init__(self, *, latest: datetime, zone: ZoneInfo) -> None:
        super().__init__(str(latest))
        self.latest = latest
        self.zone = zone


@one_transaction
def extend_lots(
    *,
    deed: Deed,
    membership_id: int,
    days: int | None = None,
    until: date | None = None,
    lot_ids: Sequence[int] | None = None,
    note: Note | None = None,
) -> Transaction:
    """Give lots a later date and return the transaction; without ``lot_ids`` all that have one.

    Either by so many ``days`` after the date that each was given at its award, or ``until`` the end
    of a day, the last on which they can be used. A date never moves back. What is left in each lot
    moves to a new one on the same account, so nothing is earned or spent. By a manager. A repeat
    returns the first transaction. Source: IV3.21, IV3.22, rules 13.

    :raises ExtensionNotOfferedError: NothingToExtendError: ExtensionTooFarError: if the dates
        cannot be moved so; and the errors of standing.
    """
    assert (days is None) != (until is None)  # noqa: S101 - a bug of ours: one of them says how far
    standing = lock(deed=deed, membership_id=membership_id)

    check_may_manage(standing)
    check_not_own(standing)

    content = fingerprint(
        "extend", membership=membership_id, days=days, until=until, lots=sorted(lot_ids or [])
    )
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    if standing.terms.expiry_override != ExpiryOverride.BY_HAND:
        raise ExtensionNotOfferedError
    moved = _moved(standing, days=days, until=until, lot_ids=lot_ids)

    lots = [lot for lot, _date in moved]
    main = drafting.draft(
        standing,
        Kind.TRANSFER,
        content=content,
        note=note,
        moves=(*lot_dates.taken(lots), *lot_dates.granted(lots, [date for _lot, date in moved])),
        result={
            "step": EXTENDED,
            "points": 0,
            **drafting.balances(standing, ()),
            "new_tier": None,
        },
        facts={"lots": lot_dates.facts_of(lots)},
    )
    return drafting.post(tiering.settle(standing, [main]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Extendable:
    """A lot whose date may be moved, and how far."""

    lot: Lot
    expires_at: datetime
    latest: datetime


def extendable(*, account_id: int, terms: Terms, zone: ZoneInfo, at: datetime) -> list[Extendable]:
    """Return the open lots whose date may still be moved, the earliest first.

    For the page that asks which; the deed decides again.
    """
    if terms.expiry_override != ExpiryOverride.BY_HAND:
        return []
    found = _with_latest(account_id, terms, zone, at)
    movable = [one for one in found if one.expires_at < one.latest]
    return sorted(movable, key=lambda one: (one.expires_at, one.lot.pk))


def _with_latest(account_id: int, terms: Terms, zone: ZoneInfo, at: datetime) -> list[Extendable]:
    """Return the lots that still can be used and have a date, with the latest they may get."""
    lots = lot_dates.open_lots(account_id)
    given = lot_dates.given_dates(lots)
    return [
        Extendable(
            lot=lot,
            expires_at=lot.expires_at,
            latest=expiry.most_extended(expires_at=first, terms=terms, zone=zone),
        )
        for lot in lots
        if lot.expires_at is not None
        and lot.expires_at > at
        and (first := given[lot.pk]) is not None
    ]


def _moved(
    standing: Standing, *, days: int | None, until: date | None, lot_ids: Sequence[int] | None
) -> list[tuple[Lot, datetime]]:
    """Return the lots that move, each with its new date."""
    terms, zone = standing.terms, standing.membership.partner.zone()
    moved = []
    for one in _with_latest(standing.account.pk, terms, zone, standing.deed.occurred_at):
        if lot_ids is not None and one.lot.pk not in lot_ids:
            continue
        wanted = _wanted(one.latest, terms, zone, days=days, until=until)
        if wanted <= one.expires_at:
            continue
        if wanted > one.latest:
            raise ExtensionTooFarError(latest=one.latest, zone=zone)
        moved.append((one.lot, wanted))
    if not moved:
        raise NothingToExtendError
    return moved


def _wanted(
    latest: datetime, terms: Terms, zone: ZoneInfo, *, days: int | None, until: date | None
) -> datetime:
    """Return the new date: the midnight that ends the last day on which the lot can be used."""
    if until is not None:
        last_day = until
    else:
        # The latest date is that of the award and all the days that the card allows.
        spare = terms.expiry_override_days - (days or 0)
        last_day = latest.astimezone(zone).date() - timedelta(days=spare + 1)
    return datetime.combine(last_day + timedelta(days=1), time.min, tzinfo=zone)
