"""One-time links are for the member, not for whoever makes them."""

import pytest

from loyalty.ledger.models import Source
from loyalty.members.models import ConsentSource, Member
from loyalty.operations import enrolments, guests
from loyalty.operations.enrolments import Consent, Person
from tests.cast import deed, make_cast


@pytest.mark.django_db
def test_staff_cannot_take_over_a_guests_card_by_their_own_link():
    cast = make_cast()
    guest = enrolments.enrol_at_counter(
        deed=deed(cast.sam),
        card_id=cast.card.pk,
        person=Person(first_name="Gia"),
        consent=Consent(version="1", source=ConsentSource.COUNTER),
    )
    made = guests.make_link(deed=deed(cast.sam), membership_id=guest.pk)

    with pytest.raises(guests.OwnLinkError):
        guests.link_by_token(deed=deed(cast.sam, Source.WALLET), token=made.token)

    assert Member.objects.get(pk=guest.member_id).user is None
    linked = guests.link_by_token(deed=deed(cast.noor, Source.WALLET), token=made.token)
    assert linked.user == cast.noor
