"""Make members, give them cards, and let a guest take over their own record."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

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
from loyalty.operations import drafting, numbering, welcomes
from loyalty.operations.deeds import (
    Deed,
    RepeatDiffersError,
    broke,
    fingerprint,
    one_transaction,
)
from loyalty.operations.standing import CardNotOpenError


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Which privacy text was agreed to, and where; the time is the deed's."""

    version: str
    source: ConsentSource


@one_transaction
def join_card(*, deed: Deed, card_id: int, person: Person, consent: Consent) -> Membership:
    """Give the signed-in person a card, make them the partner's member first if need be.

    Joining twice returns the membership there is. The welcome points are booked once. Source: R5.3,
    R3.1, IV3.11.

    :raises CardNotOpenError: MemberQuotaError: ConsentMissingError: numbering.CardNumberError:
        if they cannot join; AlreadyMemberError if their e-mail belongs to another's record.
    """
    card = _lock_card(card_id, deed.occurred_at)
    _lock_partner(card)
    assert deed.actor  # noqa: S101 - the wallet asks for sign-in

    member = Member.objects.filter(partner=card.partner, user=deed.actor, merged_into=None).first()
    if member is not None:
        found = Membership.objects.filter(member=member, card=card).first()
        if found is not None:
            return found

    member = member or _new_member(deed, card.partner, person, consent, is_own=True)
    return _enrol(deed, card, member, number="")


@one_transaction
def enrol_at_counter(
    *, deed: Deed, card_id: int, person: Person, consent: Consent, number: str = ""
) -> Membership:
    """Make a guest with a card at the counter, and return the membership.

    By staff of the card's club or a manager. ``number`` is typed or pre-printed where the card
    works that way. A repeat returns the first membership. Source: R5, IV9.6.

    :raises EnrolmentNotAllowedError: for anybody else.
    :raises CardNotOpenError: MemberQuotaError: AlreadyMemberError: numbering.CardNumberError:
        ConsentMissingError: if they cannot be enrolled.
    """
    card = _lock_card(card_id, deed.occurred_at)
    _lock_partner(card)

    if not _may_enrol(deed, card):
        raise EnrolmentNotAllowedError

    # The name goes in under the site's key, so that the ledger tells nobody's name.
    whose = salted_hmac("enrol", person.first_name).hexdigest()
    content = fingerprint("enrol", card=card_id, whose=whose, number=number)
    repeat = Transaction.objects.filter(partner=card.partner, request_id=deed.request_id).first()
    if repeat is not None:
        if repeat.fingerprint != content or repeat.membership is None:
            raise RepeatDiffersError
        return repeat.membership

    member = _new_member(deed, card.partner, person, consent, is_own=False)
    return _enrol(deed, card, member, number=number, content=content)


def _may_enrol(deed: Deed, card: Card) -> bool:
    if deed.actor is None or not deed.actor.is_active:
        return False
    if deed.source == Source.ADMIN:
        managers = Manager.objects.filter(
            user=deed.actor, partner_id=card.partner_id, is_active=True
        )
        return deed.actor.is_superuser or managers.exists()
    return StaffMember.objects.filter(
        user=deed.actor, club_id=card.club_id, is_active=True
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
    if limit is not None and Member.objects.filter(partner=partner).count() >= limit:
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


def _enrol(deed: Deed, card: Card, member: Member, *, number: str, content: str = "") -> Membership:
    version = (
        TermsVersion.objects.filter(card=card, published_at__lte=deed.occurred_at)
        .order_by("-number")
        .values_list("pk", flat=True)
        .first()
    )
    if version is None:
        raise CardNotOpenError
    account = Account.objects.create(partner=card.partner, card=card)
    membership = Membership(
        partner=card.partner,
        card=card,
        member=member,
        account=account,
        totp_key=codes.new_key(),
        referral_code=codes.new_referral_code(),
        joined_at=deed.occurred_at,
    )
    membership.number, membership.code = numbering.number_and_code(card, number)
    try:
        with transaction.atomic():
            membership.save(force_insert=True)
    except IntegrityError as error:
        if broke(error, "card_number_is_unique", "card_id", "number"):
            raise numbering.CardNumberError(reason="taken") from error
        raise
    drafting.post(welcomes.enrolment_drafts(deed, membership, version, content))
    return membership
