"""Compute stored awards again from what their transactions hold, and say which come out other.

Nothing is looked up but the terms version that a transaction names: its facts, basket, amount and
kind say all that the rules looked at. The ledger's verifier asks this of every award.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from cards import terms
from loyalty.ledger import verification
from loyalty.ledger.models import Kind, LineMatch, Transaction
from loyalty.ledger.verification import Scope
from loyalty.operations.standing import EARNING_KINDS
from loyalty.rules import awards
from loyalty.rules.awards import Award
from loyalty.rules.baskets import Basket, Facts
from loyalty.rules.explanations import steps_as_data
from loyalty.rules.plain import from_data
from loyalty.rules.terms import Direction, Terms

# Rows held at a time, so that a ledger of any size takes the same memory.
CHUNK = 500
STORED_BASIS = Decimal("0.001")
DIRECTIONS = {Kind.PURCHASE.value: Direction.SALE, Kind.BUY.value: Direction.BUY}
READ = (
    "kind",
    "amount_minor",
    "basket",
    "facts",
    "result",
    "terms_id",
    "points",
    "credit_minor",
    "lifetime_points",
    "lifetime_credit_minor",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """One stored award, and what of it came out other than it is stored; nothing is agreement.

    ``differs`` names parts: ``points``, ``credit_minor``, ``explanation``, ``shares``, ``missing``,
    ``matches``, ``entries``; or ``facts`` where what is stored is not enough to compute anything.
    """

    transaction_id: int
    points: int
    credit_minor: int
    award: Award | None
    differs: tuple[str, ...]


def recomputed(deeds: QuerySet[Transaction]) -> Iterator[Recomputed]:
    """Compute the awards among these deeds again, in the order of their keys.

    A chunk of rows at a time, so any number of deeds takes the same memory.
    """
    rows = deeds.filter(kind__in=EARNING_KINDS).only(*READ).order_by("pk")
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        matches = _stored_matches(chunk)
        for row in chunk:
            yield _recomputed(row, matches.get(row.pk, []))
        last = chunk[-1].pk


def award_again(row: Transaction, rules: Terms) -> Award:
    """Return what a stored purchase, buy or entry of points earns by these rules.

    :raises KeyError: TypeError: ValueError: if what is stored is not what a deed stores.
    """
    if row.kind == Kind.POINTS:
        return awards.entered(points=row.result["points"], terms=rules)
    facts = from_data(Facts, row.facts["rules"])
    return awards.award(basket=stored_basket(row), terms=rules, facts=facts)


def stored_basket(row: Transaction) -> Basket:
    """Return the bill of a purchase or a buy as it was booked."""
    if row.basket is not None:
        return from_data(Basket, row.basket)
    return Basket(amount_minor=row.amount_minor or 0, direction=DIRECTIONS[row.kind])


def _recomputed(row: Transaction, matches: list[tuple[int, Decimal, int]]) -> Recomputed:
    award: Award | None = None
    try:
        if row.terms_id is None:
            raise KeyError("terms")
        award = award_again(row, terms.of_version(row.terms_id))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        differs: tuple[str, ...] = ("facts",)
    else:
        stored, now = _stored(row, matches), _now(award)
        differs = tuple(name for name in now if stored[name] != now[name])
    return Recomputed(
        transaction_id=row.pk,
        points=row.lifetime_points,
        credit_minor=row.lifetime_credit_minor,
        award=award,
        differs=differs,
    )


def _now(award: Award) -> dict[str, Any]:
    """Return the parts of an award as a transaction should hold them."""
    return {
        "points": [award.points] * 2,
        "credit_minor": [award.credit_minor] * 2,
        "explanation": steps_as_data(award.steps),
        "shares": [asdict(share) for share in award.shares],
        "missing": award.missing_minor,
        "matches": [
            (met.key, met.basis.quantize(STORED_BASIS), met.points or met.credit_minor)
            for met in award.matches
        ],
        "entries": (award.points, award.credit_minor),
    }


def _stored(row: Transaction, matches: list[tuple[int, Decimal, int]]) -> dict[str, Any]:
    """Return the same parts as the transaction holds them.

    What settled an earlier shortfall was awarded, but is in no entry.
    """
    told: Mapping[str, Any] = row.result
    return {
        "points": [told.get("points"), row.lifetime_points],
        "credit_minor": [told.get("credit_minor"), row.lifetime_credit_minor],
        "explanation": told.get("explanation"),
        "shares": told.get("shares"),
        "missing": told.get("missing_minor"),
        "matches": matches,
        "entries": (
            row.points + told.get("settled_points", 0),
            row.credit_minor + told.get("settled_credit_minor", 0),
        ),
    }


def _stored_matches(chunk: list[Transaction]) -> dict[int, list[tuple[int, Decimal, int]]]:
    rows = LineMatch.objects.filter(transaction__in=[row.pk for row in chunk])
    found: dict[int, list[tuple[int, Decimal, int]]] = {}
    for row in rows.order_by("line_key", "pk"):
        found.setdefault(row.transaction_id, []).append((row.line_key, row.basis, row.given))
    return found


@verification.check("each award follows from its terms and facts", table="ledger_transaction")
def _find(scope: Scope) -> list[int]:
    deeds = Transaction.objects.all()
    if scope.partner_id is not None:
        deeds = deeds.filter(partner=scope.partner_id)
    if scope.since is not None:
        moved = Transaction.objects.filter(recorded_at__gte=scope.since)
        deeds = deeds.filter(account__in=moved.values("account"))
    return [one.transaction_id for one in recomputed(deeds) if one.differs]
