"""Why an award is what it is, in sentences: one set for counter, wallet and dashboard (R7.3)."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cards.models import Card
from loyalty.ledger.models import Transaction
from loyalty.rules.awards import Award
from loyalty.rules.explanations import Reason, steps_as_data
from loyalty.rules.rounding import Rounding
from loyalty.rules.terms import (
    Basis,
    CalculationOn,
    ConflictMethod,
    LoyaltyTender,
    TransactionCriteria,
    Unit,
)
from loyalty.web.money import count, decimal_number, money

Facts = Mapping[str, str]


def points(number: int, card: Card) -> str:
    """Return "12 points", "1 stamp": a count with the card's own unit."""
    unit = card.unit_one if abs(number) == 1 else card.unit_many
    return f"{count(number)} {unit}"


def given(number: int, credit_minor: int, card: Card) -> str:
    """Return what an award gives: points, credit, or both."""
    if not credit_minor:
        return points(number, card)
    credit = _("%(amount)s credit") % {"amount": money(credit_minor, card.currency)}
    return f"{points(number, card)}, {credit}" if number else credit


def explanation(told: Transaction | Award, card: Card) -> list[str]:
    """Return why a deed gave what it gave, one short sentence a step, parts after their whole."""
    steps: Sequence[Mapping[str, Any]] = (
        steps_as_data(told.steps) if isinstance(told, Award) else told.result.get("explanation", [])
    )
    sentences = [sentence for step in steps for sentence in _sentences(step, card)]
    return [*sentences, *_settled(told, card)]


def _sentences(step: Mapping[str, Any], card: Card) -> list[str]:
    children = [
        sentence for child in step.get("children", ()) for sentence in _sentences(child, card)
    ]
    return [_sentence(step, card), *children]


def _settled(told: Transaction | Award, card: Card) -> list[str]:
    """Return that a part of the award settled what an earlier refund left owed."""
    if isinstance(told, Award):
        return []
    settled = given(
        told.result.get("settled_points", 0), told.result.get("settled_credit_minor", 0), card
    )
    is_any = told.result.get("settled_points") or told.result.get("settled_credit_minor")
    return [_("%(settled)s settle an earlier refund") % {"settled": settled}] if is_any else []


def _sentence(step: Mapping[str, Any], card: Card) -> str:
    reason, facts = Reason(step["reason"]), step["facts"]
    if reason in _WHOLES:
        # The rule of a simple card is a plan without a name.
        words = _WHOLES[reason]() if facts["name"] else _("together: %(sum)s")
        return words % {
            "plan": facts["name"],
            "sum": given(step["points"], step.get("credit_minor", 0), card),
        }
    write = _WRITERS.get(reason)
    return write(facts, card) if write else _line(reason, facts, card)


def _below_minimum(facts: Facts, card: Card) -> str:
    least = money(int(facts["min_minor"]), card.currency)
    return _("Purchases below %(least)s earn nothing.") % {"least": least}


def _tier(facts: Facts, _card: Card) -> str:
    return _("%(tier)s: times %(multiplier)s, %(rounded)s") % {
        "tier": facts["tier"],
        "multiplier": decimal_number(Decimal(facts["multiplier"])),
        "rounded": _rounded(facts),
    }


def _entered(facts: Facts, _card: Card) -> str:
    skipped = int(facts.get("skipped_lines", "0"))
    if not skipped:
        return _("entered at the counter")
    return ngettext(
        "entered at the counter; %(lines)s rule needs an amount and was left out",
        "entered at the counter; %(lines)s rules need an amount and were left out",
        skipped,
    ) % {"lines": count(skipped)}


def _line(reason: Reason, facts: Facts, card: Card) -> str:
    """Return what one line gave, and of what."""
    award = _unit(facts["unit"], int(facts["award"]), card)
    basis = _basis(facts, facts["value"], card)
    if reason == Reason.AT_LEAST or facts.get("on") == CalculationOn.AT_LEAST:
        text = _("%(award)s once, from %(basis)s on") % {"award": award, "basis": basis}
    else:
        text = _("%(award)s per %(basis)s") % {"award": award, "basis": basis}
        if facts["basis"] == Basis.AMOUNT:
            text = _("%(rule)s, rounded down") % {"rule": text}
    if "lines" in facts:
        text = f"{text} ({_lines(facts)})"
    if "ordinal" in facts:
        text = f"{text}, {_ordinal(reason, facts)}"
    if "window" in facts:
        text = _("%(rule)s; counted with %(before)s before, %(given)s given already") % {
            "rule": text,
            "before": _basis(facts, facts["window"], card),
            "given": _unit(facts["unit"], int(facts["given"]), card),
        }
    return text


