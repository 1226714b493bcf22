"""Plans and lines in words, for the pages where an owner writes, tests and publishes rules."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cards.models import Card, Tier, choices
from loyalty.rules.plans import MIDNIGHT, Outcome
from loyalty.rules.terms import (
    Basis,
    CalculationOn,
    CriteriaGroup,
    CustomerType,
    Direction,
    Hours,
    Line,
    Plan,
    TransactionCriteria,
    Unit,
)
from loyalty.rules.tried import Tried
from loyalty.web import explaining
from loyalty.web.money import count, decimal_number, money

Names = Mapping[int, str]

OUTCOMES: Mapping[Outcome, object] = {
    Outcome.TOOK_PART: gettext_lazy("took part"),
    Outcome.BELOW_MINIMUM: gettext_lazy("the purchase is below the smallest amount that earns"),
    Outcome.PAID_WITH_LOYALTY: gettext_lazy("a bill paid with points or credit earns nothing"),
    Outcome.OTHER_DIRECTION: gettext_lazy("it holds for the other direction, selling or buying"),
    Outcome.NOT_NOW: gettext_lazy("it does not hold at this time"),
    Outcome.INACTIVE_DAY: gettext_lazy("today is none of its special days"),
    Outcome.WRONG_STORE: gettext_lazy("it does not hold in this store"),
    Outcome.WRONG_HOURS: gettext_lazy("it does not hold at this weekday and hour"),
    Outcome.OTHER_TIER: gettext_lazy("it is for another tier"),
    Outcome.OTHER_CUSTOMER: gettext_lazy("it is for other members"),
    Outcome.NO_MATCH: gettext_lazy("nothing on the bill is what it looks at"),
    Outcome.EXEMPT: gettext_lazy("what it looks at is exempt"),
    Outcome.CLAIMED_BY_MORE_SPECIFIC: gettext_lazy("a more specific line took what it looks at"),
    Outcome.BELOW_CRITERIA: gettext_lazy("the bill is too small for it"),
    Outcome.NO_TENDER: gettext_lazy("nothing was paid with its tender"),
    Outcome.NOT_THIS_TIME: gettext_lazy("it is not this purchase's turn"),
}


def tier_names(card: Card) -> dict[int, str]:
    """Return the names of the card's tiers, archived ones too."""
    return dict(Tier.objects.filter(card=card).values_list("pk", "name"))


def unit_words(unit: Unit, number: int, card: Card) -> str:
    """Return so much of a unit: points by the card's own name, credit as money."""
    if unit == Unit.CREDIT:
        return _("%(amount)s credit") % {"amount": money(number, card.currency)}
    return explaining.points(number, card)


def basis_words(basis: Basis, number: Decimal, card: Card) -> str:
    """Return so much of what is counted: money or pieces."""
    if basis == Basis.AMOUNT:
        return money(int(number), card.currency)
    if number == 1:
        return _("piece")
    return _("%(number)s pieces") % {"number": decimal_number(number)}


def line_words(line: Line, card: Card, tiers: Names) -> str:
    """Return a line of a plan as one sentence without a full stop."""
    parts = [_gives(line, card), *_limits(line, card, tiers)]
    if line.must_process:
        parts.append(_("always on top"))
    return ", ".join(parts)


def _gives(line: Line, card: Card) -> str:
    if line.is_exempt:
        return _("earns nothing")
    facts = {
        "award": unit_words(line.unit, line.award, card),
        "value": basis_words(line.basis, line.value, card),
    }
    if line.calculation_on == CalculationOn.AT_LEAST:
        return _("%(award)s once, from %(value)s on") % facts
    return _("%(award)s per %(value)s") % facts


def _limits(line: Line, card: Card, tiers: Names) -> list[str]:
    """Return what the line asks of bill and member; nothing where it asks nothing."""
    found = [_looks_at(line, card)]
    if line.tender:
        found.append(_("paid with %(tender)s") % {"tender": line.tender})
    if line.tier_id is not None:
        found.append(_("for %(tier)s") % {"tier": tiers.get(line.tier_id, str(line.tier_id))})
    if line.customer_type == CustomerType.CODE:
        found.append(_("for member %(code)s") % {"code": line.customer_code})
    if line.customer_type == CustomerType.GROUP:
        found.append(_("for customer group %(code)s") % {"code": line.customer_code})
    found.append(_turn(line))
    return [words for words in found if words]


