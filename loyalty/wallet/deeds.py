"""One deed of a member's own history: what it was, what it gave and why, and its receipt."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone
from django.utils.dateformat import format as date_words
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from loyalty.ledger.access import TransactionNotFoundError
from loyalty.ledger.models import Transaction
from loyalty.members.models import Membership
from loyalty.wallet import card_page, history, receipts
from loyalty.wallet.days import day_words
from loyalty.wallet.receipts import Receipt
from loyalty.web import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """That a deed was taken back: why, as the member was told, and when."""

    why: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeedPage:
    """One deed in words; its figure, unit and place may be empty."""

    what: str
    when: str
    place: str
    figure: str
    unit: str
    is_up: bool
    is_spent: bool
    reasons: list[str]
    undone: Undone | None
    receipt: Receipt | None


def read(*, membership: Membership, transaction_id: int, at: datetime) -> DeedPage:
    """Return a deed of the member's own; at most four statements, however long the bill is.

    What another member of a group did is told by its line in the history and has no page: here
    would stand to the minute when they were where.

    :raises TransactionNotFoundError: if there is none such that the history shows.
    """
    own = Q(membership=membership) | Q(membership=None)
    deed = (
        card_page.history_of(membership)
        .filter(own, pk=transaction_id)
        .select_related("refunds")
        .defer("refunds__facts")
        .first()
    )
    if deed is None:
        raise TransactionNotFoundError
    card, zone = membership.card, membership.card.partner.zone()
    line = words.history_line(deed, card)
    has_figure = history.has_figure(deed)
    return DeedPage(
        what=line.what,
        when=_moment(deed.occurred_at, zone, at),
        place=deed.store.name if deed.store else "",
        figure=line.points_text if has_figure else "",
        unit=_unit(deed, membership) if has_figure else "",
        is_up=deed.points > 0 and not line.is_undone,
        is_spent=deed.points < 0 or deed.credit_minor < 0,
        reasons=history.reasons(deed, line, card),
        undone=_undone(deed, zone, at) if line.is_undone else None,
        receipt=receipts.read(deed, membership),
    )


def _unit(deed: Transaction, membership: Membership) -> str:
    """Return what the figure counts, unless it says so itself."""
    if deed.credit_minor:
        return ""
    return membership.card.unit_one if abs(deed.points) == 1 else membership.card.unit_many


def _undone(deed: Transaction, zone: ZoneInfo, at: datetime) -> Undone:
    return Undone(why=history.undone_words(deed), when=_moment(deed.reversal.occurred_at, zone, at))


def _moment(moment: datetime, zone: ZoneInfo, at: datetime) -> str:
    """Return day and time where the partner is."""
    local = timezone.localtime(moment, zone)
    day = day_words(local.date(), today=timezone.localtime(at, zone).date())
    time = date_words(local, pgettext("time format", "H:i"))
    return _("%(day)s, %(time)s") % {"day": day, "time": time}
