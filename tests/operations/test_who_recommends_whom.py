"""Who can bring whom: nobody themselves or in a circle, and so many in a month (IV5)."""

from dataclasses import replace

import pytest

from loyalty.members.models import Membership, MembershipStatus
from loyalty.operations import enrolments, referrals
from loyalty.operations.enrolments import Person
from loyalty.operations.referrals import NotAllowed, ReferralNotAllowedError
from tests.cast import NOON, deed, join, make_cast, make_user
from tests.operations.counter import buy, days, set_status
from tests.operations.recommending import CONSENT, bring, make_club, points_of

pytestmark = pytest.mark.django_db


def refused(cast, *args, **how) -> NotAllowed:
    with pytest.raises(ReferralNotAllowedError) as caught:
        bring(cast, *args, **how)
    return caught.value.reason


@pytest.mark.req("IV5.2")
def test_the_counter_enrols_with_a_typed_code():
    cast = make_club(("REGISTRATION", 50))
    code = cast.membership.referral_code.lower()

    noor = enrolments.enrol_at_counter(
        deed=deed(cast.sam),
        card_id=cast.card.pk,
        person=Person(first_name="Noor", phone="+351912345678"),
        consent=CONSENT,
        referral_code=f" {code[:4]}-{code[4:]} ",
    )

    assert (noor.referred_by, points_of(cast.membership)) == (cast.membership, 50)


def test_recommendations_without_rules_are_remembered_and_pay_nothing():
    cast = make_club()

    noor = bring(cast)
    buy(cast, 1000, membership=noor)

    assert (noor.referred_by, points_of(cast.membership)) == (cast.membership, 0)


@pytest.mark.req("IV5.11")
def test_a_code_that_is_nobodys_is_refused():
    cast = make_club(("REGISTRATION", 50))
    hill = join(cast.mia, cast.hill_card)

    assert refused(cast, by=hill) == NotAllowed.UNKNOWN


@pytest.mark.req("IV5.11")
def test_a_card_that_counts_no_recommendations_says_so():
    assert refused(make_cast()) == NotAllowed.OFF


@pytest.mark.req("IV5.11")
def test_a_blocked_member_recommends_nobody():
    cast = make_club(("REGISTRATION", 50))
    set_status(cast, MembershipStatus.BLOCKED)

    assert refused(cast) == NotAllowed.NOT_ACTIVE


@pytest.mark.req("IV5.11")
def test_nobody_recommends_themselves():
    cast = make_club(("REGISTRATION", 50))
    newcomer = referrals.Newcomer(user=cast.mia)

    with pytest.raises(ReferralNotAllowedError) as caught:
        referrals.referrer_of(
            card=cast.card, code=cast.membership.referral_code, newcomer=newcomer, at=NOON
        )

    assert caught.value.reason == NotAllowed.SELF


@pytest.mark.req("IV5.11")
@pytest.mark.parametrize("contact", [{"email": "Mia+two@Example.org"}, {"phone": "+351911111111"}])
def test_the_same_phone_or_mailbox_is_the_same_person(contact):
    cast = make_club(("REGISTRATION", 50))
    cast.membership.member.phone = "+351911111111"
    cast.membership.member.save()

    assert refused(cast, **contact) == NotAllowed.SAME_CONTACT
    assert not Membership.objects.filter(member__user=cast.noor).exists()


@pytest.mark.req("IV5.11")
def test_the_browser_that_showed_the_recommendation_cannot_take_it():
    cast = make_club(("REGISTRATION", 50))
    marks = frozenset({referrals.device_mark(cast.mia.pk)})
    strangers = frozenset({referrals.device_mark(cast.sam.pk)})

    assert refused(cast, devices=marks) == NotAllowed.SAME_DEVICE
    assert bring(cast, devices=strangers).referred_by == cast.membership


@pytest.mark.req("IV5.11")
@pytest.mark.parametrize("who", ["phone", "email", "user"])
def test_nobody_closes_a_circle(who):
    cast = make_club(("REGISTRATION", 50))
    mia = cast.membership.member
    if who == "phone":
        mia.phone = "+351911111111"
        mia.save()
    noor = bring(cast)
    ida = bring(cast, make_user("ida"), by=noor)
    newcomer = referrals.Newcomer(email="elsewhere@example.org")
    if who == "phone":
        newcomer = replace(newcomer, phone="+351911111111")
    elif who == "email":
        newcomer = replace(newcomer, email="MIA@example.org")
    else:
        newcomer = replace(newcomer, user=cast.mia)

    with pytest.raises(ReferralNotAllowedError) as caught:
        referrals.referrer_of(card=cast.card, code=ida.referral_code, newcomer=newcomer, at=NOON)

    assert caught.value.reason == NotAllowed.LOOP


@pytest.mark.req("IV5.11")
def test_one_member_recommends_so_many_in_a_month():
    cast = make_club(("REGISTRATION", 50), referrals_per_month=2)
    for name in ("ida", "ole"):
        bring(cast, make_user(name))

    assert refused(cast) == NotAllowed.LIMIT
    assert bring(cast, at=NOON + days(31)).referred_by == cast.membership


def test_a_blank_code_names_nobody():
    cast = make_club(("REGISTRATION", 50))
    nobody = referrals.Newcomer()
    code = cast.membership.referral_code

    assert referrals.referrer_of(card=cast.card, code=" - ", newcomer=nobody, at=NOON) is None
    found = referrals.referrer_of(card=cast.card, code=code, newcomer=nobody, at=NOON)
    assert found == cast.membership
