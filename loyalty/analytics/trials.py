"""Draft rules tried on one member's purchases, in the order of time."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q

from cards import terms
from loyalty.ledger.models import LineMatch, Transaction
from loyalty.members.models import Member
from loyalty.operations import histories
from loyalty.operations.recomputing import stored_basket
from loyalty.rules import awards
from loyalty.rules.awards import Award, Match
from loyalty.rules.baskets import Facts, Window
from loyalty.rules.plain import from_data
from loyalty.rules.terms import AwardCriteria, Plan, PlanType, Terms


@dataclass(frozen=True, kw_only=True)
class DraftRules:
    """The rules to try, and what of a member's past they ask for."""

    terms: Terms
    zone: ZoneInfo
    week_start: int

    @cached_property
    def counting(self) -> Mapping[int, Plan]:
        """Return the lines that count purchases, by key, each with its plan."""
        if self.terms.award_criteria == AwardCriteria.CUMULATIVE:
            return {}
        return {
            line.key: plan
            for plan in self.terms.plans
            for line in plan.lines
            if histories.has_ordinals(line)
        }

    @cached_property
    def keys(self) -> Sequence[int]:
        """Return the keys of all lines."""
        return [line.key for plan in self.terms.plans for line in plan.lines]

    @cached_property
    def is_cumulative(self) -> bool:
        """Return whether the purchases of some days count together."""
        is_chosen = self.terms.award_criteria == AwardCriteria.CUMULATIVE
        return is_chosen and self.terms.cumulative_days is not None

    @cached_property
    def has_day_limits(self) -> bool:
        """Return whether what was given earlier on a day matters."""
        limits = (self.terms.max_points_day, self.terms.max_credit_day_minor)
        return limits != (None, None)

    @cached_property
    def has_customer_days(self) -> bool:
        """Return whether a member's own days matter."""
        return any(plan.type == PlanType.CUSTOMER_DAYS for plan in self.terms.plans)

    @cached_property
    def is_plain(self) -> bool:
        """Return whether each purchase stands by itself, so that stored facts say it all."""
        asks = (self.counting, self.is_cumulative, self.has_day_limits, self.has_customer_days)
        return not any(asks)

    def day(self, at: datetime) -> date:
        """Return the partner's day of a moment."""
        return at.astimezone(self.zone).date()

    def window_start(self, day: date) -> date:
        """Return the first day that counts together with this one."""
        return day - timedelta(days=(self.terms.cumulative_days or 1) - 1)


@dataclass(slots=True, kw_only=True)
class Past:
    """What a member's lines had met before the first purchase that is tried."""

    ordinals: dict[int, int] = field(default_factory=dict)
    met: list[tuple[date, int, Decimal, int]] = field(default_factory=list)


def pasts(rules: DraftRules, membership_ids: Sequence[int], since: datetime) -> dict[int, Past]:
    """Return what these members' lines had met before, in at most one statement.

    Counts begin with what the ledger noted for lines that the draft and the rules in force then
    have in common; of a new line nothing was noted, so it begins at zero.
    """
    found: dict[int, Past] = {}
    undone = Transaction.objects.filter(reverses=OuterRef("transaction"))
    met = LineMatch.objects.filter(
        ~Exists(undone), membership__in=membership_ids, occurred_at__lt=since
    ).order_by("pk")
    if rules.is_cumulative:
        first = rules.window_start(rules.day(since))
        begins = datetime.combine(first, time.min, tzinfo=rules.zone)
        for one in met.filter(occurred_at__gte=begins, line_key__in=rules.keys):
            past = found.setdefault(one.membership_id, Past())
            past.met.append((rules.day(one.occurred_at), one.line_key, one.basis, one.given))
    elif rules.counting:
        wanted = Q()
        for key, plan in rules.counting.items():
            wanted |= Q(line_key=key) & _inside(plan)
        counts = met.filter(wanted).order_by().values_list("membership_id", "line_key")
        for membership_id, key, count in counts.annotate(found=Count("pk")):
            found.setdefault(membership_id, Past()).ordinals[key] = count
    return found


