"""What the rules must know of a member when a deed happens, read in as few statements as needed."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Sum

from loyalty.ledger.models import LineMatch, Transaction
from loyalty.members.models import Member
from loyalty.operations.standing import EARNING_KINDS, Standing
from loyalty.rules import special_days
from loyalty.rules.baskets import Facts, Window
from loyalty.rules.terms import AwardCriteria, Line, Plan, Terms, TransactionCriteria


def facts_for(standing: Standing) -> Facts:
    """Return what the rules must know of this member now; no statement for a simple card."""
    terms, deed = standing.terms, standing.deed
    partner = standing.membership.partner
    zone = partner.zone()
    today = deed.occurred_at.astimezone(zone).date()
    store = deed.store
    given = _given_today(standing, today, zone)
    return Facts(
        at=deed.occurred_at.astimezone(
            ZoneInfo(store.timezone) if store and store.timezone else zone
        ),
        store=store.code if store else "",
        member=standing.membership.member.code,
        customer_groups=standing.customer_groups,
        tier_id=standing.account.tier_id,
        is_customer_day=is_customer_day(
            standing.membership.member, terms, today, partner.week_start
        ),
        ordinals=_ordinals(standing),
        windows=_windows(standing, today, zone),
        points_today=given[0],
        credit_today_minor=given[1],
    )


def is_customer_day(member: Member, terms: Terms, today: date, week_start: int) -> bool:
    """Return whether the member's birthday or anniversary is on, as the card counts them.

    A birthday that was changed takes effect for rewards after 30 days. Source: IV6.1, IV6.2.
    """
    occasions = [day for day in (birthday_in_effect(member, today), member.anniversary) if day]
    return special_days.is_special(
        day=today,
        occasions=occasions,
        window=terms.special_window,
        before=terms.special_days_before,
        after=terms.special_days_after,
        week_start=week_start,
    )


def birthday_in_effect(member: Member, today: date) -> date | None:
    """Return the birthday that counts for rewards today; without a year it is of a leap year."""
    if member.birth_day is None or member.birth_month is None:
        return None
    birthday = date(member.birth_year or 1904, member.birth_month, member.birth_day)
    changed = member.birthday_changed_at
    return special_days.effective_birthday(
        birthday=birthday,
        former=member.former_birthday,
        changed_on=changed.date() if changed else None,
        today=today,
    )


def has_ordinals(line: Line) -> bool:
    """Return whether earlier purchases decide if the line fires now (rules 2)."""
    return (
        line.transaction_criteria != TransactionCriteria.EVERY or line.transaction_count != 1
    ) and not line.is_exempt


def _ordinals(standing: Standing) -> dict[int, int]:
    """Return how often each counting line was met before, inside its plan's dates."""
    terms = standing.terms
    if terms.award_criteria == AwardCriteria.CUMULATIVE:
        return {}
    wanted = Q()
    for plan in terms.plans:
        keys = [line.key for line in plan.lines if has_ordinals(line)]
        if keys:
            wanted |= Q(line_key__in=keys) & _inside(plan)
    if not wanted:
        return {}
    met = _matches(standing).filter(wanted).order_by().values("line_key")
    return {row["line_key"]: row["found"] for row in met.annotate(found=Count("pk"))}


def _inside(plan: Plan) -> Q:
    since = Q() if plan.start is None else Q(occurred_at__gte=plan.start)
    return since if plan.until is None else since & Q(occurred_at__lt=plan.until)


def _windows(standing: Standing, today: date, zone: ZoneInfo) -> dict[int, Window]:
    """Return what each line saw and gave within the days that count together (rules 3)."""
    terms = standing.terms
    if terms.award_criteria != AwardCriteria.CUMULATIVE or terms.cumulative_days is None:
        return {}
    first = today - timedelta(days=terms.cumulative_days - 1)
    since = datetime.combine(first, time.min, tzinfo=zone)
    keys = [line.key for plan in terms.plans for line in plan.lines]
    met = _matches(standing).filter(occurred_at__gte=since, line_key__in=keys)
    sums = met.order_by().values("line_key").annotate(seen=Sum("basis"), gave=Sum("given"))
    return {row["line_key"]: Window(basis=row["seen"], given=row["gave"]) for row in sums}


def _matches(standing: Standing) -> QuerySet[LineMatch]:
    return LineMatch.objects.filter(
        membership=standing.membership,
        occurred_at__lte=standing.deed.occurred_at,
        transaction__reversal__isnull=True,
    )


def _given_today(standing: Standing, today: date, zone: ZoneInfo) -> tuple[int, int]:
    """Return the points and credit awarded earlier today; asked only where a day has a limit."""
    terms = standing.terms
    if terms.max_points_day is None and terms.max_credit_day_minor is None:
        return 0, 0
    deeds = Transaction.objects.filter(
        membership=standing.membership,
        kind__in=EARNING_KINDS,
        occurred_at__gte=datetime.combine(today, time.min, tzinfo=zone),
        reversal__isnull=True,
    )
    found = deeds.aggregate(
        points=Sum("lifetime_points", default=0), credit=Sum("lifetime_credit_minor", default=0)
    )
    return found["points"], found["credit"]
