"""Everything that is held about a person, to read and to take along: one file for both (access).

The member fetches it in the wallet, of all businesses; a manager at the account page, of theirs.
Both get the same tables. What the team wrote for itself is in neither, nor who of the staff did it.
"""

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty.ledger.access import with_other_number
from loyalty.ledger.models import Lot, TierChange, Transaction, Unit
from loyalty.members.models import (
    Claim,
    Member,
    Membership,
    MembershipStatus,
    MemberTag,
    Scan,
    Voucher,
)
from loyalty.sheets.writing import Column, csv_chunks
from loyalty.users.models import User
from loyalty.web import words
from loyalty.web.money import as_decimal

PAGE = "index.html"
DATA = "data.json"
Cell = str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One sort of what is held: its name in files, its title, its columns with theirs, its rows."""

    name: str
    title: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Cell]]


def archive(*, members: Iterable[int], user: User | None, at: datetime) -> bytes:
    """Return a ZIP of what is held about the members with these keys, and about their sign-in.

    In it are a page to read, the same as data, and a table of each sort for a spreadsheet.
    """
    tables = held(members=members, user=user)
    made = at.isoformat(timespec="minutes")
    data = {
        table.name: [
            dict(zip((key for key, _title in table.columns), row, strict=True))
            for row in table.rows
        ]
        for table in tables
    }
    page = render_to_string("web/held_data.html", {"tables": tables, "at": at})
    target = io.BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as book:
        book.writestr(PAGE, page)
        book.writestr(DATA, json.dumps({"made": made, **data}, ensure_ascii=False, indent=1))
        for table in tables:
            columns = [Column(title) for _key, title in table.columns]
            book.writestr(f"{table.name}.csv", b"".join(csv_chunks(columns, table.rows)))
    return target.getvalue()


def held(*, members: Iterable[int], user: User | None = None) -> list[Table]:
    """Return what is held about these members, and those merged into them, sort by sort."""
    people = list(
        Member.objects.filter(Q(pk__in=list(members)) | Q(merged_into__in=list(members)))
        .select_related("partner", "customer_group")
        .order_by("pk")
    )
    cards = list(
        Membership.objects.filter(member__in=people)
        .select_related("card__partner", "account__tier")
        .order_by("pk")
    )
    of_cards = {card.pk: card for card in cards}
    found = [] if user is None else [_sign_in(user)]
    return [
        *found,
        _people(people),
        _tags(people),
        _cards(cards),
        _lots(cards),
        _deeds(of_cards),
        _vouchers(of_cards),
        _claims(of_cards),
        _tiers(cards),
        _scans(of_cards),
    ]


def _sign_in(user: User) -> Table:
    columns = [
        ("email", _("E-mail")),
        ("name", _("Name")),
        ("language", _("Language")),
        ("since", _("Since")),
    ]
    since = user.joined_at.isoformat(timespec="minutes")
    rows = [[user.email, user.name, user.language, since]]
    return Table(name="sign_in", title=_("How you sign in"), columns=columns, rows=rows)


def _people(people: Sequence[Member]) -> Table:
    columns = [
        ("business", _("Business")),
        ("code", _("Customer code")),
        ("first_name", _("First name")),
        ("last_name", _("Last name")),
        ("email", _("E-mail")),
        ("phone", _("Phone")),
        ("phone_confirmed", _("Phone confirmed")),
        ("language", _("Language")),
        ("birthday", _("Birthday")),
        ("former_birthday", _("Former birthday")),
        ("anniversary", _("Anniversary")),
        ("customer_group", _("Customer group")),
        ("since", _("Since")),
        ("privacy_text", _("Privacy text")),
        ("privacy_accepted", _("Privacy accepted")),
        ("consent_source", _("Agreed")),
        ("wants_news_since", _("Wants news since")),
    ]
    rows = [
        [
            one.partner.name,
            one.code,
            one.first_name,
            one.last_name,
            one.email,
            one.phone,
            _moment(one.phone_confirmed_at, one.partner.zone()),
            one.language,
            _birthday(one),
            one.former_birthday.isoformat() if one.former_birthday else None,
            one.anniversary.isoformat() if one.anniversary else None,
            one.customer_group.name if one.customer_group else None,
            _moment(one.joined_at, one.partner.zone()),
            one.privacy_version,
            _moment(one.privacy_accepted_at, one.partner.zone()),
            str(one.get_consent_source_display()),
            _moment(one.marketing_accepted_at, one.partner.zone()),
        ]
        for one in people
    ]
    return Table(name="person", title=_("Who"), columns=columns, rows=rows)


def _birthday(member: Member) -> Cell:
    if member.birth_day is None:
        return None
    year = f"{member.birth_year:04}" if member.birth_year else "-"
    return f"{year}-{member.birth_month:02}-{member.birth_day:02}"


def _tags(people: Sequence[Member]) -> Table:
    worn = (
        MemberTag.objects.filter(member__in=people, is_set=True)
        .select_related("tag", "partner")
        .order_by("pk")
    )
    columns = [("business", _("Business")), ("tag", _("Tag"))]
    rows = [[one.partner.name, one.tag.name] for one in worn]
    return Table(name="tags", title=_("Tags"), columns=columns, rows=rows)


def _cards(cards: Sequence[Membership]) -> Table:
    columns = [
        ("business", _("Business")),
        ("card", _("Card")),
        ("number", _("Card number")),
        ("status", _("Status")),
        ("tier", _("Tier")),
        ("points", _("Points")),
        ("credit", _("Credit")),
        ("currency", _("Currency")),
        ("since", _("Since")),
        ("last_active", _("Last active")),
        ("recommendation_code", _("Recommendation code")),
    ]
    rows = [
        [
            one.card.partner.name,
            one.card.name,
            one.number,
            str(MembershipStatus(one.status).label),
            one.account.tier.name if one.account.tier else None,
            str(one.account.points),
            _amount(one.account.credit_minor, one),
            one.card.currency,
            _at(one.joined_at, one),
            _at(one.active_at, one),
            one.referral_code,
        ]
        for one in cards
    ]
    return Table(name="cards", title=_("Cards"), columns=columns, rows=rows)


def _lots(cards: Sequence[Membership]) -> Table:
    of_accounts = {card.account_id: card for card in cards}
    lots = Lot.objects.filter(account__in=of_accounts, remaining__gt=0).order_by("pk")
    columns = [
        ("card", _("Card")),
        ("unit", _("Unit")),
        ("left", _("Left")),
        ("expires", _("Expires")),
    ]
    rows = []
    for lot in lots:
        card = of_accounts[lot.account_id]
        is_points = lot.unit == Unit.POINTS
        left = str(lot.remaining) if is_points else _amount(lot.remaining, card)
        rows.append([card.card.name, str(Unit(lot.unit).label), left, _at(lot.expires_at, card)])
    return Table(
        name="balances", title=_("What is left, and until when"), columns=columns, rows=rows
    )


def _deeds(cards: dict[int, Membership]) -> Table:
    deeds = (
        with_other_number(Transaction.objects.filter(membership__in=cards))
        .select_related("store", "note", "reversal")
        .order_by("occurred_at", "pk")
    )
    columns = [
        ("when", _("When")),
        ("card", _("Card")),
        ("what", _("What")),
        ("why", _("Why")),
        ("amount", _("Amount")),
        ("points", _("Points")),
        ("credit", _("Credit")),
        ("store", _("Store")),
        ("receipt", _("Receipt")),
        ("undone", _("Undone")),
    ]
    rows = []
    for deed in deeds:
        card = cards[deed.membership_id or 0]
        line = words.history_line(deed, card.card)
        amount = None if deed.amount_minor is None else _amount(deed.amount_minor, card)
        rows.append(
            [
                _at(deed.occurred_at, card),
                card.card.name,
                line.what,
                line.detail,
                amount,
                str(deed.points),
                _amount(deed.credit_minor, card),
                deed.store.name if deed.store else None,
                deed.receipt_number,
                _("Yes") if line.is_undone else _("No"),
            ]
        )
    return Table(name="history", title=_("History"), columns=columns, rows=rows)


def _vouchers(cards: dict[int, Membership]) -> Table:
    found = Voucher.objects.filter(membership__in=cards).select_related("reward").order_by("pk")
    columns = [
        ("card", _("Card")),
        ("reward", _("Reward")),
        ("status", _("Status")),
        ("why", _("Why")),
        ("issued", _("Issued")),
        ("expires", _("Expires")),
    ]
    rows = [
        [
            cards[one.membership_id].card.name,
            one.reward.name,
            str(one.get_status_display()),
            str(one.get_origin_display()),
            _at(one.issued_at, cards[one.membership_id]),
            _at(one.expires_at, cards[one.membership_id]),
        ]
        for one in found
    ]
    return Table(name="vouchers", title=_("Vouchers"), columns=columns, rows=rows)


def _claims(cards: dict[int, Membership]) -> Table:
    found = Claim.objects.filter(membership__in=cards).select_related("reward").order_by("pk")
    columns = [
        ("card", _("Card")),
        ("reward", _("Reward")),
        ("started", _("Started")),
        ("used", _("Used")),
    ]
    rows = [
        [
            cards[one.membership_id].card.name,
            one.reward.name,
            _at(one.started_at, cards[one.membership_id]),
            _at(one.used_at, cards[one.membership_id]),
        ]
        for one in found
    ]
    return Table(name="claims", title=_("Rewards asked for"), columns=columns, rows=rows)


def _tiers(cards: Sequence[Membership]) -> Table:
    of_accounts = {card.account_id: card for card in cards}
    found = (
        TierChange.objects.filter(account__in=of_accounts)
        .select_related("from_tier", "to_tier", "transaction")
        .order_by("pk")
    )
    columns = [
        ("when", _("When")),
        ("card", _("Card")),
        ("before", _("Before")),
        ("after", _("After")),
    ]
    rows = [
        [
            _at(one.transaction.occurred_at, of_accounts[one.account_id]),
            of_accounts[one.account_id].card.name,
            one.from_tier.name if one.from_tier else None,
            one.to_tier.name if one.to_tier else None,
        ]
        for one in found
    ]
    return Table(name="tiers", title=_("Tiers"), columns=columns, rows=rows)


def _scans(cards: dict[int, Membership]) -> Table:
    found = Scan.objects.filter(membership__in=cards).select_related("store").order_by("pk")
    columns = [
        ("when", _("When")),
        ("card", _("Card")),
        ("store", _("Store")),
        ("means", _("Found by")),
        ("outcome", _("Outcome")),
    ]
    rows = [
        [
            _at(one.scanned_at, cards[one.membership_id or 0]),
            cards[one.membership_id or 0].card.name,
            one.store.name if one.store else None,
            str(one.get_means_display()),
            str(one.get_outcome_display()),
        ]
        for one in found
    ]
    return Table(name="scans", title=_("Scans"), columns=columns, rows=rows)


def _at(moment: datetime | None, card: Membership) -> Cell:
    return _moment(moment, card.card.partner.zone())


def _moment(moment: datetime | None, zone: Any) -> Cell:
    return None if moment is None else timezone.localtime(moment, zone).isoformat()[:19]


def _amount(minor: int, card: Membership) -> str:
    return str(as_decimal(minor, card.card.currency))
