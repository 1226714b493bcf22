"""What numbers of visits, birthdays and anniversaries give, each once (PA2.6)."""

from collections.abc import Sequence

from django.db.models import Count, Q
from django.db.models.functions import TruncDate

from loyalty.ledger.drafts import Draft, RuleFired
from loyalty.ledger.models import Firing, FiringKind, Kind, Transaction
from loyalty.members.models import VoucherOrigin
from loyalty.operations import bonuses, drafting
from loyalty.operations.bonuses import BonusReason, Gift
from loyalty.operations.standing import EARNING_KINDS, Standing
from loyalty.rules import milestones
from loyalty.rules.milestones import Milestone
from loyalty.rules.terms import MilestoneKind, Terms

# A check-in is a bonus of its own, even where it gives nothing.
IS_CHECK_IN = Q(kind=Kind.BONUS, caused_by=None, result__reason=BonusReason.CHECK_IN)


def has_rules(terms: Terms, kind: MilestoneKind) -> bool:
    """Return whether the card gives anything for such milestones."""
    return any(rule.kind == kind for rule in terms.milestone_rules)


def due(standing: Standing, kind: MilestoneKind, occurrence: int) -> tuple[Milestone, ...]:
    """Return what a milestone gives the member now, less what they had; one statement."""
    keys = [rule.key for rule in standing.terms.milestone_rules if rule.kind == kind]
    had = Firing.objects.filter(
        membership=standing.membership,
        kind=FiringKind.MILESTONE,
        rule_key__in=keys,
        released_at=None,
    )
    return milestones.due(
        rules=standing.terms.milestone_rules,
        kind=kind,
        occurrence=occurrence,
        fired={(key, int(number)) for key, number in had.values_list("rule_key", "occurrence")},
    )


def on_visit(standing: Standing, drafts: list[Draft]) -> list[Draft]:
    """Return the drafts with what the number of this visit gives; no statement without rules.

    A visit is a day, in the business's time zone, with a purchase, a buy, points entered at the
    counter, or a check-in. Several on one day are one visit, and what was undone is none.
    """
    if not has_rules(standing.terms, MilestoneKind.VISITS):
        return drafts
    number = visit_number(standing)
    given = list(drafts)
    for milestone in due(standing, MilestoneKind.VISITS, number):
        given += gifts(
            standing,
            given,
            milestone,
            reason=BonusReason.VISITS,
            told={"occurrence": number},
        )
    return given


def visit_number(standing: Standing) -> int:
    """Return which visit of the member the day of the deed is."""
    zone = standing.membership.partner.zone()
    today = standing.deed.occurred_at.astimezone(zone).date()
    earlier = Transaction.objects.filter(
        Q(kind__in=EARNING_KINDS) | IS_CHECK_IN,
        membership=standing.membership,
        reversal__isnull=True,
    ).annotate(day=TruncDate("occurred_at", tzinfo=zone))
    days = earlier.exclude(day=today).aggregate(found=Count("day", distinct=True))
    return int(days["found"]) + 1


def gifts(
    standing: Standing,
    drafts: Sequence[Draft],
    milestone: Milestone,
    *,
    reason: BonusReason,
    told: dict[str, int],
) -> list[Draft]:
    """Return what the first draft causes for a milestone: a bonus, and its reward as a voucher.

    The first of the two says that the rule fired. A rule that gives a reward alone does not fire
    while there is none to give.
    """
    main, fired = drafts[0], (firing(standing, milestone),)
    given: list[Draft] = []
    if milestone.points or milestone.credit_minor:
        gift = Gift(
            reason=reason,
            points=milestone.points,
            credit_minor=milestone.credit_minor,
            fired=fired,
            told=told,
        )
        given.append(bonuses.bonus(main, standing, drafts, gift))
    given += reward_of(
        standing, [*drafts, *given], milestone, reason=reason, fired=() if given else fired
    )
    return given


def reward_of(
    standing: Standing,
    drafts: Sequence[Draft],
    milestone: Milestone,
    *,
    reason: BonusReason,
    fired: tuple[RuleFired, ...] = (),
) -> list[Draft]:
    """Return the voucher for a milestone's reward, if it has one that can be had now."""
    if milestone.reward_id is None:
        return []
    piece = bonuses.pieces(standing, drafts, milestone.reward_id, wanted=1)
    if piece is None:
        return []
    return [
        bonuses.voucher(
            drafts[0],
            standing,
            drafts,
            reward=piece.reward,
            origin=VoucherOrigin.MILESTONE,
            reason=reason,
            fired=fired,
        )
    ]


def as_deed(
    standing: Standing,
    due_now: Sequence[Milestone],
    *,
    reason: BonusReason,
    number: int,
    content: str,
) -> list[Draft]:
    """Return milestones that are a deed of their own: one bonus for all, then their rewards."""
    gift = Gift(
        reason=reason,
        points=sum(milestone.points for milestone in due_now),
        credit_minor=sum(milestone.credit_minor for milestone in due_now),
        fired=tuple(firing(standing, milestone) for milestone in due_now),
        told={"occurrence": number},
    )
    values = bonuses.values(standing, [], gift)
    drafts = [drafting.draft(standing, Kind.BONUS, content=content, **values)]
    for milestone in due_now:
        drafts += reward_of(standing, drafts, milestone, reason=reason)
    return drafts


def can_be_given(standing: Standing, milestone: Milestone) -> bool:
    """Return whether there is something to give: not where a reward alone is sold out."""
    return (
        bool(milestone.points or milestone.credit_minor)
        or bonuses.pieces(standing, [], milestone.reward_id or 0, wanted=1) is not None
    )


def firing(standing: Standing, milestone: Milestone) -> RuleFired:
    """Return that a milestone's rule fired for this occurrence."""
    return RuleFired(
        membership_id=standing.membership.pk,
        kind=FiringKind.MILESTONE,
        rule_key=milestone.rule_key,
        occurrence=str(milestone.occurrence),
    )
