"""Merge two records of one customer: everything of one goes to the other, by TRANSFER.

A card that only the record that goes holds stays as it is and changes hands. Of a card that both
hold, one account takes the other over, lot by lot with its dates, as a group's account does.
"""

from collections.abc import Collection
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loyalty.audit import record
from loyalty.ledger.drafts import Draft, Fact, Note, RuleFired, TierMove
from loyalty.ledger.models import Firing, FiringKind, Kind, Transaction
from loyalty.members.models import (
    Account,
    Claim,
    GuestLink,
    Member,
    MemberNote,
    Membership,
    MembershipStatus,
    MemberTag,
    TierSource,
)
from loyalty.operations import customers, drafting, erasing, lot_dates, pooling
from loyalty.operations.customers import Customer
from loyalty.operations.deeds import Deed, fingerprint, one_transaction
from loyalty.operations.standing import MembershipNotActiveError, Standing, first_result
from loyalty.outbox.models import EventType
from loyalty.rules.terms import TierManagement

# The steps of a merger, in a transfer's result: what came, and what went.
MERGED, MERGED_AWAY = "MERGED", "MERGED_AWAY"


class PersonalFact(models.TextChoices):
    """What two records may say differently of one person."""

    NAME = "NAME", _("name")
    EMAIL = "EMAIL", _("e-mail")
    PHONE = "PHONE", _("phone")
    BIRTHDAY = "BIRTHDAY", _("birthday")
    ANNIVERSARY = "ANNIVERSARY", _("anniversary")
    LANGUAGE = "LANGUAGE", _("language")
    CUSTOMER_GROUP = "CUSTOMER_GROUP", _("customer group")


COLUMNS: dict[PersonalFact, tuple[str, ...]] = {
    PersonalFact.NAME: ("first_name", "last_name"),
    PersonalFact.EMAIL: ("email",),
    PersonalFact.PHONE: ("phone", "phone_confirmed_at"),
    PersonalFact.BIRTHDAY: (
        "birth_day",
        "birth_month",
        "birth_year",
        "former_birthday",
        "birthday_changed_at",
    ),
    PersonalFact.ANNIVERSARY: ("anniversary",),
    PersonalFact.LANGUAGE: ("language",),
    PersonalFact.CUSTOMER_GROUP: ("customer_group_id",),
}


class SameCustomerError(ValueError):
    """Both cards are of one customer already."""


class TwoSignInsError(ValueError):
    """Both records have a sign-in, and these are two: which person it is cannot be known."""


@one_transaction
def merge_members(
    *,
    deed: Deed,
    membership_id: int,
    other_id: int,
    taken: Collection[PersonalFact] = (),
    note: Note | None = None,
) -> Transaction:
    """Move everything of who holds ``other_id`` to who holds ``membership_id``.

    ``taken`` are the facts that are taken from the record that goes; the rest of it is blanked.
    Balances, sums awarded, shortfalls, lots with their dates, vouchers, tags, whom they brought and
    which rules fired move; the closed card says which one is in force. Consents keep the stricter.
    Contacts that neither is known by afterwards are forgotten wherever they were noted.
    By an owner or manager. Returns the transaction of the named card; a repeat returns the first.
    Source: issue of the customers area; design, Member.

    :raises SameCustomerError: TwoSignInsError: customers.CustomerGoneError:
        customers.SharedAccountError: MembershipNotActiveError: if they cannot be merged.
    :raises NotAllowedError: OwnMembershipError: MembershipNotFoundError: for anybody else.
    """
    stays, goes = customers.lock(deed=deed, membership_ids=[membership_id, other_id])

    for one in (stays, goes):
        customers.check_may_decide(one.asked)

    content = fingerprint("merge", into=membership_id, of=other_id, taken=sorted(taken))
    if repeat := first_result(stays.asked, content):
        return repeat

    _check_may_merge(stays, goes)
    pairs = _pairs(stays, goes)
    drafts = [_told(stays.asked, goes, content, note)] if not _is_named(pairs, stays) else []
    for into, of in pairs:
        drafts += _moved(into, of, content, note)
    drafts.sort(key=lambda one: one.request_id != deed.request_id)

    done = drafting.post(drafts)
    for into, of in pairs:
        _close_card(into, of)
    _change_hands(stays, goes, pairs)
    former = _contacts(stays.member) | _contacts(goes.member)
    _merge_records(stays.member, goes.member, taken)
    erasing.forget_contacts(
        partner_id=stays.member.partner_id,
        contacts=former - _contacts(stays.member),
        at=deed.occurred_at,
    )
    record.record(
        action="merge members",
        subject=stays.member,
        partner_id=stays.member.partner_id,
        actor_id=deed.actor_id,
        after={"merged": goes.member.pk, "taken": sorted(taken)},
    )
    return done


