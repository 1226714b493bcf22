"""The plans that a card starts with when it leaves its simple rule: they say the same."""

from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from cards.models import Card, Plan, PlanLine
from loyalty.rules.terms import Direction, Unit
from staff.admin.forms import made_code


def take_up(card: Card, form: Any) -> list[Plan]:
    """Return the plans made of the simple rule of a card that was just switched to plans.

    Nothing changes by itself: each line gives what the simple rule gave, from the first day of the
    card. A card that has plans keeps those, and one that takes points has no such rule.
    """
    is_switched = card.uses_plans and "uses_plans" in form.changed_data
    if not is_switched or card.is_points_only or card.plans.filter(archived_at=None).exists():
        return []
    sale = [
        PlanLine(value_minor=card.step_minor, award_points=card.points_per_step)
        if unit == Unit.POINTS
        else PlanLine(
            value_minor=card.step_minor,
            unit=Unit.CREDIT.value,
            award_minor=card.credit_per_step_minor,
        )
        for unit, award in (
            (Unit.POINTS, card.points_per_step),
            (Unit.CREDIT, card.credit_per_step_minor),
        )
        if award
    ]
    made = [_plan(card, Direction.SALE, str(_("Simple rule")), sale)] if sale else []
    if card.buy_step_minor and card.buy_points_per_step:
        buy = PlanLine(value_minor=card.buy_step_minor, award_points=card.buy_points_per_step)
        made.append(_plan(card, Direction.BUY, str(_("Simple rule, buys")), [buy]))
    return made


def _plan(card: Card, direction: Direction, name: str, lines: list[PlanLine]) -> Plan:
    used = {code.lower() for code in card.plans.values_list("code", flat=True)}
    plan = Plan.objects.create(
        partner_id=card.partner_id,
        card=card,
        code=made_code(name, used),
        name=name,
        direction=direction.value,
        start_date=_beginning(card),
    )
    for position, line in enumerate(lines):
        line.plan, line.position = plan, position
        line.save()
    return plan


def _beginning(card: Card) -> date:
    """Return the first day on which the card can have earned anything."""
    times = [card.created_at, *card.terms_versions.values_list("published_at", flat=True)]
    return timezone.localtime(min(times), card.partner.zone()).date()
