"""Who brought whom, and what that gives: each rule once per pair (IV5, rules 11)."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Q
from django.utils.crypto import salted_hmac

from cards.models import Card
from loyalty.ledger.drafts import Draft, RuleFired, TierMove
from loyalty.ledger.models import Firing, FiringKind, Transaction, Unit
from loyalty.members import codes
from loyalty.members.models import Account, Member, Membership, MembershipStatus, TierSource
from loyalty.operations import bonuses, stamps, tiering
from loyalty.operations.bonuses import BonusReason, Gift
from loyalty.operations.deeds import BusyError
from loyalty.operations.standing import EARNING_KINDS, Standing, with_due_points
from loyalty.rules import referrals
from loyalty.rules.referrals import Grant
from loyalty.rules.terms import ReferralBeneficiary, ReferralEvent
from loyalty.users.models import User

# Over so long the recommendations of one member are counted against the card's limit.
LIMIT_WINDOW = timedelta(days=30)
# How far back a chain of recommendations is followed to find the newcomer at its other end.
MOST_LINKS = 50
THRESHOLDS = (ReferralEvent.THRESHOLD_POINTS, ReferralEvent.THRESHOLD_CREDIT)


class NotAllowed(StrEnum):
    """Why a recommendation does not count."""

    OFF = "OFF"
    UNKNOWN = "UNKNOWN"
    NOT_ACTIVE = "NOT_ACTIVE"
    SELF = "SELF"
    SAME_CONTACT = "SAME_CONTACT"
    SAME_DEVICE = "SAME_DEVICE"
    LOOP = "LOOP"
    LIMIT = "LIMIT"


class ReferralNotAllowedError(ValueError):
    """The recommendation does not count; joining without it is possible."""

    def __init__(self, *, reason: NotAllowed) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """What is known of somebody who joins: contact, sign-in, and the marks of their browser.

    ``devices`` are the marks of people who looked at their own recommendation in that browser.
    """

    email: str = ""
    phone: str = ""
    user: User | None = None
    devices: frozenset[str] = frozenset()


def device_mark(user_id: int) -> str:
    """Return the mark that a browser keeps of somebody who recommends from it.

    That is all that can honestly be known of a device: whether this very browser showed the
    referrer's own recommendation before. A second phone or a private window is not seen, and
    nothing about the device itself is kept.
    """
    return salted_hmac("loyalty.referral.device", str(user_id)).hexdigest()[:16]


def referrer_of(*, card: Card, code: str, newcomer: Newcomer, at: datetime) -> Membership | None:
    """Return the membership whose code a newcomer gives, locked; None if they give none.

    The caller holds the card, so that the limit holds for people who join at once. Source: IV5.2,
    IV5.11.

    :raises ReferralNotAllowedError: if the code is of nobody who can recommend this card now, if
        the newcomer is the referrer or at the other end of their chain, or above the limit.
    """
    typed = codes.read_referral_code(code)
    if not typed:
        return None
    if not card.has_referrals:
        raise ReferralNotAllowedError(reason=NotAllowed.OFF)
    referrer = (
        Membership.objects.select_for_update(no_key=True, of=("self",))
        .select_related("member", "partner")
        .filter(card=card, referral_code=typed)
        .first()
    )
    if referrer is None:
        raise ReferralNotAllowedError(reason=NotAllowed.UNKNOWN)
    if referrer.status != MembershipStatus.ACTIVE:
        raise ReferralNotAllowedError(reason=NotAllowed.NOT_ACTIVE)
    _check_other_person(referrer, newcomer)
    lately = Membership.objects.filter(referred_by=referrer, joined_at__gt=at - LIMIT_WINDOW)
    if lately.count() >= card.referrals_per_month:
        raise ReferralNotAllowedError(reason=NotAllowed.LIMIT)
    return referrer


def _check_other_person(referrer: Membership, newcomer: Newcomer) -> None:
    member, user = referrer.member, newcomer.user
    if user is not None and member.user_id == user.pk:
        raise ReferralNotAllowedError(reason=NotAllowed.SELF)
    if _is_same_contact(member, newcomer):
        raise ReferralNotAllowedError(reason=NotAllowed.SAME_CONTACT)
    if member.user_id is not None and device_mark(member.user_id) in newcomer.devices:
        raise ReferralNotAllowedError(reason=NotAllowed.SAME_DEVICE)
    chain = _chain(referrer)
    if any(
        referrals.would_loop(referred=known, chain=chain) for known in _known(referrer, newcomer)
    ):
        raise ReferralNotAllowedError(reason=NotAllowed.LOOP)


def _is_same_contact(member: Member, newcomer: Newcomer) -> bool:
    is_same_phone = bool(newcomer.phone) and newcomer.phone == member.phone
    email = _mailbox(newcomer.email)
    return is_same_phone or (bool(email) and email == _mailbox(member.email))


def _mailbox(email: str) -> str:
    """Return the mailbox of an address: what stands behind a plus sign lands in the same one."""
    name, _at, domain = email.strip().lower().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}" if name else ""


def _chain(referrer: Membership) -> list[int]:
    """Return the members who brought each other, the referrer first."""
    found, ahead = [referrer.member_id], referrer.referred_by_id
    while ahead is not None and len(found) < MOST_LINKS:
        row = Membership.objects.only("member_id", "referred_by_id").get(pk=ahead)
        found.append(row.member_id)
        ahead = row.referred_by_id
    return found


def _known(referrer: Membership, newcomer: Newcomer) -> list[int]:
    """Return the members that the newcomer is already, by sign-in, phone or e-mail."""
    same = Q()
    if newcomer.user is not None:
        same |= Q(user=newcomer.user)
    if newcomer.phone:
        same |= Q(phone=newcomer.phone)
    if newcomer.email:
        same |= Q(email__iexact=newcomer.email.strip())
    rows = (
        Member.objects.filter(same, partner=referrer.partner_id) if same else Member.objects.none()
    )
    return list(rows.order_by("pk").values_list("pk", flat=True)[:MOST_LINKS])


def on_joining(standing: Standing, drafts: list[Draft]) -> list[Draft]:
    """Return the enrolment's drafts with what registering gives, and thresholds it reaches."""
    return _brought(standing, drafts, ReferralEvent.REGISTRATION)


