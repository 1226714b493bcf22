"""Lines that both give on one purchase, told with such a purchase as an example."""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cards.models import Card, Product
from loyalty.rules.baskets import BasketLine
from loyalty.rules.overlaps import Overlap, overlaps
from loyalty.rules.terms import Terms
from loyalty.web.explaining import given
from loyalty.web.money import decimal_number, money
from staff.admin import rule_words
from staff.admin.rule_words import Names, line_words, unit_words


def warnings(card: Card, draft: Terms, *, plan_code: str | None = None) -> list[str]:
    """Return a sentence for each of the first overlaps of the card's active plans.

    With ``plan_code`` only those in which a line of that plan takes part.
    """
    if not card.uses_plans or card.is_points_only:
        return []
    found = overlaps(
        terms=draft,
        at=timezone.localtime(timezone.now(), card.partner.zone()),
        product_groups=product_groups(card),
        plan_code=plan_code,
    )
    tiers = rule_words.tier_names(card) if found else {}
    return [_sentence(overlap, card, tiers) for overlap in found]


def product_groups(card: Card) -> dict[str, str]:
    """Return the group's code of each product of the partner that has a group."""
    products = Product.objects.filter(partner_id=card.partner_id, group__isnull=False)
    return dict(products.values_list("code", "group__code"))


def _sentence(overlap: Overlap, card: Card, tiers: Names) -> str:
    first, second = overlap.parts
    facts = {
        "purchase": _purchase(overlap, card, tiers),
        "one": line_words(first.line, card, tiers),
        "other": line_words(second.line, card, tiers),
        "one_plan": first.plan.code,
        "other_plan": second.plan.code,
        "one_gives": unit_words(first.line.unit, first.gives, card),
        "other_gives": unit_words(second.line.unit, second.gives, card),
        "all": given(overlap.award.points, overlap.award.credit_minor, card),
    }
    return (
        _(
            "Two lines give on the same purchase: %(one_plan)s (%(one)s) and"
            " %(other_plan)s (%(other)s). Example: %(purchase)s. The first gives %(one_gives)s,"
            " the second %(other_gives)s; in all the purchase earns %(all)s."
        )
        % facts
    )


def _purchase(overlap: Overlap, card: Card, tiers: Names) -> str:
    """Return the example in words: what, how much, how paid, by whom, when and where."""
    basket, facts = overlap.basket, overlap.facts
    parts = [money(basket.amount_minor, card.currency), *(_item(line) for line in basket.lines)]
    parts += [
        _("%(amount)s with %(tender)s")
        % {"amount": money(paid.amount_minor, card.currency), "tender": paid.tender}
        for paid in basket.payments
    ]
    if facts.tier_id is not None:
        parts.append(_("tier %(tier)s") % {"tier": tiers.get(facts.tier_id, "")})
    parts += [_("member %(code)s") % {"code": facts.member}] if facts.member else []
    parts += [_("customer group %(code)s") % {"code": code} for code in facts.customer_groups]
    if facts.is_customer_day:
        parts.append(_("on the member's special day"))
    parts.append(rule_words.moment_words(facts.at))
    parts += [_("store %(code)s") % {"code": facts.store}] if facts.store else []
    return ", ".join(parts)


def _item(line: BasketLine) -> str:
    is_one = line.quantity == 1
    pieces = ngettext("%(number)s piece", "%(number)s pieces", 1 if is_one else 2) % {
        "number": decimal_number(line.quantity)
    }
    if line.product:
        return _("%(pieces)s of product %(code)s") % {"pieces": pieces, "code": line.product}
    if line.group:
        return _("%(pieces)s of group %(code)s") % {"pieces": pieces, "code": line.group}
    return pieces