def _inside(plan: Plan) -> Q:
    since = Q() if plan.start is None else Q(occurred_at__gte=plan.start)
    return since if plan.until is None else since & Q(occurred_at__lt=plan.until)


class Trial:
    """The draft's view of one member: what counts so far, and what each purchase earns by it."""

    def __init__(self, rules: DraftRules, member: Member, past: Past | None) -> None:
        self._rules = rules
        self._member = member
        self._ordinals: dict[int, int] = dict(past.ordinals) if past else {}
        self._met: deque[tuple[date, int, Decimal, int]] = deque()
        self._windows: dict[int, Window] = {}
        self._today: date | None = None
        self._given = (0, 0)
        for day, key, basis, given in sorted(past.met) if past else ():
            self._meet(day, key, basis, given)

    def award(self, row: Transaction) -> Award | None:
        """Return what a stored purchase earns by the draft, or None where it would be refused.

        The store, the tier and the customer groups are those that the deed saw; counts, windows,
        day limits and the member's own days are those of the draft.

        :raises KeyError: if the deed stored no facts.
        """
        rules = self._rules
        facts = from_data(Facts, row.facts["rules"])
        if not rules.is_plain:
            facts = self._as_drafted(row, facts)
        try:
            award = awards.award(basket=stored_basket(row), terms=rules.terms, facts=facts)
        except awards.AmountTooLargeError:
            return None
        if not rules.is_plain:
            self._remember(rules.day(row.occurred_at), award)
        return award

    def _as_drafted(self, row: Transaction, facts: Facts) -> Facts:
        rules, day = self._rules, self._rules.day(row.occurred_at)
        if day != self._today:
            self._today, self._given = day, (0, 0)
            self._forget(rules.window_start(day))
        return replace(
            facts,
            ordinals=self._ordinals,
            windows=self._windows,
            points_today=self._given[0],
            credit_today_minor=self._given[1],
            is_customer_day=self._is_customer_day(row, facts, day),
        )

    def _is_customer_day(self, row: Transaction, facts: Facts, day: date) -> bool:
        """Return whether it is the member's day; looked up only where the draft counts otherwise.

        What the deed saw is better evidence: a birthday may have been changed since.
        """
        rules = self._rules
        if not rules.has_customer_days:
            return False
        then = terms.of_version(row.terms_id) if row.terms_id else None
        if then is not None and _window_of(then) == _window_of(rules.terms):
            return facts.is_customer_day
        return histories.is_customer_day(self._member, rules.terms, day, rules.week_start)

    def _remember(self, day: date, award: Award) -> None:
        points, credit = self._given
        self._given = (points + award.points, credit + award.credit_minor)
        if self._rules.is_cumulative:
            for met in award.matches:
                self._meet(day, met.key, met.basis, met.points or met.credit_minor)
        else:
            self._count(award.matches)

    def _count(self, matches: Iterable[Match]) -> None:
        for met in matches:
            self._ordinals[met.key] = self._ordinals.get(met.key, 0) + 1

    def _meet(self, day: date, key: int, basis: Decimal, given: int) -> None:
        self._met.append((day, key, basis, given))
        self._add(key, basis, given)

    def _forget(self, first: date) -> None:
        """Take out of the windows what lies before the first day that counts."""
        while self._met and self._met[0][0] < first:
            _, key, basis, given = self._met.popleft()
            self._add(key, -basis, -given)

    def _add(self, key: int, basis: Decimal, given: int) -> None:
        now = self._windows.get(key) or Window()
        self._windows[key] = Window(basis=now.basis + basis, given=now.given + given)


def _window_of(rules: Terms) -> tuple[object, ...]:
    return rules.special_window, rules.special_days_before, rules.special_days_after
