"""Adjust many accounts of a card as one file asks for: decided one by one, written set by set."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from cards import terms as versions_of
from cards.models import Card, Reward, TermsVersion
from clubs.models import Manager, Role
from loyalty.ledger import posting
from loyalty.ledger.drafts import Draft, LotGrant, Move
from loyalty.ledger.models import Kind, Transaction, Unit
from loyalty.members.models import Account, Membership
from loyalty.operations import adjustments, drafting, followups, holdings, standing, tiering
from loyalty.operations.adjustments import Correction
from loyalty.operations.deeds import Deed, RepeatDiffersError, fingerprint, one_transaction
from loyalty.operations.holdings import Known
from loyalty.operations.standing import Standing
from loyalty.rules import expiry

KINDS = (Kind.ADJUSTMENT, Kind.OPENING)
ROLES = (Role.OWNER, Role.MANAGER)


class OpeningTakesError(ValueError):
    """A balance brought from another system is never below zero."""


class DatePassedError(ValueError):
    """What is brought would have expired already."""


# What is in the way of one line and leaves the others alone.
LINE_ERRORS = (
    standing.MembershipNotFoundError,
    standing.MembershipNotActiveError,
    standing.OwnMembershipError,
    drafting.NotEnoughPointsError,
    adjustments.AboveCapError,
    adjustments.NothingToAdjustError,
    OpeningTakesError,
    DatePassedError,
    RepeatDiffersError,
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
class Foretold:
    """What a line would do to what can be spent of its unit, and what is in its way."""

    before: int = 0
    after: int = 0
    error: Exception | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What all lines have in common: read once."""

    deed: Deed
    kind: Kind
    card: Card
    terms_id: int
    role: str
    adjust_cap: int | None


@one_transaction
def book(*, deed: Deed, card_id: int, kind: Kind, lines: Sequence[Line]) -> list[Exception | None]:
    """Book the lines in their order and return what was in the way of each; None for the booked.

    Each line does what the single adjustment would, with all that it brings; a line in whose way
    something is leaves the others alone. Several on one account each find what the one before
    left. Owners are not bound by the cap on single adjustments, for they confirm a summary. The
    actor must own or manage. A repeated line is booked already. Source: CU7.

    :raises MembershipNotFoundError: NotAllowedError: CardNotOpenError: if nothing can be booked.
    """
    held = _lock(card_id, lines)

    ground = _ground(deed, card_id, kind)
    repeats = _repeats(ground.card.partner_id, lines)

    desk = _Desk(is_in_order=_are_pieces_scarce(ground))
    errors: list[Exception | None] = [None] * len(lines)
    for wave in _waves(lines, held, is_in_order=desk.is_in_order):
        found = _standings(ground, [lines[index] for index in wave], held)
        for index in wave:
            line = lines[index]
            try:
                desk.add(_decided(found, line, kind, repeats.get(line.request_id)))
            except LINE_ERRORS as error:
                errors[index] = error
        desk.post()
    return errors


def foretell(
    *,
    deed: Deed,
    card_id: int,
    kind: Kind,
    lines: Sequence[Line],
    moved: Mapping[tuple[int, str], int],
) -> list[Foretold]:
    """Return what each line would do, by the checks of ``book``; nothing is held or written.

    ``moved`` is by how much earlier lines move an account, by its key and unit. Bonuses and
    vouchers that a line brings are not foretold.

    :raises MembershipNotFoundError: NotAllowedError: CardNotOpenError: if nothing can be booked.
    """
    ground = _ground(deed, card_id, kind)
    ids = {line.membership_id for line in lines}
    rows = Membership.objects.filter(pk__in=ids, card=card_id)
    account_of = dict(rows.values_list("pk", "account_id"))
    accounts = Account.objects.in_bulk(set(account_of.values()))
    held = _Held(account_of=account_of, referrer_of={}, accounts=accounts)
    found = _standings(ground, lines, held, is_deciding=False)
    sums = defaultdict(int, moved)
    return [_foretold(found.get(line.membership_id), line, kind, sums) for line in lines]