def on_deed(standing: Standing, drafts: list[Draft], *, is_purchase: bool) -> list[Draft]:
    """Return the drafts with what they give to who brought the member, or to the member.

    The first purchase, and thresholds of what the member has not redeemed. A rule fires once per
    pair; when its deed is undone it may fire again. In a group what is pooled is not the member's
    own, so no threshold is judged. No statement for a member whom nobody brought. Source: IV5.5 to
    IV5.10.
    """
    if standing.membership.referred_by_id is None or not standing.terms.referral_rules:
        return drafts
    return _brought(standing, drafts, ReferralEvent.FIRST_PURCHASE if is_purchase else None)


def _brought(standing: Standing, drafts: list[Draft], event: ReferralEvent | None) -> list[Draft]:
    if standing.membership.referred_by_id is None or not standing.terms.referral_rules:
        return drafts
    rows = Firing.objects.filter(membership=standing.membership, kind=FiringKind.REFERRAL)
    firings = list(rows.values_list("rule_key", "released_at"))
    fired = {key for key, released_at in firings if released_at is None}
    if all(rule.key in fired for rule in standing.terms.referral_rules):
        return drafts
    pair = _Pair(standing, drafts, fired)
    undone = {key for key, _released_at in firings} - fired
    if event == ReferralEvent.REGISTRATION or (
        event == ReferralEvent.FIRST_PURCHASE and _is_first_due(standing, fired, undone)
    ):
        pair.give(event)
    if standing.membership.group_id is None:
        while pair.give_thresholds():
            pass  # What the member was just given may reach the next threshold.
    return pair.settled()


def _is_first_due(standing: Standing, fired: AbstractSet[int], undone: AbstractSet[int]) -> bool:
    """Return whether the deed is the first purchase, or a later one after that was undone."""
    keys = {
        rule.key
        for rule in standing.terms.referral_rules
        if rule.event == ReferralEvent.FIRST_PURCHASE
    } - fired
    if not keys or keys & undone:
        return bool(keys)
    earlier = Transaction.objects.filter(
        membership=standing.membership, kind__in=EARNING_KINDS, reversal__isnull=True
    )
    return not earlier.exists()


