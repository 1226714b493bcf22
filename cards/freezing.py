"""A card's rows as the values that rules compute with, and those as frozen data."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from cards.models import Card, ExpiryRule, Plan, PlanHours, PlanLine
from clubs.models import DECIMALS
from loyalty.rules import terms as rules
from loyalty.rules.plain import as_data, from_data
from loyalty.rules.rounding import Rounding

SCHEMA = 2
# The lines of a card without plans; no row has these keys.
SIMPLE_KEY, SIMPLE_CREDIT_KEY, SIMPLE_BUY_KEY = -1, -2, -3


def frozen(card: Card) -> dict[str, Any]:
    """Return the card's rules as they stand in its rows, as plain data."""
    return {"schema": SCHEMA, "currency": card.currency, "rules": as_data(values(card))}


def thawed(data: dict[str, Any]) -> rules.Terms:
    """Return frozen rules as values."""
    return from_data(rules.Terms, data["rules"])


def values(card: Card) -> rules.Terms:
    """Return the card's rows as values; a rate of one point becomes minor units."""
    zone = card.partner.zone()
    minor = Decimal(10) ** DECIMALS[card.currency]
    return rules.Terms(
        is_points_only=card.is_points_only,
        min_amount_minor=card.min_amount_minor,
        max_amount_minor=card.max_amount_minor,
        max_points=card.max_points,
        max_points_day=card.max_points_day,
        max_credit_minor=card.max_credit_minor,
        max_credit_day_minor=card.max_credit_day_minor,
        rounding=Rounding(card.rounding),
        welcome_points=card.welcome_points,
        welcome_credit_minor=card.welcome_credit_minor,
        plans=_plans(card, zone) if card.uses_plans else _simple_plans(card),
        award_criteria=rules.AwardCriteria(card.award_criteria),
        cumulative_days=card.cumulative_days,
        conflict_basis=rules.ConflictBasis(card.conflict_basis),
        conflict_method=rules.ConflictMethod(card.conflict_method),
        loyalty_tender=rules.LoyaltyTender(card.loyalty_tender),
        special_days=tuple(
            rules.SpecialDay(code=day.code, day=day.day, is_yearly=day.is_yearly)
            for day in card.special_days.order_by("day", "pk")
        ),
        special_window=rules.SpecialWindow(card.special_window),
        special_days_before=card.special_days_before,
        special_days_after=card.special_days_after,
        tiers=_tiers(card, minor),
        tier_basis=rules.TierBasis(card.tier_basis),
        tier_management=rules.TierManagement(card.tier_management),
        tier_days=card.tier_days,
        tier_window=rules.TierWindow(card.tier_window),
        tier_window_days=card.tier_window_days,
        redemption_method=rules.RedemptionMethod(card.redemption_method),
        base_rate=card.base_rate * minor,
        base_redemption_percent=card.base_redemption_percent,
        refund_method=rules.RefundMethod(card.refund_method),
        clawback=rules.Clawback(card.clawback),
        expiry_days=card.expiry_days,
        expiry_rules=tuple(
            _expiry_rule(row)
            for row in card.expiry_rules.select_related("customer_group").order_by("pk")
        ),
        expiry_override=rules.ExpiryOverride(card.expiry_override),
        expiry_override_days=card.expiry_override_days,
        expiry_grace_days=card.expiry_grace_days,
        stamps_per_card=card.stamps_per_card,
        full_cards=rules.FullCards(card.full_cards),
        full_card_reward_id=card.full_card_reward_id,
        referral_rules=_referral_rules(card) if card.has_referrals else (),
        milestone_rules=_milestone_rules(card),
    )


def _simple_plans(card: Card) -> tuple[rules.Plan, ...]:
    """Return the one rule of a simple card as plans: what it sells, and what it buys."""
    if card.is_points_only:
        return ()
    sale: list[rules.Line] = []
    if card.points_per_step:
        sale.append(
            rules.Line(key=SIMPLE_KEY, value=Decimal(card.step_minor), award=card.points_per_step)
        )
    if card.credit_per_step_minor:
        sale.append(
            rules.Line(
                key=SIMPLE_CREDIT_KEY,
                value=Decimal(card.step_minor),
                unit=rules.Unit.CREDIT,
                award=card.credit_per_step_minor,
            )
        )
    plans = [rules.Plan(code="SIMPLE", lines=tuple(sale))]
    if card.buy_step_minor and card.buy_points_per_step:
        line = rules.Line(
            key=SIMPLE_BUY_KEY, value=Decimal(card.buy_step_minor), award=card.buy_points_per_step
        )
        plans.append(rules.Plan(code="BUY", direction=rules.Direction.BUY, lines=(line,)))
    return tuple(plans)


