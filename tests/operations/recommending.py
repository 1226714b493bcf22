"""Short ways to recommend in a test: rules, a card that counts, and Mia who brings somebody."""

from typing import Any

from cards.models import ReferralRule
from loyalty.ledger.models import Source
from loyalty.members.models import ConsentSource, Membership
from loyalty.operations import enrolments
from loyalty.operations.enrolments import Consent, Person
from tests.cast import NOON, deed, make_cast, publish
from tests.operations.counter import account_of

CONSENT = Consent(version="2026-11", source=ConsentSource.SELF)


def add_rule(card, event, *, points=0, credit=0, least=None, to="REFERRER"):
    """Add a row of the referral setup; ``least`` is its threshold."""
    in_credit = event == "THRESHOLD_CREDIT"
    return ReferralRule.objects.create(
        partner=card.partner,
        card=card,
        event=event,
        points=points,
        credit_minor=credit,
        threshold_points=None if in_credit else least,
        threshold_minor=least if in_credit else None,
        beneficiary=to,
    )


def make_club(*rules: tuple[Any, ...], **card: Any):
    """Return a cast whose card counts recommendations by rules (event, points, threshold)."""
    cast = make_cast(has_referrals=True, **card)
    for event, points, *least in rules:
        add_rule(cast.card, event, points=points, least=least[0] if least else None)
    publish(cast.card)
    return cast


def bring(cast, user=None, *, at=NOON, by=None, devices=frozenset(), **person) -> Membership:
    """Let somebody join with the code of Mia, or of another member."""
    user = user or cast.noor
    told = Person(**({"first_name": user.name, "email": user.email} | person))
    return enrolments.join_card(
        deed=deed(user, Source.WALLET, at=at),
        card_id=cast.card.pk,
        person=told,
        consent=CONSENT,
        referral_code=(by or cast.membership).referral_code,
        devices=devices,
    )


def points_of(membership) -> int:
    return account_of(membership).points
