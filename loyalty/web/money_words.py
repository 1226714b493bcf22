"""Refunds and payments with points or credit in plain words, for counter, wallet and dashboard."""

from django.utils.translation import gettext as _

from cards.models import Card
from loyalty.ledger.models import Kind, Transaction, Unit
from loyalty.operations.payments import Paying
from loyalty.operations.refunding import Refunding
from loyalty.web.explaining import given, points
from loyalty.web.money import money


def title(deed: Transaction, card: Card) -> str:
    """Return what a refund or a payment was, in a few words."""
    amount = money(deed.amount_minor or 0, card.currency)
    if deed.kind == Kind.PAYMENT:
        if deed.points:
            return _("Paid %(amount)s with points") % {"amount": amount}
        return _("Paid %(amount)s with credit") % {"amount": amount}
    if deed.amount_minor is not None:
        return _("Refund %(amount)s") % {"amount": amount}
    if "returned" in deed.result:
        return _("Back from a refunded payment")
    return _("Bonus of a refunded purchase")


def details(deed: Transaction, card: Card) -> list[str]:
    """Return what more there is to tell, a sentence each."""
    told = deed.result
    if deed.kind == Kind.PAYMENT:
        bill = money(told["bill_minor"], card.currency)
        return [_("of a bill of %(bill)s") % {"bill": bill}]
    parts = {
        name: given(told.get(f"{name}_points", 0), told.get(f"{name}_credit_minor", 0), card)
        for name in ("lapsed", "withheld", "shortfall")
        if told.get(f"{name}_points") or told.get(f"{name}_credit_minor")
    }
    sentences = {
        "lapsed": _("%(what)s had expired before"),
        "withheld": _("%(what)s kept from what comes back"),
        "shortfall": _("%(what)s already spent; the next awards settle that"),
    }
    return [sentences[name] % {"what": what} for name, what in parts.items()]


def taken(paying: Paying, card: Card) -> str:
    """Return what a payment takes: "500 points", or an amount of credit."""
    if paying.unit == Unit.POINTS:
        return points(paying.cost, card)
    return given(0, paying.cost, card)


def foretold(found: Refunding, card: Card) -> list[str]:
    """Return what a refund would do, a sentence for each thing that happens."""
    both = (Unit.POINTS, Unit.CREDIT)
    sums = {
        _("%(what)s taken back"): [found.revoked(unit) for unit in both],
        _("%(what)s already spent; the next awards settle that"): [
            found.shortfall(unit) for unit in both
        ],
        _("%(what)s paid come back"): [found.returned(unit) for unit in both],
    }
    told = [
        sentence % {"what": given(of_points, of_credit, card)}
        for sentence, (of_points, of_credit) in sums.items()
        if of_points or of_credit
    ]
    return told or [_("nothing is taken back")]
