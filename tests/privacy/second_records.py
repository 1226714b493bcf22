"""A second record of a customer, short ways to merge it, and what is held after that."""

from loyalty.ledger import verification
from loyalty.ledger.models import Source
from loyalty.members.models import ConsentSource, Membership
from loyalty.operations import enrolments, merging
from loyalty.operations.enrolments import Consent, Person
from tests.cast import NOON, deed
from tests.operations.counter import days

LATER = NOON + days(1)


def guest(cast, card=None, at=NOON, **person):
    """Let Sam enrol somebody at the counter, once more."""
    return enrolments.enrol_at_counter(
        deed=deed(cast.petra, Source.ADMIN, at=at),
        card_id=(card or cast.card).pk,
        person=Person(**({"first_name": "Mia", "last_name": "Twice"} | person)),
        consent=Consent(version="2025-01", source=ConsentSource.COUNTER),
    )


def merge(cast, into, of, *taken, at=LATER, key="", actor=None, source=Source.ADMIN):
    return merging.merge_members(
        deed=deed(actor or cast.petra, source, at=at, key=key),
        membership_id=into.pk,
        other_id=of.pk,
        taken=taken,
    )


def account_of(membership):
    return Membership.objects.select_related("account__tier").get(pk=membership.pk).account


def proven(at=LATER):
    assert verification.verify(verification.Scope(at=at)) == []
