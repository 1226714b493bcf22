"""Waiting adjustments in words: how much, how they stand, and those of one member."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cards.models import Card
from loyalty.ledger.models import Answer, Unit, WaitingAdjustment
from loyalty.members.models import Membership
from loyalty.operations.waiting_adjustments import ANSWERING
from loyalty.users.models import User
from loyalty.web import words
from loyalty.web.money import money
from staff.admin.powers import Powers

MOST_SHOWN = 5
WAITING, EXPIRED = "WAITING", "EXPIRED"
STATES: dict[str, Any] = {
    WAITING: gettext_lazy("waiting"),
    EXPIRED: gettext_lazy("expired"),
    **{answer.value: answer.label for answer in Answer},
}


def state(row: WaitingAdjustment, at: datetime) -> tuple[str, Any]:
    """Return how it stands at a moment, as a value and in words."""
    value = row.answer or (WAITING if row.is_open(at) else EXPIRED)
    return value, STATES[value]


def amount(number: int, unit: str, card: Card) -> str:
    """Return an amount without its sign: points with the card's unit, or money."""
    if unit == Unit.CREDIT:
        return money(abs(number), card.currency)
    return words.points(abs(number), card)


def moved(row: WaitingAdjustment, card: Card) -> str:
    """Return what it would move, with its sign."""
    if row.unit == Unit.CREDIT:
        return words.moved(0, row.amount, card)
    return words.signed(row.amount)


def may_answer(row: WaitingAdjustment, powers: Powers, at: datetime) -> bool:
    """Return whether this person could approve or decline it, as far as a list can tell."""
    is_asker = powers.user is not None and powers.user.pk == row.asked_by_id
    return row.is_open(at) and not is_asker and powers.has(ANSWERING, row.partner_id)


def may_withdraw(row: WaitingAdjustment, user: User | None, at: datetime) -> bool:
    """Return whether this person asked for it and nobody answered yet."""
    return row.is_open(at) and user is not None and user.pk == row.asked_by_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A waiting adjustment on the account page."""

    row: WaitingAdjustment
    title: str
    state: tuple[str, Any]
    may_answer: bool
    may_withdraw: bool


def of_membership(membership: Membership, powers: Powers, at: datetime) -> list[Shown]:
    """Return the newest adjustments of a membership that were asked for; one statement."""
    rows = (
        WaitingAdjustment.objects.filter(membership=membership)
        .select_related("asked_by", "answered_by")
        .order_by("-pk")[:MOST_SHOWN]
    )
    return [
        Shown(
            row=row,
            title=_("%(amount)s, asked for by %(person)s")
            % {"amount": moved(row, membership.card), "person": row.asked_by.get_full_name()},
            state=state(row, at),
            may_answer=may_answer(row, powers, at),
            may_withdraw=may_withdraw(row, powers.user, at),
        )
        for row in rows
    ]
