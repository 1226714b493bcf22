"""What a deed on many accounts of a card locks and reads, set by set."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cards.models import Card, TermsVersion
from clubs.models import Manager, Role
from loyalty.ledger.models import Kind
from loyalty.members.models import Account, Membership
from loyalty.operations import holdings, standing, tiering
from loyalty.operations.adjustments import Correction
from loyalty.operations.deeds import Deed
from loyalty.operations.holdings import Known
from loyalty.operations.standing import Standing

ROLES = (Role.OWNER, Role.MANAGER)

# What deciding asks of a membership: most of the time went into columns that nobody reads.
READ = (
    "account",
    "card",
    "group__head__joined_at",
    "joined_at",
    "member__code",
    "member__customer_group__code",
    "member__erased_at",
    "member__merged_into",
    "member__user",
    "partner",
    "referred_by",
    "status",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What moves on one membership, under a request key of its own.

    ``expires_on`` is the last day on which an opening balance can be used; None: as the card says.
    """

    request_id: str
    membership_id: int
    correction: Correction
    expires_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all lines have in common: read once."""

    deed: Deed
    kind: Kind
    card: Card
    terms_id: int
    role: str
    adjust_cap: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The accounts of the lines, each the one object that posting moves, and whose they are."""

    account_of: Mapping[int, int]
    referrer_of: Mapping[int, int]
    accounts: Mapping[int, Account]

    def touched(self, line: Line) -> Iterable[int]:
        """Return the accounts that a line may move."""
        own = self.account_of.get(line.membership_id)
        if own is None:
            return ()
        other = self.referrer_of.get(line.membership_id)
        return (own,) if other is None or line.correction.amount <= 0 else (own, other)


def lock(card_id: int, lines: Sequence[Line]) -> Held:
    """Lock the memberships, then their accounts with those of who brought them, each by id."""
    ids = {line.membership_id for line in lines}
    rows = Membership.objects.select_for_update(no_key=True).filter(pk__in=ids, card=card_id)
    found = list(rows.order_by("pk").values_list("pk", "account_id", "referred_by_id"))
    earning = {line.membership_id for line in lines if line.correction.amount > 0}
    brought: dict[int, int] = {pk: other for pk, _own, other in found if other and pk in earning}
    others = Membership.objects.filter(pk__in=set(brought.values())) if brought else None
    places = dict(others.values_list("pk", "account_id")) if others is not None else {}
    wanted = {own for _pk, own, _other in found} | set(places.values())
    accounts = Account.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    return Held(
        account_of={pk: own for pk, own, _other in found},
        referrer_of={pk: places[other] for pk, other in brought.items()},
        accounts={account.pk: account for account in accounts},
    )


def ground(deed: Deed, card_id: int, kind: Kind) -> Ground:
    """Return what all lines have in common.

    :raises MembershipNotFoundError: NotAllowedError: CardNotOpenError: if nothing can be booked.
    """
    card = Card.objects.select_related("club", "partner").get(pk=card_id)
    manager = Manager.objects.filter(
        user_id=deed.actor_id or 0, user__is_active=True, is_active=True, partner=card.partner_id
    )
    row = manager.order_by("pk").first()
    role = Role.OWNER if deed.actor and deed.actor.is_superuser else row and row.role
    if role is None:
        raise standing.MembershipNotFoundError
    if role not in ROLES:
        raise standing.NotAllowedError
    versions = TermsVersion.objects.filter(card=card_id, published_at__lte=deed.occurred_at)
    terms_id = versions.order_by("-number").values_list("pk", flat=True).first()
    if terms_id is None:
        raise standing.CardNotOpenError
    return Ground(
        deed=deed,
        kind=kind,
        card=card,
        terms_id=terms_id,
        role=role,
        adjust_cap=row.adjust_cap if row else None,
    )


def standings(
    ground: Ground, lines: Sequence[Line], held: Held, *, is_deciding: bool = True
) -> dict[int, Standing]:
    """Return where each line's membership stands now, in a constant number of statements."""
    ids = {line.membership_id for line in lines} & held.account_of.keys()
    rows = standing.with_due_points(ground.deed.occurred_at).filter(pk__in=ids)
    found: dict[int, Standing] = {}
    for row in rows.select_related("member__customer_group", "group__head").only(*READ):
        row.card, row.partner = ground.card, ground.card.partner
        own, other = held.account_of[row.pk], held.referrer_of.get(row.pk)
        found[row.pk] = Standing(
            deed=ground.deed,
            membership=row,
            account=held.accounts[own],
            card=ground.card,
            terms_id=ground.terms_id,
            staff=None,
            role=ground.role,
            adjust_cap=ground.adjust_cap,
            scan=None,
            repeat_id=None,
            due_points=row.due_points,
            due_credit=row.due_credit,
            referrer_account=None if other is None else held.accounts[other],
        )
    if is_deciding:
        _read_together(found.values(), lines)
    return found


def _read_together(found: Collection[Standing], lines: Sequence[Line]) -> None:
    """Let the standings know what deciding would else ask for each of them."""
    if not found:
        return
    terms = next(iter(found)).terms
    ids = [one.account.pk for one in found]
    takes = any(line.correction.amount < 0 for line in lines)
    lots = holdings.open_lots(ids) if takes or terms.stamps_per_card else None
    awarded: dict[int, dict[str, int]] = {}
    if terms.tiers:
        for start, group in _by_start(found).items():
            zone = group[0].membership.partner.zone()
            awarded |= tiering.awarded_since([one.account.pk for one in group], start, zone)
    for one in found:
        one.known = Known(
            lots=None if lots is None else lots[one.account.pk],
            awarded=awarded.get(one.account.pk),
        )


def _by_start(standings: Collection[Standing]) -> dict[date, list[Standing]]:
    found: dict[date, list[Standing]] = defaultdict(list)
    for one in standings:
        start = tiering.counted_since(one)
        if start is not None:
            found[start].append(one)
    return found
