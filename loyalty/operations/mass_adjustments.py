"""Adjust many accounts of a card as one file asks for: decided one by one, written set by set."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cards import terms as versions_of
from cards.models import Reward
from clubs.models import Role
from loyalty.ledger import posting
from loyalty.ledger.drafts import Draft, LotGrant, Move
from loyalty.ledger.models import Kind, Transaction, Unit
from loyalty.members.models import Account, Membership
from loyalty.operations import adjustments, drafting, followups, many_standings, standing
from loyalty.operations.deeds import Deed, RepeatDiffersError, fingerprint, one_transaction
from loyalty.operations.many_standings import Held, Line
from loyalty.operations.standing import Standing
from loyalty.rules import expiry

KINDS = (Kind.ADJUSTMENT, Kind.OPENING)


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
class Foretold:
    """What a line would do to what can be spent of its unit, and what is in its way."""

    before: int = 0
    after: int = 0
    error: Exception | None = None


@one_transaction
def book(*, deed: Deed, card_id: int, kind: Kind, lines: Sequence[Line]) -> list[Exception | None]:
    """Book the lines in their order and return what was in the way of each; None for the booked.

    Each line does what the single adjustment would, with all that it brings; a line in whose way
    something is leaves the others alone. Several on one account each find what the one before
    left. Owners are not bound by the cap on single adjustments, for they confirm a summary. The
    actor must own or manage. A repeated line is booked already. Source: CU7.

    :raises MembershipNotFoundError: NotAllowedError: CardNotOpenError: if nothing can be booked.
    """
    held = many_standings.lock(card_id, lines)

    ground = many_standings.ground(deed, card_id, kind)
    repeats = _repeats(ground.card.partner_id, lines)

    desk = _Desk(is_in_order=_are_pieces_scarce(ground))
    errors: list[Exception | None] = [None] * len(lines)
    for wave in _waves(lines, held, is_in_order=desk.is_in_order):
        found = many_standings.standings(ground, [lines[index] for index in wave], held)
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
    ground = many_standings.ground(deed, card_id, kind)
    ids = {line.membership_id for line in lines}
    rows = Membership.objects.filter(pk__in=ids, card=card_id)
    account_of = dict(rows.values_list("pk", "account_id"))
    balances = Account.objects.only("points", "credit_minor")
    accounts = balances.in_bulk(set(account_of.values()))
    held = Held(account_of=account_of, referrer_of={}, accounts=accounts)
    found = many_standings.standings(ground, lines, held, is_deciding=False)
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


def _repeats(partner_id: int, lines: Sequence[Line]) -> dict[str, int]:
    """Return the transactions that were booked under the lines' keys before."""
    keys = [line.request_id for line in lines]
    found = Transaction.objects.filter(partner=partner_id, request_id__in=keys)
    return dict(found.values_list("request_id", "pk"))


def _are_pieces_scarce(ground: many_standings.Ground) -> bool:
    """Return whether a line may hand out a reward of which there is not enough for everybody."""
    terms = versions_of.of_version(ground.terms_id)
    ids = {tier.entry_reward_id for tier in terms.tiers} | {terms.full_card_reward_id}
    wanted = ids - {None}
    return bool(wanted) and Reward.objects.filter(pk__in=wanted, stock__isnull=False).exists()


def _waves(lines: Sequence[Line], held: Held, *, is_in_order: bool) -> Iterable[list[int]]:
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
