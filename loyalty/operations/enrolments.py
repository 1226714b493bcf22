"""Make members, give them cards, and let a guest take over their own record."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from cards import access
from cards.models import Card, TermsVersion
from clubs.models import Manager, Partner, StaffMember
from loyalty.ledger.models import Source, Transaction
from loyalty.members import codes
from loyalty.members.models import (
    Account,
    ConsentSource,
    Member,
    Membership,
)
from loyalty.operations import drafting, followups, members, numbering, referrals, welcomes
from loyalty.operations.birthdays import Birthday
from loyalty.operations.deeds import (
    Deed,
    RepeatDiffersError,
    broke,
    fingerprint,
    one_transaction,
)
from loyalty.operations.members import PersonalFacts
from loyalty.operations.referrals import Newcomer
from loyalty.operations.standing import CardNotOpenError, Standing


class EnrolmentNotAllowedError(PermissionError):
    """The person may not enrol members for this card."""


class MemberQuotaError(ValueError):
    """The partner has as many members as its plan allows (IV1.7)."""

    def __init__(self, *, limit: int) -> None:
        super().__init__(str(limit))
        self.limit = limit


class AlreadyMemberError(ValueError):
    """The person, e-mail or confirmed phone belongs to a member of the partner already."""

    def __init__(self, *, field: str, member_id: int | None = None) -> None:
        super().__init__(field)
        self.field = field
        self.member_id = member_id


class ConsentMissingError(ValueError):
    """Nobody becomes a member without agreeing to the privacy text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What a new member told about themselves; phone in E.164, e-mail in lower case."""

    first_name: str
    last_name: str = ""
    email: str = ""
    phone: str = ""
    is_phone_confirmed: bool = False
    language: str = ""
    wants_news: bool = False
    birthday: Birthday | None = None
    anniversary: date | None = None
    customer_group_id: int | None = None

    def facts(self) -> PersonalFacts:
        """Return what is kept of them beside name and contact."""
        return PersonalFacts(
            birthday=self.birthday,
            anniversary=self.anniversary,
            customer_group_id=self.customer_group_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Which privacy text was agreed to, and where; the time is the deed's."""

    version: str
    source: ConsentSource


@one_transaction
def join_card(
    *,
    deed: Deed,
    card_id: int,
    person: Person,
    consent: Consent,
    referral_code: str = "",
    devices: frozenset[str] = frozenset(),
) -> Membership:
    """Give the signed-in person a card, make them the partner's member first if need be.

    Joining twice returns the membership there is. The welcome points are booked once. The code
    names who brought them; ``devices`` are the marks of `referrals.device_mark` that their browser
    keeps. Source: R5.3, R3.1, IV3.11, IV5.1.

    :raises CardNotOpenError: MemberQuotaError: ConsentMissingError: numbering.CardNumberError:
        if they cannot join; AlreadyMemberError if their e-mail belongs to another's record.
    :raises referrals.ReferralNotAllowedError: if the recommendation does not count.
    """
    card = _lock_card(card_id, deed.occurred_at)
    _lock_partner(card)
    assert deed.actor  # noqa: S101 - the wallet asks for sign-in

    member = Member.objects.filter(partner=card.partner, user=deed.actor, merged_into=None).first()
    if member is not None:
        found = Membership.objects.filter(member=member, card=card).first()
        if found is not None:
            return found

    newcomer = Newcomer(email=person.email, phone=person.phone, user=deed.actor, devices=devices)
    referrer = referrals.referrer_of(
        card=card, code=referral_code, newcomer=newcomer, at=deed.occurred_at
    )
    member = member or _new_member(deed, card.partner, person, consent, is_own=True)
    return _enrol(deed, member, _Place(card=card, referrer=referrer))


@one_transaction
def enrol_at_counter(
    *,
    deed: Deed,
    card_id: int,
    person: Person,
    consent: Consent,
    number: str = "",
    referral_code: str = "",
) -> Membership:
    """Make a guest with a card at the counter, and return the membership.

    By staff of the card's club or a manager. ``number`` is typed or pre-printed where the card
    works that way; the referral code names who brought them. A repeat returns the first membership.
    Source: R5, IV5.1, IV9.6.

    :raises EnrolmentNotAllowedError: for anybody else.
    :raises CardNotOpenError: MemberQuotaError: AlreadyMemberError: numbering.CardNumberError:
        ConsentMissingError: NotADayError: members.CustomerGroupNotFoundError: if they cannot be
        enrolled.
    :raises referrals.ReferralNotAllowedError: if the recommendation does not count.
    """
    card = _lock_card(card_id, deed.occurred_at)
    _lock_partner(card)

    if not _may_enrol(deed, card):
        raise EnrolmentNotAllowedError

    # The name goes in under the site's key, so that the ledger tells nobody's name.
    whose = salted_hmac("enrol", person.first_name).hexdigest()
    brought = {"referral": referral_code} if referral_code else {}
    content = fingerprint("enrol", card=card_id, whose=whose, number=number, **brought)
    repeat = Transaction.objects.filter(partner=card.partner, request_id=deed.request_id).first()
    if repeat is not None:
        if repeat.fingerprint != content or repeat.membership is None:
            raise RepeatDiffersError
        return repeat.membership

    referrer = referrals.referrer_of(
        card=card,
        code=referral_code,
        newcomer=Newcomer(email=person.email, phone=person.phone),
        at=deed.occurred_at,
    )
    member = _new_member(deed, card.partner, person, consent, is_own=False)
    place = _Place(card=card, referrer=referrer, number=number)
    return _enrol(deed, member, place, content)