Pairs = list[tuple[Standing, Standing]]


def _pairs(stays: Customer, goes: Customer) -> Pairs:
    """Return the cards that both hold: the one that stays, and the one that goes."""
    held = {standing.card.pk: standing for standing in stays.cards}
    return [(held[one.card.pk], one) for one in goes.cards if one.card.pk in held]


def _is_named(pairs: Pairs, stays: Customer) -> bool:
    return any(into is stays.asked for into, _of in pairs)


def _check_may_merge(stays: Customer, goes: Customer) -> None:
    if stays.member.pk == goes.member.pk:
        raise SameCustomerError
    for one in (stays.member, goes.member):
        customers.check_there(one)
    if stays.member.user_id and goes.member.user_id:
        raise TwoSignInsError
    for into, of in _pairs(stays, goes):
        customers.check_alone([into, of])
        closed = of.membership.status == MembershipStatus.BLOCKED
        if into.membership.status != MembershipStatus.ACTIVE or closed:
            status = of.membership.status if closed else into.membership.status
            raise MembershipNotActiveError(status=status)


def _told(standing: Standing, goes: Customer, content: str, note: Note | None) -> Draft:
    """Return the transaction, without entries, that tells of a merger on the named card."""
    return drafting.draft(
        standing,
        Kind.TRANSFER,
        content=content,
        note=note,
        result={
            "step": MERGED,
            "member_id": goes.member.pk,
            "points": 0,
            **drafting.balances(standing, ()),
            "new_tier": None,
        },
        events=(_event(goes),),
    )


def _event(goes: Customer) -> Fact:
    return Fact(type=EventType.MEMBER_MERGED, data={"merged_member_id": goes.member.pk})


def _moved(into: Standing, of: Standing, content: str, note: Note | None) -> list[Draft]:
    """Return what one account takes over of the other, and the end of the other's card."""
    account = of.account
    lots = lot_dates.open_lots(account.pk)
    pooled = pooling.pooled_standing(into, into.account, [into.account, account])
    moves = lot_dates.granted(lots, [lot.expires_at for lot in lots])
    main = drafting.draft(
        pooled,
        Kind.TRANSFER,
        content=content,
        note=note,
        moves=moves,
        result=_result(into, of),
        facts={"lots": lot_dates.facts_of(lots)},
        fired=_fired(into, of),
        events=(
            Fact(
                type=EventType.MEMBER_MERGED,
                data={"merged_membership_id": of.membership.pk},
            ),
        ),
        **pooling.sums(account, 1),
    )
    away = drafting.companion(
        main,
        Kind.TRANSFER,
        "merge-away",
        account=account,
        membership_id=of.membership.pk,
        moves=lot_dates.taken(lots),
        tier=pooling.lowest(pooled, account),
        result={
            "step": MERGED_AWAY,
            "other_membership_id": into.membership.pk,
            "points": -account.points,
        },
        **pooling.sums(account, -1),
    )
    closing = drafting.companion(
        main,
        Kind.STATUS,
        "merge-close",
        account=account,
        membership_id=of.membership.pk,
        status=MembershipStatus.REMOVED,
        result={
            "step": MERGED_AWAY,
            "other_membership_id": into.membership.pk,
            "from": of.membership.status,
            "to": MembershipStatus.REMOVED,
        },
        events=(
            Fact(
                type=EventType.MEMBERSHIP_CHANGED,
                data={"status": MembershipStatus.REMOVED},
            ),
        ),
    )
    drafts = [main, away, closing]
    return [*drafts, *_tier(pooled, into, of, drafts)]


def _result(into: Standing, of: Standing) -> dict[str, Any]:
    # By its key: a result never changes, and the number goes when the customer is erased.
    told = {
        "step": MERGED,
        "other_membership_id": of.membership.pk,
        "points": of.account.points,
        "balance_before": into.available,
        "balance_after": into.available + of.available,
        "new_tier": None,
    }
    if into.account.credit_minor or of.account.credit_minor:
        told["credit_before"] = into.available_credit
        told["credit_after"] = into.available_credit + of.available_credit
    return told


def _fired(into: Standing, of: Standing) -> tuple[RuleFired, ...]:
    """Return the rules that fired for the card that goes, so that none fires twice for a person."""
    stands = Firing.objects.filter(released_at=None)
    keys = ("kind", "rule_key", "occurrence")
    known = set(stands.filter(membership=into.membership).values_list(*keys))
    theirs = stands.filter(membership=of.membership).order_by("pk").values_list(*keys)
    return tuple(
        RuleFired(
            membership_id=into.membership.pk,
            kind=FiringKind(kind),
            rule_key=rule_key,
            occurrence=occurrence,
        )
        for kind, rule_key, occurrence in theirs
        if (kind, rule_key, occurrence) not in known
    )


