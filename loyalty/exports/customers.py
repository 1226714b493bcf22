"""Customers as a table: which, and a row of each as a support person needs it (CU5).

What the team wrote for itself is no column here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.template.defaultfilters import date as date_filter
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from clubs.models import DECIMALS, Partner
from loyalty.exports import narrowing
from loyalty.members.models import Member, Membership, MembershipStatus, MemberTag
from loyalty.operations import birthdays, standing
from loyalty.sheets.writing import Cell, Column, Kind

# Rows read at a time, in two statements.
READ_ROWS = 500


def wanted(
    partner: Partner, given: Mapping[str, Any], *, at: datetime
) -> QuerySet[Membership, int]:
    """Return the keys of a partner's memberships that a filter leaves, in the list's order."""
    rows = narrowing.narrowed(
        standing.with_due_points(at).filter(
            partner=partner, member__merged_into=None, member__erased_at=None
        ),
        given,
        at=at,
        zone=partner.zone(),
    )
    found = narrowing.searched(
        rows,
        Membership.objects.filter(partner=partner),
        Member.objects.known().filter(partner=partner),
        given,
    )
    return found.order_by("-active_at", "-pk").values_list("pk", flat=True)


def columns() -> list[Column]:
    """Return the columns, with titles in the language in use."""
    return [
        Column(_("First name")),
        Column(_("Last name")),
        Column(_("Phone"), Kind.PHONE),
        Column(_("E-mail")),
        Column(_("Card")),
        Column(_("Card number")),
        Column(_("Customer code")),
        Column(_("Status")),
        Column(_("Tier")),
        Column(_("Points"), Kind.NUMBER),
        Column(_("Credit"), Kind.NUMBER),
        Column(_("Currency")),
        Column(_("Joined"), Kind.DATE),
        Column(_("Last active"), Kind.DATE),
        Column(_("Tags")),
        Column(_("Customer group")),
        Column(_("Birthday")),
        Column(_("Wants news")),
    ]


def rows_of(ids: Iterable[int], *, partner: Partner, at: datetime) -> Iterator[list[Cell]]:
    """Yield the row of each membership, in the order of the keys; memory holds some hundred."""
    keys = iter(ids)
    while some := list(islice(keys, READ_ROWS)):
        yield from _rows(some, partner, at)


def _rows(ids: Sequence[int], partner: Partner, at: datetime) -> Iterator[list[Cell]]:
    found: dict[int, Any] = {
        row.pk: row
        for row in standing.with_due_points(at)
        .filter(pk__in=ids)
        .select_related("member__customer_group", "card", "account__tier")
    }
    tags: dict[int, list[str]] = {}
    worn = (
        MemberTag.objects.filter(
            member__in={row.member_id for row in found.values()},
            is_set=True,
            tag__archived_at=None,
        )
        .order_by("tag__name", "tag")
        .values_list("member", "tag__name")
    )
    for member_id, name in worn:
        tags.setdefault(member_id, []).append(name)
    zone = partner.zone()
    for pk in ids:
        row = found.get(pk)
        if row is None:
            continue
        member, card, account = row.member, row.card, row.account
        credit = Decimal(account.credit_minor - row.due_credit)
        yield [
            member.first_name,
            member.last_name,
            member.phone,
            member.email,
            card.name,
            row.number,
            member.code,
            _status(row),
            account.tier.name if account.tier else None,
            account.points - row.due_points,
            credit.scaleb(-DECIMALS[card.currency]),
            card.currency,
            row.joined_at.astimezone(zone).date(),
            row.active_at.astimezone(zone).date(),
            ", ".join(tags.get(member.pk, ())),
            member.customer_group.name if member.customer_group else None,
            _birthday(member),
            _("Yes") if member.marketing_accepted_at else _("No"),
        ]


def _status(row: Membership) -> str:
    if row.status != MembershipStatus.ACTIVE:
        return str(MembershipStatus(row.status).label)
    return _("member") if row.member.user_id else _("guest")


def _birthday(member: Member) -> str:
    """Return day and month: nobody needs the year for a greeting."""
    if member.birth_day is None or member.birth_month is None:
        return ""
    day = date(birthdays.NO_YEAR, member.birth_month, member.birth_day)
    return date_filter(day, pgettext("date format", "j F"))