def _may_enrol(deed: Deed, card: Card) -> bool:
    if deed.actor is None or not deed.actor.is_active:
        return False
    if deed.source == Source.ADMIN:
        managers = Manager.objects.filter(
            user=deed.actor, partner_id=card.partner_id, is_active=True
        )
        return deed.actor.is_superuser or managers.exists()
    clubs = (card.club_id, card.club.practice_of_id)
    return StaffMember.objects.filter(
        user=deed.actor, club_id__in=[pk for pk in clubs if pk], is_active=True
    ).exists()


def _lock_card(card_id: int, at: datetime) -> Card:
    Card.objects.select_for_update(no_key=True).filter(pk=card_id).first()
    card = access.open_at(at).filter(pk=card_id).order_by("pk").first()
    if card is None:
        raise CardNotOpenError
    return card


def _lock_partner(card: Card) -> None:
    """Lock the partner: it guards the quota, and that a person becomes its member once."""
    Partner.objects.select_for_update(no_key=True).get(pk=card.partner_id)


def _new_member(
    deed: Deed, partner: Partner, person: Person, consent: Consent, *, is_own: bool
) -> Member:
    if not consent.version:
        raise ConsentMissingError
    limit = partner.max_members
    if limit is not None and Member.objects.known().filter(partner=partner).count() >= limit:
        raise MemberQuotaError(limit=limit)
    member = Member(
        partner=partner,
        user=deed.actor if is_own else None,
        code=codes.new_card_code()[:10],
        first_name=tidy_name(person.first_name),
        last_name=tidy_name(person.last_name),
        email=person.email.strip().lower(),
        phone=person.phone,
        phone_confirmed_at=deed.occurred_at if person.is_phone_confirmed else None,
        language=person.language,
        privacy_version=consent.version,
        privacy_accepted_at=deed.occurred_at,
        consent_source=consent.source,
        marketing_accepted_at=deed.occurred_at if person.wants_news else None,
        joined_at=deed.occurred_at,
    )
    members.set_facts(member, person.facts(), deed.occurred_at.astimezone(partner.zone()).date())
    try:
        with transaction.atomic():
            member.save(force_insert=True)
    except IntegrityError as error:
        if broke(error, "confirmed_phone_is_unique", "phone"):
            raise AlreadyMemberError(field="phone") from error
        if "email" in str(error):
            raise AlreadyMemberError(field="email") from error
        raise
    return member


def tidy_name(name: str) -> str:
    """Return a name as it is stored: composed, single spaces, no control or direction marks."""
    kept = (
        character
        for character in unicodedata.normalize("NFC", name)
        if unicodedata.category(character) not in {"Cc", "Cf", "Cs"} or character in "\u200c\u200d"
    )
    return " ".join("".join(kept).split())[:80]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where somebody joins: the locked card, who brought them, and a typed number."""

    card: Card
    referrer: Membership | None
    number: str = ""


def _enrol(deed: Deed, member: Member, place: _Place, content: str = "") -> Membership:
    card, referrer = place.card, place.referrer
    version = (
        TermsVersion.objects.filter(card=card, published_at__lte=deed.occurred_at)
        .order_by("-number")
        .values_list("pk", flat=True)
        .first()
    )
    if version is None:
        raise CardNotOpenError
    theirs = (
        Account.objects.select_for_update(no_key=True).get(pk=referrer.account_id)
        if referrer
        else None
    )
    account = Account.objects.create(partner=card.partner, card=card)
    membership = Membership(
        partner=card.partner,
        card=card,
        member=member,
        account=account,
        totp_key=codes.new_key(),
        referral_code=codes.new_referral_code(),
        referred_by=referrer,
        joined_at=deed.occurred_at,
        active_at=deed.occurred_at,
    )
    membership.number, membership.code = numbering.number_and_code(card, place.number)
    try:
        with transaction.atomic():
            membership.save(force_insert=True)
    except IntegrityError as error:
        if broke(error, "card_number_is_unique", "card_id", "number"):
            raise numbering.CardNumberError(reason="taken") from error
        raise
    drafts = welcomes.enrolment_drafts(deed, membership, version, content)
    standing = _standing(deed, membership, version, theirs)
    drafting.post(followups.after_joining(standing, drafts))
    return membership


def _standing(
    deed: Deed, membership: Membership, version: int, referrer_account: Account | None
) -> Standing:
    """Return where a membership stands that is just being made: it has had nothing yet."""
    return Standing(
        deed=deed,
        membership=membership,
        account=membership.account,
        card=membership.card,
        terms_id=version,
        staff=None,
        role=None,
        adjust_cap=None,
        scan=None,
        repeat_id=None,
        due_points=0,
        due_credit=0,
        earned_hour=0,
        earned_day=0,
        redeemed_day=0,
        referrer_account=referrer_account,
    )