def _foretold(
    found: Standing | None, line: Line, kind: Kind, moved: dict[tuple[int, str], int]
) -> Foretold:
    if found is None:
        return Foretold(error=standing.MembershipNotFoundError())
    unit, amount = line.correction.unit, line.correction.amount
    place = (found.account.pk, unit)
    before = found.available_in(unit) + moved[place]
    try:
        _check(found, line, kind)
        if before + amount < 0:
            raise drafting.NotEnoughPointsError(
                available=before, cost=-amount, unit=unit, currency=found.card.currency
            )
    except LINE_ERRORS as error:
        return Foretold(before=before, after=before, error=error)
    moved[place] += amount
    return Foretold(before=before, after=before + amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
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


def _lock(card_id: int, lines: Sequence[Line]) -> _Held:
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
    return _Held(
        account_of={pk: own for pk, own, _other in found},
        referrer_of={pk: places[other] for pk, other in brought.items()},
        accounts={account.pk: account for account in accounts},
    )


def _ground(deed: Deed, card_id: int, kind: Kind) -> _Ground:
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
    return _Ground(
        deed=deed,
        kind=kind,
        card=card,
        terms_id=terms_id,
        role=role,
        adjust_cap=row.adjust_cap if row else None,
    )


def _repeats(partner_id: int, lines: Sequence[Line]) -> dict[str, int]:
    """Return the transactions that were booked under the lines' keys before."""
    keys = [line.request_id for line in lines]
    found = Transaction.objects.filter(partner=partner_id, request_id__in=keys)
    return dict(found.values_list("request_id", "pk"))


def _are_pieces_scarce(ground: _Ground) -> bool:
    """Return whether a line may hand out a reward of which there is not enough for everybody."""
    terms = versions_of.of_version(ground.terms_id)
    ids = {tier.entry_reward_id for tier in terms.tiers} | {terms.full_card_reward_id}
    wanted = ids - {None}
    return bool(wanted) and Reward.objects.filter(pk__in=wanted, stock__isnull=False).exists()


def _waves(lines: Sequence[Line], held: _Held, *, is_in_order: bool) -> Iterable[list[int]]:
    """Return the places of the lines in groups that move no account twice, in order of booking.

    Lines on one account stay in their order. If all must be booked ``in order``, a group ends
    where the next line needs what it leaves.
    """
    last: dict[int, int] = {}
    waves: dict[int, list[int]] = defaultdict(list)
    latest = 0
    for index, line in enumerate(lines):
        touched = held.touched(line)
        wave = max((last.get(pk, -1) for pk in touched), default=-1) + 1
        if is_in_order:
            wave = latest = max(wave, latest)
        last.update(dict.fromkeys(touched, wave))
        waves[wave].append(index)
    return [waves[number] for number in sorted(waves)]


def _standings(
    ground: _Ground, lines: Sequence[Line], held: _Held, *, is_deciding: bool = True
) -> dict[int, Standing]:
    """Return where each line's membership stands now, in a constant number of statements."""
    ids = {line.membership_id for line in lines} & held.account_of.keys()
    rows = standing.with_due_points(ground.deed.occurred_at).filter(pk__in=ids)
    found: dict[int, Standing] = {}
    for row in rows.select_related("member__customer_group", "group__head"):
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


def _read_together(standings: Collection[Standing], lines: Sequence[Line]) -> None:
    """Let the standings know what deciding would else ask for each of them."""
    if not standings:
        return
    terms = next(iter(standings)).terms
    ids = [one.account.pk for one in standings]
    takes = any(line.correction.amount < 0 for line in lines)
    lots = holdings.open_lots(ids) if takes or terms.stamps_per_card else None
    awarded: dict[int, dict[str, int]] = {}
    if terms.tiers:
        for start, group in _by_start(standings).items():
            zone = group[0].membership.partner.zone()
            awarded |= tiering.awarded_since([one.account.pk for one in group], start, zone)
    for one in standings:
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


def _check(found: Standing, line: Line, kind: Kind) -> None:
    """Refuse what stands in the way of a line, all but too small a balance.

    :raises OwnMembershipError: MembershipNotActiveError: NothingToAdjustError: AboveCapError:
        OpeningTakesError: DatePassedError: for the line.
    :raises CardNotOpenError: for all lines.
    """
    standing.check_not_own(found)
    standing.check_open(found)
    most = None if found.role == Role.OWNER else adjustments.adjust_cap(found)
    adjustments.check_amount(line.correction.amount, line.correction.unit, found.card, most=most)
    if kind != Kind.OPENING:
        return
    if line.correction.amount < 0:
        raise OpeningTakesError
    until = _until(found, line)
    if until is not None and until <= found.deed.occurred_at:
        raise DatePassedError


def _decided(
    standings: Mapping[int, Standing], line: Line, kind: Kind, repeat_id: int | None
) -> list[Draft]:
    """Return the drafts of a line with all that it brings; none if it is booked already."""
    found = standings.get(line.membership_id)
    if found is None:
        raise standing.MembershipNotFoundError
    found.deed = replace(found.deed, request_id=line.request_id)
    found.repeat_id = repeat_id
    content = line.correction.fingerprint(found.membership.pk)
    if kind == Kind.OPENING:
        content = fingerprint("open", correction=content, until=line.expires_on)
    if standing.first_result(found, content):
        return []
    _check(found, line, kind)
    if kind == Kind.OPENING:
        move = _opening(found, line)
        main = adjustments.drafted(found, kind, move, line.correction, content)
        return followups.after_opening(found, main)
    asked = line.correction
    move = adjustments.corrected(found, asked.amount, asked.unit, most=None)
    return adjustments.decided(found, move, asked, content)


def _until(found: Standing, line: Line) -> datetime | None:
    """Return the end of the day that a line names."""
    day = line.expires_on
    return None if day is None else expiry.end_of(day, found.membership.partner.zone())


def _opening(found: Standing, line: Line) -> Move:
    """Return the entry of an opening balance, with its own date if it has one."""
    unit: Unit = line.correction.unit
    until, amount = _until(found, line), line.correction.amount
    if until is None:
        return drafting.earned(found, amount, unit)
    return Move(amount=amount, unit=unit, grants=(LotGrant(amount=amount, expires_at=until),))


class _Desk:
    """Gathers drafts and posts them, as many at a time as posting takes."""

    def __init__(self, *, is_in_order: bool) -> None:
        self.is_in_order = is_in_order
        self._waiting: list[Draft] = []

    def add(self, drafts: list[Draft]) -> None:
        """Take the drafts of one line; what hands out a scarce piece is posted before the next."""
        if len(self._waiting) + len(drafts) > posting.MOST_DRAFTS:
            self.post()
        self._waiting += drafts
        if self.is_in_order and any(draft.reward_counts for draft in drafts):
            self.post()

    def post(self) -> None:
        """Write what waits."""
        if self._waiting:
            drafting.post(self._waiting)
            self._waiting = []
