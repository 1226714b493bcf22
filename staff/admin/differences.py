"""What publishing would change, in words: the published rules beside the draft."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import Enum
from typing import Any

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from cards.models import Card, Reward, choices
from clubs.models import DECIMALS
from loyalty.rules.terms import (
    ConflictMethod,
    CustomerType,
    Direction,
    ExpiryMethod,
    ExpiryRule,
    MilestoneRule,
    Plan,
    ReferralRule,
    SpecialDay,
    Terms,
    TierBasis,
    TierTerms,
    Unit,
)
from loyalty.web.explaining import given
from loyalty.web.money import count, decimal_number, money
from staff.admin import rule_words
from staff.admin.conditions import column_of
from staff.admin.unfold_parts import NOTHING

Words = tuple[str, ...]
ROWS = frozenset(
    {"plans", "tiers", "special_days", "expiry_rules", "referral_rules", "milestone_rules"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One setting or row that differs; each side is a list of sentences, empty for nothing."""

    what: str
    before: Words
    after: Words


class Differences:
    """Tells how two sets of rules of one card differ."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.tiers = rule_words.tier_names(card)
        self.rewards = dict(Reward.objects.filter(card=card).values_list("pk", "name"))

    def changes(self, before: Terms, after: Terms) -> list[Change]:
        """Return what differs: settings first, then plans, tiers and the rows of other rules."""
        return [
            *self._settings(before, after),
            *self._plans(before.plans, after.plans),
            *self._tiers(before, after),
            *self._rows(_("Special days"), before.special_days, after.special_days, _special_day),
            *self._rows(_("Expiry"), before.expiry_rules, after.expiry_rules, self._expiry),
            *self._rows(
                _("Recommendations"), before.referral_rules, after.referral_rules, self._referral
            ),
            *self._rows(
                _("Milestones"), before.milestone_rules, after.milestone_rules, self._milestone
            ),
        ]

    def _settings(self, before: Terms, after: Terms) -> Iterable[Change]:
        for field in fields(Terms):
            old, new = getattr(before, field.name), getattr(after, field.name)
            if field.name in ROWS or old == new:
                continue
            label = column_of(Card, field.name).verbose_name
            yield Change(
                what=capfirst(str(label)),
                before=(self._value(field.name, old),),
                after=(self._value(field.name, new),),
            )

    def _value(self, name: str, value: Any) -> str:
        if value is None:
            return NOTHING
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, Enum):
            return str(_setting_words(name, value))
        return self._figure(name, value)

    def _figure(self, name: str, value: Any) -> str:
        write: Callable[[Any], str] = {
            "full_card_reward_id": lambda key: self.rewards.get(int(key), NOTHING),
            "base_rate": self._rate,
            "base_redemption_percent": _percent,
        }.get(name, count)
        return money(value, self.card.currency) if name.endswith("_minor") else write(value)

    def _rate(self, rate: Decimal) -> str:
        units = rate.scaleb(-DECIMALS[self.card.currency])
        return f"{decimal_number(units)} {self.card.currency}"

    def _plans(self, before: Sequence[Plan], after: Sequence[Plan]) -> Iterable[Change]:
        old, new = ({plan.code: plan for plan in plans} for plans in (before, after))
        for code in sorted({*old, *new}):
            was, will = (self._plan(plans.get(code)) for plans in (old, new))
            if was != will:
                plan = new.get(code) or old[code]
                yield Change(what=_plan_title(plan), before=was, after=will)

    def _plan(self, plan: Plan | None) -> Words:
        if plan is None:
            return ()
        lines = [rule_words.line_words(line, self.card, self.tiers) for line in plan.lines]
        if _is_simple(plan):
            return tuple(lines)
        holds = [rule_words.plan_words(plan)]
        if plan.conflict_method != ConflictMethod.SUM:
            method = dict(choices.CONFLICT_METHODS)[plan.conflict_method.value]
            holds.append(_("of several lines counts %(method)s") % {"method": method})
        return (*holds, *lines)

    def _tiers(self, before: Terms, after: Terms) -> Iterable[Change]:
        old, new = (
            {tier.tier_id: self._tier(tier, terms.tier_basis) for tier in terms.tiers}
            for terms in (before, after)
        )
        for tier_id in {**old, **new}:
            was, will = old.get(tier_id, ()), new.get(tier_id, ())
            if was != will:
                title = _("Tier %(name)s") % {"name": (will or was)[0]}
                yield Change(what=title, before=was, after=will)

    def _tier(self, tier: TierTerms, basis: TierBasis) -> Words:
        is_credit = basis in {TierBasis.AWARDED_CREDIT, TierBasis.AVAILABLE_CREDIT}
        unit = Unit.CREDIT if is_credit else Unit.POINTS
        least = rule_words.unit_words(unit, tier.min_value, self.card)
        words = [
            tier.name,
            _("from %(value)s") % {"value": least},
            _("earns times %(multiplier)s") % {"multiplier": decimal_number(tier.multiplier)},
            _("one point is worth %(rate)s") % {"rate": self._rate(tier.rate)},
            _("points pay up to %(percent)s") % {"percent": _percent(tier.redemption_percent)},
        ]
        if tier.entry_reward_id is not None:
            words.append(
                _("gives %(reward)s") % {"reward": self.rewards.get(tier.entry_reward_id, NOTHING)}
            )
        return tuple(words)

    def _rows(
        self,
        title: str,
        before: Sequence[Any],
        after: Sequence[Any],
        words: Callable[[Any], str],
    ) -> Iterable[Change]:
        if before != after:
            yield Change(
                what=title,
                before=tuple(words(row) for row in before),
                after=tuple(words(row) for row in after),
            )

    def _expiry(self, rule: ExpiryRule) -> str:
        if rule.method == ExpiryMethod.SLIDING:
            parts = [_("%(days)s days after the award") % {"days": count(rule.days or 0)}]
        else:
            parts = [_day(rule.day, is_yearly=rule.is_yearly)]
        if rule.unit is not None:
            parts.append(str(dict(choices.UNITS)[rule.unit.value]))
        if rule.tier_id is not None:
            parts.append(self.tiers.get(rule.tier_id, NOTHING))
        if rule.customer_type == CustomerType.CODE:
            parts.append(_("for member %(code)s") % {"code": rule.customer_code})
        if rule.customer_type == CustomerType.GROUP:
            parts.append(_("for customer group %(code)s") % {"code": rule.customer_code})
        return ", ".join(parts)

    def _referral(self, rule: ReferralRule) -> str:
        parts = [str(dict(choices.REFERRAL_EVENTS)[rule.event.value])]
        if rule.threshold:
            is_credit = rule.event.value.endswith(Unit.CREDIT.value)
            unit = Unit.CREDIT if is_credit else Unit.POINTS
            parts.append(rule_words.unit_words(unit, rule.threshold, self.card))
        gives = given(rule.points, rule.credit_minor, self.card)
        to = dict(choices.REFERRAL_BENEFICIARIES)[rule.beneficiary.value]
        return f"{', '.join(parts)}: {gives} ({to})"

    def _milestone(self, rule: MilestoneRule) -> str:
        parts = [str(dict(choices.MILESTONE_KINDS)[rule.kind.value])]
        if rule.count is not None:
            parts.append(count(rule.count))
        if rule.is_repeated:
            parts.append(_("each time"))
        gives = [given(rule.points, rule.credit_minor, self.card)]
        if rule.reward_id is not None:
            gives.append(self.rewards.get(rule.reward_id, NOTHING))
        return f"{', '.join(parts)}: {', '.join(gives)}"


def _setting_words(name: str, value: Enum) -> Any:
    """Return the words of a choice, from the setting that offers it."""
    return dict(column_of(Card, name).flatchoices)[value.value]


def _percent(value: Decimal) -> str:
    return f"{decimal_number(value)} %"


def _is_simple(plan: Plan) -> bool:
    """Return whether a plan is the rule of a card without plans; its lines are no rows."""
    return bool(plan.lines) and all(line.key < 0 for line in plan.lines)


def _plan_title(plan: Plan) -> str:
    if not _is_simple(plan):
        return _("Plan %(code)s %(name)s") % {"code": plan.code, "name": plan.name}
    return _("How buys earn") if plan.direction == Direction.BUY else _("How purchases earn")


def _special_day(day: SpecialDay) -> str:
    return f"{day.code}: {_day(day.day, is_yearly=day.is_yearly)}"


def _day(day: Any, *, is_yearly: bool) -> str:
    words = date_format(day, "MONTH_DAY_FORMAT" if is_yearly else "DATE_FORMAT")
    return _("every year on %(day)s") % {"day": words} if is_yearly else words
