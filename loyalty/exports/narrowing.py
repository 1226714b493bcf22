"""Which customers a filter leaves: the list, its saved views and its exports ask the same (CU6)."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet

from loyalty.ledger.models import Entry
from loyalty.members import searching
from loyalty.members.models import Member, Membership, MembershipStatus, MemberTag

MEMBER, GUEST = "member", "guest"
DAYS = ("joined_from", "joined_to")


def searched(
    rows: QuerySet[Membership],
    within: QuerySet[Membership],
    members: QuerySet[Member],
    given: Mapping[str, Any],
) -> QuerySet[Membership]:
    """Return the rows that the words typed find; all without any.

    ``within`` are the memberships and ``members`` the members that the person may see; ``given``
    has the words as ``q``, and as ``phones`` the numbers that they can stand for.
    """
    if not given.get("q", "").strip():
        return rows
    return rows.filter(
        pk__in=searching.ids_of_matching(
            within, members, typed=given["q"], phones=given.get("phones", ())
        )
    )


def narrowed(
    rows: QuerySet[Membership], given: Mapping[str, Any], *, at: datetime, zone: ZoneInfo
) -> QuerySet[Membership]:
    """Return the memberships that all filters of a valid form leave; days are those of ``zone``.

    ``rows`` carry ``due_points``. CU6.
    """
    rows = rows.filter(_plain(given, zone))
    match given.get("state"):
        case "":
            pass
        case status if status in {MEMBER, GUEST}:
            is_guest = status == GUEST
            rows = rows.filter(status=MembershipStatus.ACTIVE, member__user__isnull=is_guest)
        case status:
            rows = rows.filter(status=status)
    if used := given.get("used"):
        entries = Exists(Entry.objects.filter(account=OuterRef("account")))
        rows = rows.filter(entries if used == "yes" else ~entries)
    if tag := given.get("tag"):
        rows = rows.filter(
            Exists(MemberTag.objects.filter(member=OuterRef("member"), tag=tag, is_set=True))
        )
    if span := given.get("active"):
        since = at - timedelta(days=abs(int(span)))
        rows = (
            rows.filter(active_at__lt=since) if int(span) < 0 else rows.filter(active_at__gte=since)
        )
    return _by_balance(rows, given.get("least"), given.get("most"))


def as_data(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is set of a valid form's filters as JSON: rows by key, days as ISO."""
    found: dict[str, Any] = {"state": ""}
    for name, value in given.items():
        if value is None or value == "":
            continue
        match value:
            case tuple():
                found[name] = list(value)
            case Model():
                found[name] = value.pk
            case date():
                found[name] = value.isoformat()
            case _:
                found[name] = value
    return found


def from_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters that ``as_data`` wrote."""
    found = dict(data)
    return found | {name: date.fromisoformat(found[name]) for name in DAYS if name in found}


def _plain(given: Mapping[str, Any], zone: ZoneInfo) -> Q:
    """Return the filters that compare one column with what was typed."""
    columns = {
        "card": "card",
        "club": "card__club",
        "tier": "account__tier",
        "birth_month": "member__birth_month",
    }
    found = Q(**{path: given[name] for name, path in columns.items() if given.get(name)})
    if first := given.get("joined_from"):
        found &= Q(joined_at__gte=_start(first, zone))
    if last := given.get("joined_to"):
        found &= Q(joined_at__lt=_start(last + timedelta(days=1), zone))
    return found


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)


def _by_balance(
    rows: QuerySet[Membership], least: int | None, most: int | None
) -> QuerySet[Membership]:
    if least is None and most is None:
        return rows
    rows = rows.annotate(spendable=F("account__points") - F("due_points"))
    if least is not None:
        rows = rows.filter(spendable__gte=least)
    return rows if most is None else rows.filter(spendable__lte=most)