def _plans(card: Card, zone: ZoneInfo) -> tuple[rules.Plan, ...]:
    rows = (
        card.plans.filter(archived_at=None, is_active=True)
        .prefetch_related("hours__store", "lines__product", "lines__product_group")
        .prefetch_related("lines__tender", "lines__customer_group")
        .order_by("code")
    )
    return tuple(
        rules.Plan(
            code=plan.code,
            name=plan.name,
            type=rules.PlanType(plan.type),
            direction=rules.Direction(plan.direction),
            start=datetime.combine(plan.start_date, plan.start_time or time.min, tzinfo=zone),
            until=_until(plan, zone),
            conflict_method=rules.ConflictMethod(plan.conflict_method),
            hours=tuple(_hours(row) for row in _sorted(plan.hours.all())),
            lines=tuple(
                line_of(row) for row in _sorted(plan.lines.all()) if row.archived_at is None
            ),
        )
        for plan in rows
    )


def _sorted(rows: Iterable[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: row.pk)


def _until(plan: Plan, zone: ZoneInfo) -> datetime | None:
    """Return the first instant at which the plan holds no more (IV7.7)."""
    if plan.end_date is None:
        return None
    if plan.end_time is not None:
        return datetime.combine(plan.end_date, plan.end_time, tzinfo=zone)
    return datetime.combine(plan.end_date + timedelta(days=1), time.min, tzinfo=zone)


def _hours(row: PlanHours) -> rules.Hours:
    return rules.Hours(
        store=row.store.code if row.store else "",
        weekday=row.weekday,
        start=row.start_time or time.min,
        until=row.end_time or time.min,
    )


def line_of(row: PlanLine) -> rules.Line:
    """Return a line of a plan as the rules see it."""
    named = row.product or row.product_group
    is_credit = row.unit == rules.Unit.CREDIT
    is_quantity = row.basis == rules.Basis.QUANTITY
    least = row.least_minor if row.least_minor is not None else row.least_pieces
    value = row.value_pieces if is_quantity else row.value_minor
    return rules.Line(
        key=row.pk,
        is_exempt=row.is_exempt,
        must_process=row.must_process,
        customer_type=rules.CustomerType(row.customer_type),
        customer_code=row.customer_group.code if row.customer_group else row.customer_code,
        tier_id=row.tier_id,
        group=rules.CriteriaGroup(row.group),
        criteria_code=named.code if named else "",
        criteria_least=Decimal(least or 0),
        transaction_criteria=rules.TransactionCriteria(row.transaction_criteria),
        transaction_count=row.transaction_count,
        basis=rules.Basis(row.basis),
        calculation_on=rules.CalculationOn(row.calculation_on),
        value=Decimal(value or 1),
        tender=row.tender.code if row.tender else "",
        unit=rules.Unit(row.unit),
        award=(row.award_minor if is_credit else row.award_points) or 0,
    )


def _tiers(card: Card, minor: Decimal) -> tuple[rules.TierTerms, ...]:
    """Return the tiers; one without a worth of its own pays like a member without a tier."""
    return tuple(
        rules.TierTerms(
            tier_id=tier.pk,
            name=tier.name,
            min_value=tier.min_value,
            multiplier=tier.multiplier,
            rate=(tier.rate or card.base_rate) * minor,
            redemption_percent=(
                tier.redemption_percent if tier.rate else card.base_redemption_percent
            ),
            entry_reward_id=tier.entry_reward_id,
        )
        for tier in card.tiers.filter(archived_at=None).order_by("min_value", "pk")
    )


def _expiry_rule(row: ExpiryRule) -> rules.ExpiryRule:
    return rules.ExpiryRule(
        method=rules.ExpiryMethod(row.method),
        unit=rules.Unit(row.unit) if row.unit else None,
        customer_type=rules.CustomerType(row.customer_type),
        customer_code=row.customer_group.code if row.customer_group else row.customer_code,
        tier_id=row.tier_id,
        days=row.days,
        day=row.day,
        is_yearly=row.is_yearly,
    )


def _referral_rules(card: Card) -> tuple[rules.ReferralRule, ...]:
    return tuple(
        rules.ReferralRule(
            key=row.pk,
            event=rules.ReferralEvent(row.event),
            threshold=row.threshold_points or row.threshold_minor or 0,
            points=row.points,
            credit_minor=row.credit_minor,
            beneficiary=rules.ReferralBeneficiary(row.beneficiary),
        )
        for row in card.referral_rules.order_by("pk")
    )


def _milestone_rules(card: Card) -> tuple[rules.MilestoneRule, ...]:
    return tuple(
        rules.MilestoneRule(
            key=row.pk,
            kind=rules.MilestoneKind(row.kind),
            count=row.count,
            is_repeated=row.is_repeated,
            points=row.points,
            credit_minor=row.credit_minor,
            reward_id=row.reward_id,
        )
        for row in card.milestone_rules.order_by("pk")
    )
