"""Where staff practise: a card of a business beside the real one, so that nothing counts (FA16).

Everything on it is booked by the same operations, in the same ledger. A club's place to practise
is made when the first of its staff begins.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import QuerySet

from cards import terms
from cards.models import Card, CardStatus, Reward
from clubs.models import DECIMALS, Club, Partner
from loyalty.audit import record
from loyalty.ledger.models import Kind, Transaction
from loyalty.members import codes
from loyalty.members.models import ConsentSource, Membership
from loyalty.operations import enrolments
from loyalty.operations.deeds import Deed, one_transaction
from loyalty.operations.enrolments import Consent, EnrolmentNotAllowedError, Person

# Enough for one reward at once, whatever amount is typed first.
WELCOME = COST = 10
# Practice is repeated; only nonsense is refused.
MOST_A_DAY = 1_000
NO_TEXT = "practice"  # In place of the privacy text that a customer agrees to.


class PracticeStep(StrEnum):
    """What a new staff person does once before they serve customers."""

    AWARD = "AWARD"
    REDEEM = "REDEEM"
    UNDO = "UNDO"


STEP_OF = {
    Kind.PURCHASE: PracticeStep.AWARD,
    Kind.POINTS: PracticeStep.AWARD,
    Kind.REDEMPTION: PracticeStep.REDEEM,
    Kind.REVERSAL: PracticeStep.UNDO,
}
ALL_STEPS = frozenset(PracticeStep)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What things are called there, in the words of whoever begins."""

    card: str
    customer: str
    reward: str


@one_transaction
def start(*, deed: Deed, club_id: int, names: Names) -> Membership:
    """Give a staff person a new practice customer with a card, and return the membership.

    Starting again leaves the former customer behind; nothing of the ledger is taken away. A repeat
    returns the first. Source: FA16.

    :raises EnrolmentNotAllowedError: if the person does not work in the club.
    """
    club = Club.objects.select_for_update(no_key=True).filter(pk=club_id).first()

    is_staff = Club.objects.staffed_by(deed.actor_id or 0).filter(pk=club_id).exists()
    if club is None or not is_staff:
        raise EnrolmentNotAllowedError

    card = Card.objects.filter(club__practice_of=club).order_by("pk").first()
    return enrolments.enrol_at_counter(
        deed=deed,
        card_id=(card or _made(deed, club, names)).pk,
        person=Person(first_name=names.customer),
        consent=Consent(version=NO_TEXT, source=ConsentSource.COUNTER),
    )


def card_of(*, user_id: int, club_id: int) -> Membership | None:
    """Return the card that a person practises with in a club, the newest; None before they begin.

    They are who enrolled its customer.
    """
    return (
        Membership.objects.filter(
            card__club__practice_of=club_id,
            transactions__kind=Kind.ENROLMENT,
            transactions__actor=user_id,
        )
        .select_related("card__club", "card__partner", "member")
        .order_by("-pk")
        .first()
    )


def steps_done(*, user_id: int, clubs: QuerySet[Club]) -> frozenset[PracticeStep]:
    """Return what a person has done at least once in practice, in any of the clubs."""
    return steps_by_person(clubs=clubs, users=[user_id]).get(user_id, frozenset())


def steps_by_person(
    *, clubs: QuerySet[Club], users: Iterable[int]
) -> dict[int, frozenset[PracticeStep]]:
    """Return the same of several people, in one statement."""
    rows = (
        Transaction.objects.filter(
            card__club__practice_of__in=clubs.order_by().values("pk"),
            actor__in=list(users),
            kind__in=STEP_OF,
            caused_by=None,
        )
        .order_by()
        .values_list("actor", "kind")
        .distinct()
    )
    found: dict[int, frozenset[PracticeStep]] = {}
    for person, kind in rows:
        assert person is not None  # noqa: S101 - asked for by their keys
        found[person] = found.get(person, frozenset()) | {STEP_OF[Kind(kind)]}
    return found


def _made(deed: Deed, club: Club, names: Names) -> Card:
    """Make the place to practise of a club: its card earns and looks like the club's first one."""
    real = club.partner
    key = f"{NO_TEXT}-{codes.new_card_code()[:10].lower()}"
    partner = Partner.objects.create(
        name=names.card,
        slug=key,
        code=key[:20],
        country=real.country,
        currency=real.currency,
        timezone=real.timezone,
        language=real.language,
        week_start=real.week_start,
        is_practice=True,
    )
    place = Club.objects.create(partner=partner, code=NO_TEXT, name=club.name, practice_of=club)
    like = Card.objects.filter(club=club).exclude(status=CardStatus.ARCHIVED).order_by("pk").first()
    card = Card(partner=partner, club=place, code=NO_TEXT, name=names.card, currency=real.currency)
    for name in (
        "is_points_only",
        "unit_one",
        "unit_many",
        "currency",
        "colour",
        "text_colour",
        "icon",
    ):
        setattr(card, name, getattr(like or card, name))
    one = 10 ** max(2, DECIMALS[card.currency])  # A hundred yen, for lack of decimals.
    card.status, card.activated_at = CardStatus.ACTIVE, deed.occurred_at
    card.step_minor, card.max_amount_minor = one, 10_000 * one
    card.welcome_points, card.printed_card_spends = WELCOME, True
    card.earns_per_hour = card.earns_per_day = card.redeems_per_day = MOST_A_DAY
    card.save(force_insert=True)
    Reward.objects.create(partner=partner, card=card, code=NO_TEXT, name=names.reward, cost=COST)
    terms.publish(card=card, at=deed.occurred_at, by_id=deed.actor_id)
    record.record(
        action="add practice", subject=club, partner_id=club.partner_id, actor_id=deed.actor_id
    )
    return card


def is_finished(steps: frozenset[PracticeStep]) -> bool:
    """Return whether a person has done all of it at least once."""
    return steps == ALL_STEPS
