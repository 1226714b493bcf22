"""A member's history: deeds in plain words, day by day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cards.models import Card
from loyalty.ledger.models import Transaction
from loyalty.members.models import Membership
from loyalty.operations.standing import EARNING_KINDS
from loyalty.wallet import receipts
from loyalty.wallet.days import day_words
from loyalty.web import group_words, words


@dataclass(frozen=True, slots=True, kw_only=True)
class DeedLine:
    """One deed: what it was, its figure (may be empty), and why.

    ``address`` is its own page's where that tells more than the line: where it shows a receipt.
    """

    what: str
    address: str
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
    why = [undone_words(deed)] if line.is_undone else reasons(deed, line, card)
    why.append(group_words.by_another(deed, membership))
    is_opened = receipts.is_shown(deed, membership)
    return DeedLine(
        what=line.title,
        address=reverse("wallet:deed", args=[membership.pk, deed.pk]) if is_opened else "",
        figure=line.points_text if has_figure(deed) else "",
        why=", ".join(part for part in why if part),
        is_up=deed.points > 0 and not line.is_undone,
        is_undone=line.is_undone,
    )


def has_figure(deed: Transaction) -> bool:
    """Return whether what a deed moved is worth telling: something, or nothing where one hoped."""
    return bool(deed.points or deed.credit_minor) or deed.kind in EARNING_KINDS


def reasons(deed: Transaction, line: words.HistoryLine, card: Card) -> list[str]:
    """Return why a deed moved what it moved, a sentence each, and how little was missing."""
    found = list(line.reasons)
    is_nothing = not (deed.points or deed.credit_minor)
    missing = deed.result.get("missing_minor")
    if deed.kind in EARNING_KINDS and is_nothing and missing:
        found.append(words.more_to_go(missing, card))
    return found


def undone_words(deed: Transaction) -> str:
    """Return that a deed was taken back, and why where that was told to the member."""
    note = getattr(deed.reversal, "note", None)
    if note is not None and note.comment:
        return _("Taken back: %(why)s") % {"why": note.comment}
    return _("Taken back")