def _tier(pooled: Standing, into: Standing, of: Standing, drafts: list[Draft]) -> list[Draft]:
    """Move the tier to what both have together, or to the higher one that a hand gave."""
    terms, main, account = pooled.terms, drafts[0], of.account
    here, there = terms.tier(into.account.tier_id), terms.tier(account.tier_id)
    is_by_rule = terms.tier_management != TierManagement.MANUAL
    by_hand = account.tier_source == TierSource.MANUAL or not is_by_rule
    is_higher = there is not None and (here is None or here.min_value < there.min_value)
    if by_hand and is_higher and there is not None:
        main.tier = TierMove(
            to_tier_id=there.tier_id,
            source=TierSource(account.tier_source),
            hold_until=account.tier_hold_until,
        )
        main.result["new_tier"] = there.name
        main.events = (*main.events, drafting.tier_fact(there.tier_id))
        return []
    brought = pooling.Brought(
        pooled=pooled,
        accounts={account.pk: account},
        joined_at=min(into.membership.joined_at, of.membership.joined_at),
    )
    return pooling.combined_tier(brought, drafts)


def _close_card(into: Standing, of: Standing) -> None:
    """Let one account stand for the other, and end what was open on the card that goes."""
    fresh = Account.objects.create(
        partner_id=of.membership.partner_id,
        card_id=of.card.pk,
        tier_assessed_date=pooling.today_of(of),
    )
    Membership.objects.filter(pk=of.membership.pk).update(account=fresh)
    Account.objects.filter(Q(pk=of.account.pk) | Q(absorbed_by=of.account)).update(
        absorbed_by=into.account
    )
    Claim.objects.filter(membership=of.membership, used_at=None).update(
        expires_at=of.deed.occurred_at
    )
    brought = Membership.objects.filter(referred_by=of.membership)
    brought.exclude(pk=into.membership.pk).update(referred_by=into.membership)
    brought.filter(pk=into.membership.pk).update(referred_by=None)


def _change_hands(stays: Customer, goes: Customer, pairs: Pairs) -> None:
    """Give the cards that only the other holds to who stays, with tags and notes."""
    closed = [of.membership.pk for _into, of in pairs]
    Membership.objects.filter(member=goes.member).exclude(pk__in=closed).update(member=stays.member)
    worn = {row.tag_id: row for row in MemberTag.objects.filter(member=stays.member)}
    for row in MemberTag.objects.filter(member=goes.member).order_by("pk"):
        if (own := worn.get(row.tag_id)) is None:
            row.member = stays.member
            row.save(update_fields=["member"])
            continue
        own.sold_at = max(filter(None, (own.sold_at, row.sold_at)), default=None)
        own.bought_at = max(filter(None, (own.bought_at, row.bought_at)), default=None)
        own.is_set = own.is_set or row.is_set
        own.is_by_hand = own.is_by_hand or row.is_by_hand
        own.save(update_fields=["sold_at", "bought_at", "is_set", "is_by_hand"])
        row.delete()
    MemberNote.objects.filter(member=goes.member).update(member=stays.member)
    GuestLink.objects.filter(member=goes.member, used_at=None).update(
        used_at=goes.asked.deed.occurred_at
    )


def _contacts(member: Member) -> set[str]:
    """Return by what somebody is found in files, sessions and queues."""
    user_email = member.user.email if member.user else ""
    return {word.lower() for word in (member.email, member.phone, user_email) if word}


def _merge_records(stays: Member, goes: Member, taken: Collection[PersonalFact]) -> None:
    """Write the chosen facts into the record that stays, and blank the other."""
    facts = {name: getattr(goes, name) for fact in taken for name in COLUMNS[fact]}
    user = stays.user or goes.user
    agreed = min(
        (one for one in (stays, goes) if one.privacy_accepted_at is not None),
        key=lambda one: (one.privacy_accepted_at, one.pk),
        default=stays,
    )
    wants = stays.marketing_accepted_at and goes.marketing_accepted_at
    consent = {
        "privacy_version": agreed.privacy_version,
        "privacy_accepted_at": agreed.privacy_accepted_at,
        "consent_source": agreed.consent_source,
        "marketing_accepted_at": stays.marketing_accepted_at if wants else None,
        "joined_at": min(stays.joined_at, goes.joined_at),
    }
    goes.merged_into = stays
    # First the one that goes: an e-mail, a confirmed phone and a sign-in stand only once.
    customers.blank(goes)
    for name, value in {**facts, **consent, "user": user}.items():
        setattr(stays, name, value)
    stays.save()
    Member.objects.filter(merged_into=goes).update(merged_into=stays)
