"""How transactions become sums: the same for what jobs keep and for what is not kept yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from loyalty.ledger.models import Entry, Kind, Source, Transaction, Unit, VoucherMove
from loyalty.members.models import VoucherStatus
from loyalty.operations.milestones import IS_CHECK_IN
from loyalty.operations.standing import EARNING_KINDS, SPENDING_KINDS

# What the sums are of, and what is summed: the names of the columns of `models.Sums`.
SORT = ("deed", "aspect", "source", "is_undoing")
FLOWS = (
    "deed_count",
    "money_minor",
    "points_in",
    "points_out",
    "credit_in",
    "credit_out",
    "awarded_points",
    "awarded_credit",
)
BASKETS = ("basket_count", "basket_minor", "rewarded_count", "rewarded_minor")
SUMMED = (*FLOWS, *BASKETS)
# Queries name their sums so, because no annotation may be called like a column.
PREFIX = "sum_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day of a partner from moment to moment, and the last transaction that counts."""

    partner_id: int
    begins: datetime
    ends: datetime
    until_id: int

    def deeds(self) -> QuerySet[Transaction]:
        """Return what was done on the day."""
        return Transaction.objects.filter(
            partner=self.partner_id,
            occurred_at__gte=self.begins,
            occurred_at__lt=self.ends,
            pk__lte=self.until_id,
        )


def by_whom() -> Mapping[str, Any]:
    """Return who did a deed for others, as ``worker_id``: members in their wallets are nobody here.

    Else there would be as many sums as members.
    """
    return {
        "worker_id": Case(
            When(source=Source.WALLET, then=None),
            default=F("actor"),
            output_field=BigIntegerField(),
        )
    }


def columns(keys: Sequence[str]) -> list[str]:
    """Return the columns of transactions with ``by_whom`` that become these keys of sums."""
    return ["worker_id" if key == "actor_id" else key for key in keys]


def sorted_out(deeds: QuerySet[Transaction]) -> QuerySet[Transaction]:
    """Return transactions with the sort of deed that each counts as."""
    step = VoucherMove.objects.filter(transaction=Coalesce(OuterRef("reverses"), OuterRef("pk")))
    return deeds.annotate(
        deed=Case(When(kind=Kind.REVERSAL, then=F("reverses__kind")), default=F("kind")),
        is_undoing=Case(
            When(kind=Kind.REVERSAL, then=True), default=False, output_field=BooleanField()
        ),
        aspect=Coalesce(
            Case(
                When(
                    Q(kind=Kind.VOUCHER) | Q(reverses__kind=Kind.VOUCHER),
                    then=Subquery(step.order_by("pk").values("to_status")[:1]),
                ),
                default=Coalesce(F("refunds__kind"), F("reverses__refunds__kind")),
            ),
            Value(""),
            output_field=CharField(),
        ),
    )


def summed(names: tuple[str, ...]) -> Mapping[str, Any]:
    """Return the sums of columns that are sums already."""
    return {f"{PREFIX}{name}": Sum(name) for name in names}


def flows() -> Mapping[str, Any]:
    """Return the sums of transactions that were sorted out.

    Entries are looked at one by one, because a deed may both give and take of one unit.
    """
    points, credit = _came_in(Unit.POINTS), _came_in(Unit.CREDIT)
    money = Coalesce(F("amount_minor"), F("reverses__amount_minor"), Value(0))
    found = (
        Count("pk"),
        Sum(money),
        Sum(points),
        Sum(points - F("points")),
        Sum(credit),
        Sum(credit - F("credit_minor")),
        Sum("lifetime_points"),
        Sum("lifetime_credit_minor"),
    )
    return {f"{PREFIX}{name}": one for name, one in zip(FLOWS, found, strict=True)}


def no_baskets() -> Mapping[str, Any]:
    """Return columns of zeros in place of baskets."""
    return {f"{PREFIX}{name}": Sum(Value(0), output_field=BigIntegerField()) for name in BASKETS}


def baskets(day: Day) -> Mapping[str, Any]:
    """Return the sums of the purchases of a day that stand."""
    undone = Transaction.objects.filter(reverses=OuterRef("pk"), pk__lte=day.until_id)
    handed_out = Q(kind=Kind.REDEMPTION) | Q(kind=Kind.VOUCHER, aspect=VoucherStatus.USED)
    rewarded = sorted_out(day.deeds()).filter(handed_out, ~Exists(undone)).values("membership")
    stands = Q(~Exists(undone), kind=Kind.PURCHASE)
    is_rewarded = stands & Q(membership__in=rewarded)
    found = (
        Count("pk", filter=stands),
        _money_of(stands),
        Count("pk", filter=is_rewarded),
        _money_of(is_rewarded),
    )
    return {f"{PREFIX}{name}": one for name, one in zip(BASKETS, found, strict=True)}


def visits(deeds: QuerySet[Transaction]) -> QuerySet[Transaction]:
    """Return the transactions by which a member shows to be active, undone or not.

    They bought, were given, spent, used a voucher or checked in.
    """
    used = Q(kind=Kind.VOUCHER, aspect=VoucherStatus.USED)
    by_kind = Q(kind__in=(*EARNING_KINDS, *SPENDING_KINDS))
    return sorted_out(deeds).filter(by_kind | used | IS_CHECK_IN, membership__isnull=False)


def _came_in(unit: Unit) -> Any:
    """Return what a transaction's positive entries of a unit come to."""
    entries = Entry.objects.filter(transaction=OuterRef("pk"), unit=unit, amount__gt=0)
    each = entries.order_by().values("transaction").annotate(total=Sum("amount")).values("total")
    return Coalesce(Subquery(each), Value(0), output_field=BigIntegerField())


def _money_of(deeds: Q) -> Any:
    return Coalesce(Sum("amount_minor", filter=deeds), Value(0), output_field=BigIntegerField())
