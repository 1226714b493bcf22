"""A customer with all their cards, locked together: for deeds on the person, not on one card."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q

from clubs.models import Partner, Role
from loyalty.ledger.drafts import Draft
from loyalty.ledger.models import Source
from loyalty.members.models import Account, Member, Membership
from loyalty.operations import standing as standings
from loyalty.operations.deeds import Deed, key_of_part
from loyalty.operations.standing import MembershipNotFoundError, NotAllowedError, Standing

# Whoever merges customers or erases one; support serves and corrects (CU).
DECIDERS = frozenset({Role.OWNER, Role.MANAGER})
# What of a member's record is about a person, and what it is when nobody is known any more.
PERSONAL_COLUMNS = {
    "user": None,
    "first_name": "",
    "last_name": "",
    "email": "",
    "phone": "",
    "phone_confirmed_at": None,
    "language": "",
    "birth_day": None,
    "birth_month": None,
    "birth_year": None,
    "former_birthday": None,
    "birthday_changed_at": None,
    "anniversary": None,
    "customer_group": None,
    "marketing_accepted_at": None,
}


class CustomerGoneError(ValueError):
    """The customer was merged into another one, or their personal data was erased."""


class SharedAccountError(ValueError):
    """A card of the customer shares its account with a group, which must let it go first."""

    def __init__(self, *, number: str) -> None:
        super().__init__(number)
        self.number = number


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A member's record and their cards, all locked; ``asked`` is the one that was named."""

    member: Member
    cards: Sequence[Standing]
    asked: Standing


def lock(*, deed: Deed, membership_ids: Sequence[int]) -> list[Customer]:
    """Lock the customers who hold these memberships, with every card they have, in that order.

    Locked with them are the memberships of whom they brought, because these name who did. First
    the partner, who guards that nobody gets a card meanwhile. Each card but the first named has a
    request key of its own, made of the deed's.

    :raises MembershipNotFoundError: if one is not there, or of another partner than the first.
    """
    found = Membership.objects.filter(pk__in=membership_ids).values_list("pk", "partner_id")
    partners = dict(found)
    if len(partners) != len(set(membership_ids)) or len(set(partners.values())) != 1:
        raise MembershipNotFoundError
    Partner.objects.select_for_update(no_key=True).get(pk=partners[membership_ids[0]])
    holders = dict(Membership.objects.filter(pk__in=membership_ids).values_list("pk", "member_id"))
    _lock_rows(list(holders.values()))
    members = Member.objects.select_related("partner").in_bulk(holders.values())
    first = membership_ids[0]
    return [_customer(deed, first, pk, members[holders[pk]]) for pk in membership_ids]


def _lock_rows(member_ids: Iterable[int]) -> None:
    """Lock the cards of these members and of whom they brought, their accounts, their records."""
    own = list(Membership.objects.filter(member__in=member_ids).values_list("pk", flat=True))
    rows = Membership.objects.select_for_update(no_key=True, of=("self",))
    held = rows.filter(Q(pk__in=own) | Q(referred_by__in=own)).order_by("pk")
    accounts = {row.account_id for row in held if row.pk in set(own)}
    list(Account.objects.select_for_update(no_key=True).filter(pk__in=accounts).order_by("pk"))
    list(Member.objects.select_for_update(no_key=True).filter(pk__in=member_ids).order_by("pk"))


def _customer(deed: Deed, first: int, membership_id: int, member: Member) -> Customer:
    ids = Membership.objects.filter(member=member).order_by("pk").values_list("pk", flat=True)
    cards = {}
    for pk in ids:
        own = deed if pk == first else _part(deed, pk)
        cards[pk] = standings.lock(deed=own, membership_id=pk)
    return Customer(member=member, cards=list(cards.values()), asked=cards[membership_id])


def _part(deed: Deed, membership_id: int) -> Deed:
    return replace(deed, request_id=key_of_part(deed.request_id, f"card-{membership_id}"))


def check_may_decide(standing: Standing) -> None:
    """Refuse anybody but an owner or manager of the partner, and those for their own record.

    :raises MembershipNotFoundError: for a stranger, who learns nothing.
    :raises NotAllowedError: for support.
    :raises OwnMembershipError: if the record is the person's own.
    """
    standings.check_may_manage(standing)
    if standing.role not in DECIDERS or standing.deed.source != Source.ADMIN:
        raise NotAllowedError
    standings.check_not_own(standing)


def check_there(member: Member) -> None:
    """Refuse a deed on a record that stands for nobody any more.

    :raises CustomerGoneError: if it was merged into another or erased.
    """
    if member.merged_into_id is not None or member.erased_at is not None:
        raise CustomerGoneError


def check_alone(cards: Iterable[Standing]) -> None:
    """Refuse what would move an account that others share.

    :raises SharedAccountError: if one of the cards is in a group.
    """
    for standing in cards:
        if standing.membership.group_id is not None:
            raise SharedAccountError(number=standing.membership.number)


def blank(member: Member) -> None:
    """Take everything about a person out of the record, and save it."""
    for name, nothing in PERSONAL_COLUMNS.items():
        setattr(member, name, nothing)
    member.save()


def in_one_list(parts: Iterable[Sequence[Draft]]) -> list[Draft]:
    """Return the drafts of several cards as one list, in the order given."""
    return [draft for part in parts for draft in part]
