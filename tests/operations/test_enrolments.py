"""Becoming a member: by oneself, at the counter, and taking over a guest's record."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError

from cards.models import Card, CardStatus, PrintedCard
from clubs.models import StaffMember
from loyalty.ledger.models import Entry, Kind, Source, Transaction
from loyalty.members import codes
from loyalty.members.models import ConsentSource, GuestLink, Member, Membership, ScanMeans
from loyalty.operations import enrolments, guests, numbering, scans, standing
from loyalty.operations.deeds import RepeatDiffersError
from loyalty.operations.enrolments import Consent, Person
from loyalty.operations.scans import Looker
from tests.cast import NOON, deed, join, make_card, make_cast, make_tier, make_user
from tests.operations.counter import account_of, buy, days

pytestmark = pytest.mark.django_db
PRIVACY = Consent(version="2026-11", source=ConsentSource.COUNTER)


def guest(cast, *, key="", actor="sam", source=Source.SCAN, number="", consent=PRIVACY, **person):
    who = Person(**({"first_name": "Gus"} | person))
    return enrolments.enrol_at_counter(
        deed=deed(getattr(cast, actor), source, store=cast.old_port, key=key),
        card_id=cast.card.pk,
        person=who,
        consent=consent,
        number=number,
    )


def with_numbers(**numbering):
    """Return the cast with a card that nobody has yet, for its numbers stand with the first."""
    cast = make_cast()
    return replace(cast, card=make_card(cast.harbour, "Numbered", **numbering))


@pytest.mark.req("R5.3", "IV3.11")
def test_joining_books_the_welcome_points_once():
    cast = make_cast(welcome_points=25)

    again = join(cast.mia, cast.card)

    assert again == cast.membership
    bonus = Transaction.objects.get(kind=Kind.BONUS)
    assert (bonus.points, bonus.caused_by.kind, account_of(again).points) == (25, "ENROLMENT", 25)


@pytest.mark.req("IV3.12")
def test_joining_books_the_welcome_credit_once():
    cast = make_cast(welcome_credit_minor=250)

    again = join(cast.mia, cast.card)

    bonus = Transaction.objects.get(kind=Kind.BONUS)
    assert (bonus.points, bonus.credit_minor) == (0, 250)
    account = account_of(again)
    assert (account.credit_minor, account.lifetime_credit_minor) == (250, 250)


def test_welcome_points_may_reach_a_tier_and_a_first_tier_starts_at_zero():
    cast = make_cast(welcome_points=25)
    bronze = make_tier(cast.card, "Bronze", 0)
    make_tier(cast.card, "Silver", 100)

    assert account_of(join(cast.noor, cast.card)).tier == bronze


def test_a_second_card_of_the_partner_keeps_one_record_of_the_person():
    cast = make_cast()

    second = join(cast.mia, cast.hill_card)

    assert second.member == cast.membership.member
    assert Member.objects.count() == 1


def test_one_key_for_two_cards_is_refused():
    cast = make_cast()
    consent = Consent(version="2026-11", source=ConsentSource.SELF)
    for number, card in enumerate((cast.card, cast.hill_card)):
        joining = lambda card=card: enrolments.join_card(  # noqa: E731 - twice, once refused
            deed=deed(cast.noor, Source.WALLET, key="k"),
            card_id=card.pk,
            person=Person(first_name="Noor"),
            consent=consent,
        )
        if number:
            with pytest.raises(RepeatDiffersError):
                joining()
        else:
            joining()


def test_a_closed_card_takes_no_members():
    cast = make_cast()
    Card.objects.update(status=CardStatus.PAUSED)

    for joining in (lambda: join(cast.noor, cast.card), lambda: guest(cast)):
        with pytest.raises(standing.CardNotOpenError):
            joining()


def test_a_card_without_published_rules_takes_no_members():
    cast = make_cast()

    with pytest.raises(standing.CardNotOpenError):
        join(cast.noor, cast.card, at=NOON - days(400))


def test_nobody_joins_without_agreeing():
    cast = make_cast()

    with pytest.raises(enrolments.ConsentMissingError):
        guest(cast, consent=Consent(version="", source=ConsentSource.COUNTER))


@pytest.mark.req("IV1.7")
def test_the_partners_plan_limits_its_members():
    cast = make_cast()
    cast.partner.max_members = 2
    cast.partner.save()
    guest(cast)

    with pytest.raises(enrolments.MemberQuotaError) as refused:
        guest(cast)

    assert refused.value.limit == 2


@pytest.mark.req("R5.1")
def test_a_guest_at_the_counter_has_a_card_and_the_consent_is_kept():
    cast = make_cast()

    made = guest(
        cast,
        first_name="  Gus\u202e  van \x00Loon ",
        email="Gus@Example.ORG",
        wants_news=True,
        key="k",
    )

    member = made.member
    assert (member.first_name, member.email, member.user) == (
        "Gus van Loon",
        "gus@example.org",
        None,
    )
    assert (member.privacy_version, member.privacy_accepted_at) == ("2026-11", NOON)
    assert (member.consent_source, member.marketing_accepted_at) == ("COUNTER", NOON)
    assert guest(cast, first_name="  Gus\u202e  van \x00Loon ", key="k") == made
    with pytest.raises(RepeatDiffersError):
        guest(cast, first_name="Ann", key="k")
    transaction = Transaction.objects.get(membership=made)
    assert (transaction.actor, transaction.store) == (cast.sam, cast.old_port)


def test_a_key_of_another_deed_cannot_enrol():
    cast = make_cast()
    buy(cast, 100, key="k")

    with pytest.raises(RepeatDiffersError):
        guest(cast, key="k")


STRANGERS = [
    # who, door
    ("tess", Source.SCAN),
    ("noor", Source.SCAN),
    ("sam", Source.ADMIN),
    ("nobody", Source.SCAN),
]


@pytest.mark.parametrize(("actor", "source"), STRANGERS)
def test_only_staff_of_the_club_and_managers_enrol(actor, source):
    cast = make_cast()
    object.__setattr__(cast, "nobody", None)

    with pytest.raises(enrolments.EnrolmentNotAllowedError):
        guest(cast, actor=actor, source=source)


def test_managers_and_superusers_enrol_in_the_dashboard():
    cast = make_cast()
    object.__setattr__(cast, "root", make_user("root", is_superuser=True))

    for actor in ("petra", "root"):
        assert guest(cast, actor=actor, source=Source.ADMIN).card == cast.card


def test_staff_who_left_cannot_enrol():
    cast = make_cast()
    StaffMember.objects.filter(user=cast.sam).update(is_active=False)
    with pytest.raises(enrolments.EnrolmentNotAllowedError):
        guest(cast)
    cast.sam.is_active = False
    with pytest.raises(enrolments.EnrolmentNotAllowedError):
        guest(cast)


@pytest.mark.req("R5.2")
def test_an_email_and_a_confirmed_phone_belong_to_one_member():
    cast = make_cast()
    phone = "+351910000001"
    guest(cast, phone=phone)  # Typed, not confirmed: it matches nothing.
    guest(cast, phone=phone, is_phone_confirmed=True, email="gus@example.org")

    for field, again in (
        ("phone", {"phone": phone, "is_phone_confirmed": True}),
        ("email", {"email": "GUS@example.org"}),
    ):
        with pytest.raises(enrolments.AlreadyMemberError) as refused:
            guest(cast, **again)
        assert refused.value.field == field


def test_other_broken_constraints_are_not_hidden(monkeypatch):
    cast = make_cast()
    monkeypatch.setattr(codes, "new_card_code", lambda: cast.membership.member.code + "00")
    with pytest.raises(IntegrityError):
        guest(cast)
    monkeypatch.undo()
    numbers = iter(["0123456789", cast.membership.code])
    monkeypatch.setattr(codes, "new_card_code", lambda: next(numbers))
    with pytest.raises(IntegrityError):
        guest(cast)


@pytest.mark.req("IV3.2", "IV3.3")
def test_numbers_are_counted_and_pass_those_that_somebody_has():
    cast = make_cast(number_prefix="HC", number_width=4)
    assert cast.membership.number == "HC0001"
    Card.objects.update(next_number=1)

    assert [guest(cast).number, guest(cast).number] == ["HC0002", "HC0003"]


@pytest.mark.req("IV3.2", "IV3.5")
def test_a_typed_number_is_kept_without_spaces_in_capital_letters():
    assert guest(with_numbers(number_mode="TYPED"), number=" hc 0002 ").number == "HC0002"


BAD_NUMBERS = [
    # typed, reason
    ("", "missing"),
    ("12-34", "missing"),
    ("١٢٣٤", "missing"),
    ("1" * 25, "missing"),
    ("HC0001", "taken"),
]


@pytest.mark.req("IV3.5")
@pytest.mark.parametrize(("number", "reason"), BAD_NUMBERS)
def test_a_typed_number_that_is_no_number_or_taken_is_refused(number, reason):
    cast = with_numbers(number_mode="TYPED")
    guest(cast, number="HC0001")

    with pytest.raises(numbering.CardNumberError) as refused:
        guest(cast, number=number)

    assert refused.value.reason == reason


@pytest.mark.req("IV3.2", "IV3.4")
def test_pre_printed_cards_are_given_out_once_each_with_their_own_code():
    cast = with_numbers(number_mode="PREPRINTED")
    for number in ("A1", "A2", "A3"):
        PrintedCard.objects.create(
            partner=cast.partner,
            card=cast.card,
            number=number,
            code=codes.new_card_code(),
            is_void=number == "A3",
        )

    second, first = guest(cast, number="a2"), guest(cast)

    assert (second.number, second.code) == ("A2", PrintedCard.objects.get(number="A2").code)
    assert first.number == "A1"
    for number in ("", "A1", "A3", "A9"):
        with pytest.raises(numbering.CardNumberError) as refused:
            guest(cast, number=number)
        assert refused.value.reason == "not in stock"


def test_a_pre_printed_card_earns_at_once():
    cast = with_numbers(number_mode="PREPRINTED")
    code = codes.new_card_code()
    PrintedCard.objects.create(partner=cast.partner, card=cast.card, number="A1", code=code)
    made = guest(cast)
    looker = Looker(user=cast.sam, session_hash="s", store=cast.old_port)

    shown = scans.show_card(looker=looker, code=code, digits=None, at=NOON)
    done = buy(cast, 500, membership=made, scan=shown.scan_id)

    assert (done.points, Entry.objects.get(account=made.account).balance_after) == (5, 5)
    assert made.scans.get().means == ScanMeans.PRINTED


def make_link(cast, membership, actor="sam", at=NOON):
    return guests.make_link(deed=deed(getattr(cast, actor), at=at), membership_id=membership.pk)


def take(cast, token, name="noor", at=NOON):
    return guests.link_by_token(deed=deed(getattr(cast, name), Source.WALLET, at=at), token=token)


@pytest.mark.req("R5.3")
def test_a_guest_takes_over_their_record_by_a_link_shown_at_the_counter():
    cast = make_cast()
    membership = guest(cast)
    made = make_link(cast, membership)

    member = take(cast, made.token)

    assert (member, member.user) == (membership.member, cast.noor)
    assert take(cast, made.token) == member  # Opened again by the same person.
    assert GuestLink.objects.get().used_at == NOON
    with pytest.raises(guests.LinkNotUsableError):
        take(cast, made.token, "tess")
    with pytest.raises(guests.NotAGuestError):
        make_link(cast, membership)


def test_a_link_is_good_for_a_quarter_of_an_hour_and_a_new_one_kills_it():
    cast = make_cast()
    membership = guest(cast)
    first = make_link(cast, membership)
    second = make_link(cast, membership)

    for token, at in (
        (first.token, NOON),
        (second.token, NOON + timedelta(minutes=15)),
        (codes.new_token(), NOON),
    ):
        with pytest.raises(guests.LinkNotUsableError):
            take(cast, token, at=at)
    assert take(cast, second.token, at=NOON + timedelta(minutes=14)).user == cast.noor


def test_a_link_gives_nobody_a_second_record_and_no_record_away():
    cast = make_cast()
    membership = guest(cast)
    token = make_link(cast, membership).token
    with pytest.raises(guests.NotAGuestError):
        take(cast, token, "mia")
    Member.objects.filter(pk=membership.member_id).update(user=cast.petra)

    with pytest.raises(guests.NotAGuestError):
        take(cast, token)


def test_only_staff_of_the_club_and_managers_make_links():
    cast = make_cast()
    membership = guest(cast)
    object.__setattr__(cast, "nobody", None)
    object.__setattr__(cast, "root", make_user("root", is_superuser=True))

    for stranger in ("tess", "noor", "nobody"):
        with pytest.raises(standing.MembershipNotFoundError):
            make_link(cast, membership, stranger)
    with pytest.raises(standing.MembershipNotFoundError):
        guests.make_link(deed=deed(cast.sam), membership_id=0)
    for maker in ("petra", "root"):
        assert make_link(cast, membership, maker).link.made_by == getattr(cast, maker)


def test_a_proven_email_brings_every_guest_record_that_carries_it():
    cast = make_cast()
    mine = guest(cast, email="noor@example.org")
    guest(cast, email="mia2@example.org")

    def linked(user):
        return guests.link_by_email(deed=deed(user, Source.WALLET))

    assert [member.pk for member in linked(cast.noor)] == [mine.member_id]
    assert linked(cast.noor) == []
    # Mia has a record at this partner: another one with her e-mail stays a guest's.
    assert linked(cast.mia) == []
    assert Membership.objects.get(pk=mine.pk).member.user == cast.noor
