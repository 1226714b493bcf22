"""The deeds of a member in words for the team: what, why, how much of it counted, and by whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from loyalty.ledger.access import seen_by, with_other_number
from loyalty.ledger.models import REVERSIBLE_KINDS, Transaction
from loyalty.members.models import Membership
from loyalty.operations import sales
from loyalty.web import words
from loyalty.web.money import money
from loyalty.web.words import HistoryLine
from staff.admin.account_deed import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class DeedLine:
    """One deed as the account page shows it; ``counted`` is empty where all of it did."""

    deed: Transaction
    line: HistoryLine
    counted: str
    internal: str
    person: str
    whose: str
    is_latest: bool
    is_refundable: bool
    is_reversible: bool


def deeds_of(membership: Membership) -> QuerySet[Transaction]:
    """Return what happened on a membership, with all that a line of it needs."""
    deeds = Transaction.objects.filter(seen_by(membership))
    return with_other_number(deeds).select_related(
        "store", "note", "reversal", "actor", "reward", "membership__member"
    )


def lines_of(
    membership: Membership, deeds: Sequence[Transaction], latest: Transaction | None
) -> list[DeedLine]:
    """Return deeds in words, in their order; one statement for all."""
    refundable = {sale.booked.pk for sale in sales.still_open(deeds)}
    return [
        DeedLine(
            deed=deed,
            line=words.history_line(deed, membership.card),
            counted=_counted(deed, membership.card),
            internal=internal_of(deed),
            person=person_of(deed),
            whose=_whose(deed, membership),
            is_latest=latest is not None and latest.pk == deed.pk,
            is_refundable=deed.pk in refundable,
            is_reversible=deed.kind in REVERSIBLE_KINDS
            and deed.caused_by_id is None
            and not hasattr(deed, "reversal"),
        )
        for deed in deeds
    ]


def internal_of(deed: Transaction) -> str:
    """Return what only the team reads about a deed; it comes with its ``note``."""
    note = getattr(deed, "note", None)
    return note.internal if note else ""


def person_of(deed: Transaction) -> str:
    """Return who did it; it comes with its ``actor``."""
    return str(deed.actor.get_full_name()) if deed.actor else ""


def last_person(moves: Iterable[Any]) -> str:
    """Return who took the last of some steps, or that the system did."""
    taken = list(moves)
    return (person_of(taken[-1].transaction) or _("system")) if taken else ""


def _counted(deed: Transaction, card: Any) -> str:
    """Return which part of a bill brought what it gave, where that is not all of it (CU11)."""
    found = counted(deed)
    if found is None or found.counted_minor == found.basket.amount_minor:
        return ""
    return _("%(counted)s of %(total)s counted") % {
        "counted": money(found.counted_minor, card.currency),
        "total": money(found.basket.amount_minor, card.currency),
    }


def _whose(deed: Transaction, membership: Membership) -> str:
    """Return which other member of the group did it."""
    is_other = deed.membership_id not in {None, membership.pk}
    return deed.membership.member.full_name() if deed.membership and is_other else ""
