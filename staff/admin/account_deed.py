"""One deed of a member in full: the bill, what of it counted and what was left out, and why."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from loyalty.ledger.access import seen_by
from loyalty.ledger.models import Kind, Transaction
from loyalty.operations.recomputing import stored_basket
from loyalty.rules.baskets import Basket
from loyalty.rules.explanations import Reason, Step, counted_places, steps_from_data
from loyalty.rules.terms import LoyaltyTender
from loyalty.web import bills, words
from loyalty.web.bills import BillLine, Paid
from loyalty.web.money import money
from staff.admin.account import AccountPage

BILLED = frozenset({Kind.PURCHASE, Kind.BUY})


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedLine:
    """A line of a bill with what it brought; empty where it brought nothing."""

    line: BillLine
    brought: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedBill:
    """A bill, how much of it counted, and how much was left out (CU11)."""

    lines: list[CountedLine]
    whole_brought: str
    payments: list[Paid]
    total: str
    counted: str
    left_out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How much of a bill the rules looked at, in minor units, with what they made of it."""

    basket: Basket
    counted_minor: int


def counted(deed: Transaction) -> Counted | None:
    """Return how much of a purchase's bill counted, or nothing for another deed; no statement."""
    if deed.kind not in BILLED:
        return None
    basket = stored_basket(deed)
    steps = steps_from_data(deed.result.get("explanation", ()))
    places = counted_places(steps)
    seen = _seen(steps, basket.amount_minor)
    if basket.lines and places is not None:
        seen = min(seen, sum(basket.lines[place].amount_minor for place in places))
    return Counted(basket=basket, counted_minor=seen)


def counted_bill(deed: Transaction, currency: str) -> CountedBill | None:
    """Return a purchase's bill with what counted of it, or nothing for another deed."""
    found = counted(deed)
    if found is None:
        return None
    basket, seen = found.basket, found.counted_minor
    brought = {share["index"]: share for share in deed.result.get("shares", ())}
    shown = bills.lines_of(basket, deed.partner_id, currency)
    return CountedBill(
        lines=[
            CountedLine(line=line, brought=_gives(brought.get(place, {}), deed))
            for place, line in enumerate(shown)
        ],
        whole_brought=_gives(brought.get(None, {}), deed) if shown else "",
        payments=bills.payments_of(basket, deed.partner_id, currency),
        total=money(basket.amount_minor, currency),
        counted=money(seen, currency),
        left_out=money(basket.amount_minor - seen, currency),
    )


def _seen(steps: tuple[Step, ...], amount_minor: int) -> int:
    """Return what the rules looked at of a bill: less what the card itself paid, or nothing."""
    if {step.reason for step in steps} & {Reason.BELOW_MINIMUM, Reason.NO_MATCH}:
        return 0
    for step in steps:
        if step.reason == Reason.LOYALTY_TENDER:
            facts = dict(step.facts)
            is_barred = facts["method"] == LoyaltyTender.NOTHING
            return 0 if is_barred else int(facts["rest_minor"])
    return amount_minor


def _gives(share: dict[str, Any], deed: Transaction) -> str:
    points, credit_minor = share.get("points", 0), share.get("credit_minor", 0)
    return words.moved(points, credit_minor, deed.card) if points or credit_minor else ""


class DeedPage(AccountPage):
    """What one deed was: its bill, what counted, what it gave, and everything said about it."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the deed; one of somebody else's account is missing."""
        deed = (
            Transaction.objects.filter(seen_by(self.membership), pk=kwargs["transaction_id"])
            .select_related("store", "note", "reversal__actor", "actor", "reward", "terms", "card")
            .select_related("membership__member", "refunds")
            .first()
        )
        if deed is None:
            raise Http404
        note = getattr(deed, "note", None)
        line = words.history_line(deed, self.membership.card)
        extra = {
            "deed": deed,
            "line": line,
            "bill": counted_bill(deed, self.membership.card.currency),
            "person": deed.actor.get_full_name() if deed.actor else _("system"),
            "internal": note.internal if note else "",
            "comment": note.comment if note else "",
            "reversal": getattr(deed, "reversal", None),
        }
        return self.page("admin/account_deed.html", extra, title=line.title)