def _basis(facts: Facts, value: str, card: Card) -> str:
    if facts["basis"] == Basis.AMOUNT:
        return money(int(Decimal(value)), card.currency)
    pieces = Decimal(value)
    if pieces == 1:
        return _("piece")
    return _("%(number)s pieces") % {"number": decimal_number(pieces)}


def _unit(unit: str, number: int, card: Card) -> str:
    if unit == Unit.CREDIT:
        return _("%(amount)s credit") % {"amount": money(number, card.currency)}
    return points(number, card)


def _lines(facts: Facts) -> str:
    """Return which lines of the bill, counted from one."""
    numbers = [count(int(at) + 1) for at in facts["lines"].split()]
    return ngettext("line %(numbers)s", "lines %(numbers)s", len(numbers)) % {
        "numbers": ", ".join(numbers)
    }


def _ordinal(reason: Reason, facts: Facts) -> str:
    each = {
        TransactionCriteria.EVERY: _("every %(number)s such purchases"),
        TransactionCriteria.EQUAL: _("only purchase number %(number)s of this kind"),
        TransactionCriteria.GREATER: _("after %(number)s such purchases"),
    }[TransactionCriteria(facts["criteria"])] % {"number": count(int(facts["every"]))}
    this = _("this is number %(number)s") % {"number": count(int(facts["ordinal"]))}
    if reason == Reason.NOT_THIS_TIME:
        return _("%(each)s; %(this)s: nothing this time") % {"each": each, "this": this}
    return f"{each}; {this}"


def _loyalty_tender(facts: Facts, card: Card) -> str:
    paid = money(int(facts["paid_minor"]), card.currency)
    if facts["method"] == LoyaltyTender.NOTHING:
        return _("%(paid)s were paid from the card: this purchase earns nothing") % {"paid": paid}
    rest = money(int(facts["rest_minor"]), card.currency)
    return _("%(paid)s were paid from the card: %(rest)s earn") % {"paid": paid, "rest": rest}


def _conflict(facts: Facts, card: Card) -> str:
    values = ", ".join(_value(value, facts["unit"], card) for value in facts["values"].split())
    told = {"values": values, "result": _value(facts["result"], facts["unit"], card)}
    return {
        ConflictMethod.MAXIMUM: _("of %(values)s the highest counts: %(result)s"),
        ConflictMethod.MINIMUM: _("of %(values)s the lowest counts: %(result)s"),
        ConflictMethod.SUM: _("%(values)s together: %(result)s"),
        ConflictMethod.AVERAGE: _("of %(values)s the average counts: %(result)s"),
    }[ConflictMethod(facts["method"])] % told


def _value(value: str, unit: str, card: Card) -> str:
    """Return a value that may have a part, before rounding."""
    exact = Fraction(value)
    if unit == Unit.CREDIT:
        return money(int(exact), card.currency)
    if exact.denominator == 1:
        return count(exact.numerator)
    return decimal_number((Decimal(exact.numerator) / exact.denominator).quantize(Decimal("0.01")))


def _rounded(facts: Facts) -> str:
    return {
        Rounding.DOWN: _("rounded down"),
        Rounding.HALF_UP: _("rounded"),
        Rounding.UP: _("rounded up"),
    }[Rounding(facts["rounding"])]


def _cap(facts: Facts, card: Card) -> str:
    most = _unit(facts["unit"], int(facts["most"]), card)
    if facts["limit"] == "DAY":
        return _("at most %(points)s more today") % {"points": most}
    return _("at most %(points)s a purchase") % {"points": most}


_WHOLES: dict[Reason, Callable[[], str]] = {
    Reason.PLAN: lambda: _("%(plan)s: %(sum)s"),
    Reason.MUST_PROCESS: lambda: _("%(plan)s, always on top: %(sum)s"),
}
_WRITERS: dict[Reason, Callable[[Facts, Card], str]] = {
    Reason.ENTERED: _entered,
    Reason.BELOW_MINIMUM: _below_minimum,
    Reason.NO_MATCH: lambda _facts, _card: _("No rule holds for this purchase"),
    Reason.LOYALTY_TENDER: _loyalty_tender,
    Reason.EXEMPT: lambda facts, _card: _("left out: %(lines)s") % {"lines": _lines(facts)},
    Reason.EXEMPT_PLAN: lambda _facts, _card: _("this purchase is left out of the plan"),
    Reason.CONFLICT: _conflict,
    Reason.TIER: _tier,
    Reason.ROUNDING: lambda facts, _card: _rounded(facts),
    Reason.CAP: _cap,
}