def _looks_at(line: Line, card: Card) -> str:
    code, least = line.criteria_code, line.criteria_least
    match line.group:
        case CriteriaGroup.ITEM:
            return _("product %(code)s") % {"code": code}
        case CriteriaGroup.ITEM_GROUP:
            return _("product group %(code)s") % {"code": code}
        case CriteriaGroup.BILL_VALUE:
            return _("bills from %(least)s") % {"least": basis_words(Basis.AMOUNT, least, card)}
        case CriteriaGroup.BILL_QUANTITY:
            return _("bills from %(least)s") % {"least": basis_words(Basis.QUANTITY, least, card)}
        case _:
            return _("everything") if line.is_exempt else ""


def _turn(line: Line) -> str:
    number = {"number": count(line.transaction_count)}
    match line.transaction_criteria:
        case TransactionCriteria.EQUAL:
            return _("only at purchase %(number)s") % number
        case TransactionCriteria.GREATER:
            return _("after purchase %(number)s") % number
        case _:
            return _("every %(number)s purchases") % number if line.transaction_count > 1 else ""


def plan_words(plan: Plan) -> str:
    """Return when and where a plan holds."""
    parts = [_kind(plan)]
    if plan.start is not None:
        parts.append(_("from %(date)s") % {"date": moment_words(plan.start)})
    if plan.until is not None:
        parts.append(_("until %(date)s") % {"date": _last(plan.until)})
    return ", ".join([*parts, *(hours_words(row) for row in plan.hours)])


def plan_title(plan: Plan) -> str:
    """Return the code and name of a plan; the rule of a simple card is one without a name."""
    if plan.name:
        return f"{plan.code} {plan.name}"
    return _("Simple rule for what we buy") if plan.direction == Direction.BUY else _("Simple rule")


def _kind(plan: Plan) -> str:
    kind = str(dict(choices.PLAN_TYPES)[plan.type.value])
    if plan.direction == Direction.BUY:
        return _("when we buy, %(kind)s") % {"kind": kind}
    return kind


def moment_words(at: datetime) -> str:
    """Return a date, with its time unless that is midnight."""
    day = date_format(at.date(), "DATE_FORMAT")
    return day if at.time() == MIDNIGHT else f"{day} {time_format(at.time(), 'H:i')}"


def _last(until: datetime) -> str:
    """Return the last day of a plan, or the time at which it ends."""
    if until.time() == MIDNIGHT:
        return moment_words(until - timedelta(days=1))
    return moment_words(until)


def hours_words(row: Hours) -> str:
    """Return a place and time of a plan, such as "QUAY, Saturday, 18:00 to 20:00"."""
    parts = [row.store] if row.store else []
    if row.weekday is not None:
        parts.append(str(dict(choices.WEEKDAYS)[row.weekday]))
    if not row.start == row.until == MIDNIGHT:
        times = {"start": time_format(row.start, "H:i"), "until": time_format(row.until, "H:i")}
        parts.append(_("%(start)s to %(until)s") % times)
    return ", ".join(parts) or _("everywhere, always")


def outcome_words(tried: Tried, card: Card) -> str:
    """Return why a plan or a line took part, or why it did not, with the figures that decided."""
    facts, words = dict(tried.facts), str(OUTCOMES[tried.outcome])
    more = _MORE.get(tried.outcome)
    return f"{words}{more(facts, card)}" if more else words


def _least(facts: Mapping[str, str], card: Card) -> str:
    return f": {money(int(facts['min_minor']), card.currency)}"


def _lines(facts: Mapping[str, str], card: Card) -> str:
    if "lines" not in facts:
        return ""
    numbers = ", ".join(count(int(at) + 1) for at in facts["lines"].split())
    return _(": line %(numbers)s of the bill") % {"numbers": numbers}


def _tender(facts: Mapping[str, str], card: Card) -> str:
    return f": {facts['tender']}"


_MORE: Mapping[Outcome, Callable[[Mapping[str, str], Card], str]] = {
    Outcome.BELOW_MINIMUM: _least,
    Outcome.EXEMPT: _lines,
    Outcome.CLAIMED_BY_MORE_SPECIFIC: _lines,
    Outcome.NO_TENDER: _tender,
}
