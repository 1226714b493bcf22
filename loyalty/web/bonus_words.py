"""Bonuses in plain words: what they were for, what came with a deed, and what rules promise."""

from django.utils.translation import gettext as _

from cards.models import Card
from loyalty.ledger.models import Transaction
from loyalty.operations.bonuses import BonusReason
from loyalty.rules.terms import ReferralBeneficiary, ReferralEvent, ReferralRule
from loyalty.web.explaining import given, points
from loyalty.web.money import count


def title(deed: Transaction) -> str:
    """Return what a bonus was for, to its receiver."""
    told = deed.result
    reason = BonusReason(told.get("reason", BonusReason.WELCOME))
    if reason == BonusReason.VISITS:
        return _("Visit number %(number)s") % {"number": count(told["occurrence"])}
    if reason == BonusReason.REFERRAL and told["beneficiary"] == ReferralBeneficiary.REFERRED:
        return _("For coming by recommendation")
    titles = {
        BonusReason.REFERRAL: _("For your recommendation"),
        BonusReason.CHECK_IN: _("Check-in"),
        BonusReason.BIRTHDAY: _("For your birthday"),
        BonusReason.ANNIVERSARY: _("For your anniversary"),
    }
    return titles.get(reason, _("Welcome"))


def brought(deed: Transaction, card: Card) -> list[str]:
    """Return what came with a deed, a line each, for the person who did it."""
    lines = []
    for part in deed.result.get("brought", ()):
        reason = BonusReason(part["reason"])
        if reason == BonusReason.FULL_CARD:
            lines.append(_("Full card: %(reward)s is theirs") % {"reward": part["reward"]})
            continue
        what = part["reward"] or given(part["points"], part["credit_minor"], card)
        why = {
            BonusReason.REFERRAL: _("by recommendation"),
            BonusReason.VISITS: _("for the number of visits"),
            BonusReason.CHECK_IN: _("for checking in"),
            BonusReason.BIRTHDAY: _("for the birthday"),
            BonusReason.ANNIVERSARY: _("for the anniversary"),
        }[reason]
        lines.append(_("%(what)s more, %(why)s") % {"what": what, "why": why})
    return lines


def promise(rule: ReferralRule, card: Card, *, is_for_newcomer: bool = False) -> str:
    """Return what a recommendation gives and when, to the referrer or to who was recommended."""
    what = given(rule.points, rule.credit_minor, card)
    if rule.event == ReferralEvent.REGISTRATION:
        text = _("%(what)s when you join") if is_for_newcomer else _("%(what)s when they join")
        return text % {"what": what}
    if rule.event == ReferralEvent.FIRST_PURCHASE:
        text = _("%(what)s with their first purchase")
        if is_for_newcomer:
            text = _("%(what)s with your first purchase")
        return text % {"what": what}
    in_credit = rule.event == ReferralEvent.THRESHOLD_CREDIT
    least = given(0, rule.threshold, card) if in_credit else points(rule.threshold, card)
    text = _("%(what)s when they have saved %(least)s")
    if is_for_newcomer:
        text = _("%(what)s when you have saved %(least)s")
    return text % {"what": what, "least": least}
