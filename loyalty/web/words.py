"""Deeds, rules and rewards in plain words; one set of words for wallet, counter and dashboard."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from cards.models import Card
from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import VoucherStatus
from loyalty.operations.erasing import ERASED
from loyalty.operations.offers import RewardOffer
from loyalty.rules.offers import OfferState
from loyalty.web import bonus_words, money_words
from loyalty.web.explaining import explanation, given, points
from loyalty.web.group_words import merger_title, transfer_title
from loyalty.web.money import count, money

__all__ = [
    "HistoryLine",
    "explanation",
    "given",
    "history_line",
    "more_to_go",
    "moved",
    "offer_words",
    "points",
    "signed",
]


def signed(number: int) -> str:
    """Return a count with its sign, a true minus before what was spent."""
    if number == 0:
        return count(0)
    return f"+{count(number)}" if number > 0 else f"\u2212{count(-number)}"


def moved(points_moved: int, credit_minor: int, card: Card) -> str:
    """Return what a deed moved, with its sign: points, credit, or both."""
    if not credit_minor:
        return signed(points_moved)
    sign = "+" if credit_minor > 0 else "\u2212"
    text = f"{sign}{money(abs(credit_minor), card.currency)}"
    return f"{signed(points_moved)}, {text}" if points_moved else text


def more_to_go(missing_minor: int, card: Card) -> str:
    """Return "40.00 more to go" for a purchase that fell short of the next step."""
    return _("%(amount)s more to go") % {"amount": money(missing_minor, card.currency)}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One line of a member's history.

    ``title`` is ``what`` with the place; ``detail`` is all ``reasons`` in one.
    """

    title: str
    what: str
    reasons: tuple[str, ...]
    detail: str
    points_text: str
    is_undone: bool


def history_line(deed: Transaction, card: Card) -> HistoryLine:
    """Return a transaction in words for its member.

    ``deed`` should come with ``store``, ``note`` and ``reversal`` loaded. Internal notes are not
    read here.
    """
    why = explanation(deed, card)
    if deed.kind in {Kind.PAYMENT, Kind.REFUND}:
        why = money_words.details(deed, card)
    note = getattr(deed, "note", None)
    comment = note.comment if note else ""
    if deed.kind == Kind.ADJUSTMENT:
        comment = comment or _("Manual adjustments")  # The wording of CU20.
    what = _what(deed, card)
    reasons = tuple(part for part in (*why, comment) if part)
    return HistoryLine(
        title=f"{what} · {deed.store.name}" if deed.store and deed.kind in _AT_A_PLACE else what,
        what=what,
        reasons=reasons,
        detail=", ".join(reasons),
        points_text=moved(deed.points, deed.credit_minor, card),
        is_undone=hasattr(deed, "reversal"),
    )


_AT_A_PLACE = (
    Kind.PURCHASE,
    Kind.BUY,
    Kind.REDEMPTION,
    Kind.PAYMENT,
    Kind.REFUND,
    Kind.POINTS,
    Kind.BONUS,
)


def _what(deed: Transaction, card: Card) -> str:
    reward = str(deed.result.get("reward") or "")
    match Kind(deed.kind):
        case Kind.PURCHASE | Kind.BUY:
            amount = money(deed.amount_minor or 0, card.currency)
            text = _("Sold to us %(amount)s") if deed.kind == Kind.BUY else _("Purchase %(amount)s")
            return text % {"amount": amount}
        case Kind.REDEMPTION | Kind.PAYMENT | Kind.REFUND:
            return reward or money_words.title(deed, card)
        case Kind.VOUCHER | Kind.EXPIRY if reward:
            return _voucher_title(deed, reward)
        case Kind.TIER_CHANGE:
            tier = deed.result.get("new_tier")
            return _("Tier: %(tier)s") % {"tier": tier} if tier else _("Tier changed")
        case Kind.REVERSAL:
            return _("Undone: %(what)s") % {"what": _undone_kind(deed)}
        case kind:
            return _plain_title(kind, deed)


def _plain_title(kind: Kind, deed: Transaction) -> str:
    if kind == Kind.ADJUSTMENT:
        return _("Correction") if deed.points < 0 else _("Points given")
    if kind == Kind.BONUS:
        return bonus_words.title(deed)
    if kind == Kind.TRANSFER:
        return transfer_title(deed)
    if merged := merger_title(deed):
        return merged
    if deed.result.get("step") == ERASED:
        return _("Forfeited") if kind == Kind.EXPIRY else _("Personal data erased")
    titles = {
        Kind.POINTS: _("Visit"),
        Kind.EXPIRY: _("Expired"),
        Kind.ENROLMENT: _("Joined"),
        Kind.STATUS: _("Card status changed"),
    }
    return titles.get(kind) or str(kind.label)


def _voucher_title(deed: Transaction, reward: str) -> str:
    step = deed.result.get("step")
    if step == VoucherStatus.ISSUED:
        return _("Voucher: %(reward)s") % {"reward": reward}
    if step == VoucherStatus.USED:
        return _("Voucher used: %(reward)s") % {"reward": reward}
    if step == VoucherStatus.EXPIRED:
        return _("Voucher expired: %(reward)s") % {"reward": reward}
    return _("Voucher removed: %(reward)s") % {"reward": reward}


def _undone_kind(deed: Transaction) -> str:
    reward = deed.result.get("reward")
    undone = deed.result.get("undone")
    return str(reward or (Kind(undone).label if undone else _("booking")))


def offer_words(offer: RewardOffer, card: Card) -> str:
    """Return how a reward stands for a member, in a few words (R3.5, R5.1)."""
    return {
        OfferState.READY: _("Ready"),
        OfferState.NOT_ENOUGH: _("%(points)s to go") % {"points": points(offer.missing, card)},
        OfferState.TIER_TOO_LOW: _("From tier %(tier)s")
        % {"tier": offer.reward.min_tier.name if offer.reward.min_tier else ""},
        OfferState.LIMIT_REACHED: _("You had this one"),
        OfferState.SOLD_OUT: _("Sold out"),
        OfferState.NOT_STARTED: _("Not yet"),
        OfferState.ENDED: _("Ended"),
    }[offer.state]
