"""A member's history: deeds in plain words, day by day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty.ledger.models import Transaction
from loyalty.members.models import Membership
from loyalty.operations.standing import EARNING_KINDS
from loyalty.wallet.days import day_words
from loyalty.web import group_words, words


@dataclass(frozen=True, slots=True, kw_only=True)
class DeedLine:
    """One deed: what it was, its figure (may be empty), and why."""

    what: str
    figure: str
    why: str
    is_up: bool
    is_undone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryDay:
    """The deeds of one day in the partner's time zone."""

    title: str
    deeds: list[DeedLine]


def by_day(
    deeds: Iterable[Transaction], membership: Membership, *, at: datetime
) -> list[HistoryDay]:
    """Return the deeds in their order, under the days on which they happened."""
    zone = membership.card.partner.zone()
    today = timezone.localtime(at, zone).date()
    return [
        HistoryDay(
            title=day_words(day, today=today), deeds=[_line(deed, membership) for deed in found]
        )
        for day, found in groupby(
            deeds, key=lambda deed: timezone.localtime(deed.occurred_at, zone).date()
        )
    ]


def _line(deed: Transaction, membership: Membership) -> DeedLine:
    card = membership.card
    line = words.history_line(deed, card)
    is_earning = deed.kind in EARNING_KINDS
    why = [line.detail]
    if line.is_undone:
        why = [_undone_words(deed)]
    elif (
        is_earning
        and not (deed.points or deed.credit_minor)
        and (missing := deed.result.get("missing_minor"))
    ):
        why.append(words.more_to_go(missing, card))
    why.append(group_words.by_another(deed, membership))
    return DeedLine(
        what=line.title,
        figure=line.points_text if deed.points or deed.credit_minor or is_earning else "",
        why=", ".join(part for part in why if part),
        is_up=deed.points > 0 and not line.is_undone,
        is_undone=line.is_undone,
    )


def _undone_words(deed: Transaction) -> str:
    note = getattr(deed.reversal, "note", None)
    if note is not None and note.comment:
        return _("Taken back: %(why)s") % {"why": note.comment}
    return _("Taken back")
