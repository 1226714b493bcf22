"""When nothing is awarded at the counter: the card, the scan or the person will not do."""

import pytest

from loyalty.members.models import MembershipStatus
from loyalty.operations import purchases, standing, visits
from loyalty.operations.purchases import Bill
from tests.cast import deed


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("BLOCKED", "This card is blocked. Nothing was booked. The manager can say why."),
        ("REMOVED", "This card was taken out of the programme. Nothing was booked."),
    ],
)
def test_a_card_out_of_use_says_so_and_takes_nothing(counter, booked, status, message):
    scan_id = counter.scan()
    membership = counter.cast.membership
    membership.status = MembershipStatus(status)
    membership.save()

    page = counter.show("counter", scan_id)
    answer = counter.award(scan_id)

    assert (page.context["form"], page.context["earning_refusal"].message) == (None, message)
    assert answer.context["form"].non_field_errors() == [message]
    assert booked() == []


def test_a_paused_card_says_so(counter, booked):
    scan_id = counter.scan()
    card = counter.cast.card
    card.status = "PAUSED"
    card.save()

    page = counter.show("counter", scan_id)

    message = "This card is not in use right now. Nothing was booked."
    assert page.context["earning_refusal"].message == message
    assert counter.show("preview", scan_id, amount="5").json()["error"] == message


def test_a_scan_of_an_earlier_visit_earns_nothing(counter, booked, clock):
    scan_id = counter.scan()
    clock.forward(minutes=60)

    answer = counter.award(scan_id)

    assert answer.context["form"].non_field_errors() == [
        "The scan is too old. Scan a fresh code. Nothing was booked."
    ]
    assert booked() == []


def test_nobody_awards_a_card_that_became_their_own(counter, booked):
    scan_id = counter.scan()
    member = counter.cast.membership.member
    member.user = counter.cast.sam
    member.save()

    page = counter.show("counter", scan_id)
    answer = counter.award(scan_id)

    assert page.context["form"] is None
    assert answer.status_code == 403
    assert booked() == []


@pytest.mark.req("R7.3")
@pytest.mark.parametrize(
    ("bill", "error"),
    [
        (Bill(amount_minor=100, currency="USD"), purchases.WrongCurrencyError),
        (Bill(amount_minor=0, currency="EUR"), purchases.NothingToAwardError),
    ],
)
def test_a_preview_refuses_what_the_award_would_refuse(counter, bill, error):
    asked = {
        "deed": deed(counter.cast.sam),
        "membership_id": counter.cast.membership.pk,
        "bill": bill,
        "scan_id": counter.scan(),
    }

    with pytest.raises(error):
        visits.preview_purchase(**asked)
    with pytest.raises(error):
        purchases.award_purchase(**asked)


def test_a_membership_that_is_not_there_cannot_be_looked_at(db):
    with pytest.raises(standing.MembershipNotFoundError):
        standing.look(deed=deed(None), membership_id=1)


def test_a_staff_member_removed_a_second_ago_finds_nothing(counter, booked):
    scan_id = counter.scan()
    counter.cast.sam.staff_rows.update(is_active=False)

    assert counter.award(scan_id).status_code == 404
    assert booked() == []


def test_an_absurd_number_in_the_address_is_nothing(counter):
    for part in ("counter", "result", "member"):
        assert counter.client.get(f"/staff/{part}/{10**30}/").status_code == 404