class _Pair:
    """A referrer and who they brought, while drafts for both are made."""

    def __init__(self, standing: Standing, drafts: list[Draft], fired: AbstractSet[int]) -> None:
        self.referred = standing
        self.referrer = _beside(standing)
        self.drafts = list(drafts)
        self.fired = fired

    def give_thresholds(self) -> bool:
        """Add what the thresholds give that are reached now; return whether that was anything."""
        return any([self.give(event) for event in THRESHOLDS])  # noqa: C419 - each is to be given

    def give(self, event: ReferralEvent) -> bool:
        """Add what an event gives to the drafts; return whether that was anything."""
        grants = referrals.due(
            rules=self.referred.terms.referral_rules,
            event=event,
            balance_points=bonuses.available_after(self.referred, self.drafts),
            balance_credit_minor=bonuses.available_after(self.referred, self.drafts, Unit.CREDIT),
            fired=self.fired,
        )
        is_any = False
        for grant in grants:
            receiver = self._receiver(grant)
            if receiver is not None:
                self.drafts.append(self._bonus(grant, event, receiver))
                is_any = True
        return is_any

    def _receiver(self, grant: Grant) -> Standing | None:
        """Return who gets the grant; None for a referrer who was blocked or removed since."""
        is_theirs = grant.beneficiary == ReferralBeneficiary.REFERRER
        return self.referrer if is_theirs else self.referred

    def _bonus(self, grant: Grant, event: ReferralEvent, receiver: Standing) -> Draft:
        fired: tuple[RuleFired, ...] = ()
        if grant.rule_key not in self.fired:  # Of a rule for both, the first bonus says so.
            fired = (
                RuleFired(
                    membership_id=self.referred.membership.pk,
                    kind=FiringKind.REFERRAL,
                    rule_key=grant.rule_key,
                ),
            )
            self.fired = self.fired | {grant.rule_key}
        gift = Gift(
            reason=BonusReason.REFERRAL,
            points=grant.points,
            credit_minor=grant.credit_minor,
            fired=fired,
            told={"event": event, "beneficiary": grant.beneficiary},
        )
        return bonuses.bonus(self.drafts[0], receiver, self.drafts, gift)

    def settled(self) -> list[Draft]:
        """Return the drafts with the tier and the full cards that the referrer's bonuses reach."""
        referrer = self.referrer
        if referrer is None or referrer.account is self.referred.account:
            return self.drafts
        main = self.drafts[0]
        theirs = bonuses.own(referrer, self.drafts)
        if not theirs:
            return self.drafts
        done = tiering.settle(referrer, stamps.fill(referrer, theirs, main=main))
        added = done[len(theirs) :]
        for one in added:
            one.cause = main  # Whatever undoes the deed looks for its direct parts.
        return [*self.drafts, *added]


def _beside(standing: Standing) -> Standing | None:
    """Return the standing of who brought the member, on the locked account; None if not active.

    :raises BusyError: if they moved to another account in the meantime.
    """
    row = (
        with_due_points(standing.deed.occurred_at)
        .select_related("card", "partner", "member__customer_group")
        .get(pk=standing.membership.referred_by_id)
    )
    is_shared = row.account_id == standing.account.pk
    account = standing.account if is_shared else standing.referrer_account
    if account is None or account.pk != row.account_id:
        raise BusyError
    return _on(standing, row, account) if row.status == MembershipStatus.ACTIVE else None


def _on(standing: Standing, row: Any, account: Account) -> Standing:
    """Return where another membership stands in the same deed."""
    return replace(
        standing,
        membership=row,
        account=account,
        staff=None,
        role=None,
        adjust_cap=None,
        scan=None,
        repeat_id=None,
        due_points=row.due_points,
        due_credit=row.due_credit,
        referrer_account=None,
        known=None,
    )


def judge_others(standing: Standing, drafts: list[Draft]) -> None:
    """Let what is undone on other members' accounts move their tiers by what they keep.

    They have earned since, so the tier of before the bonus is no guide. The accounts are locked.
    """
    others = {one.account.pk: one for one in drafts if one.account is not standing.account}
    for last in others.values():
        row = (
            with_due_points(standing.deed.occurred_at)
            .select_related("card", "partner", "member__customer_group")
            .get(pk=last.membership_id)
        )
        other = _on(standing, row, last.account)
        theirs = bonuses.own(other, drafts)
        for one in theirs:
            one.tier = None
        value = tiering.sums_after(other, theirs).measured(other.terms)
        tier_id = tiering.judged(other, value, may_lower=True)
        if tier_id != other.account.tier_id:
            last.tier = TierMove(to_tier_id=tier_id, source=TierSource.AUTOMATIC)
