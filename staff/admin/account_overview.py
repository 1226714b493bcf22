"""The account page of a member: its overview, and the way to its sections."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.defaultfilters import date as date_filter
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from loyalty.ledger.models import Lot, Source, Unit
from loyalty.members.models import (
    Member,
    MemberNote,
    MembershipStatus,
    Scan,
    TierSource,
    Voucher,
    VoucherStatus,
    pooled,
)
from loyalty.operations import birthdays, payments, standing, tiering
from loyalty.operations.deeds import Deed
from loyalty.operations.standing import Standing
from loyalty.operations.tags import worn_by
from loyalty.rules import tiers
from loyalty.rules.terms import TierBasis
from loyalty.web import words
from loyalty.web.money import money
from loyalty.web.templatetags.loyalty import day
from staff.admin import waiting_words
from staff.admin.account import SECTION, AccountPage, account_address, actions_for, state_of
from staff.admin.account_history import deeds_of, lines_of
from staff.admin.account_sections import SECTIONS, Section
from staff.admin.merged_cards import merged_cards
from staff.admin.powers import powers_of

MOST_LOTS = 100
MOST_SCANS = 20
MOST_DEEDS = 5
SOON = timedelta(days=30)
IN_POINTS = frozenset({TierBasis.AVAILABLE_POINTS, TierBasis.AWARDED_POINTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the next tier is: by the card's own measure, in its unit."""

    name: str
    value: int
    target: int
    missing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something about the member that needs a person's attention."""

    icon: str
    words: str
    is_warning: bool = False


def birthday_words(member: Member) -> str:
    """Return the birthday as people say it, with its year where it is known; "" if none is."""
    if member.birth_day is None or member.birth_month is None:
        return ""
    told = date(member.birth_year or birthdays.NO_YEAR, member.birth_month, member.birth_day)
    shape = (
        pgettext("date format", "j F Y") if member.birth_year else pgettext("date format", "j F")
    )
    return date_filter(told, shape)


def next_lots(account_id: int) -> QuerySet[Lot]:
    """Return the open lots of an account, in the order in which they are spent."""
    return Lot.objects.filter(account_id=account_id, unit=Unit.POINTS, remaining__gt=0).order_by(
        F("expires_at").asc(nulls_last=True), "pk"
    )


class OverviewPage(AccountPage):
    """The account page itself: what can be done, and one section of what there is to see."""

    def crumbs(self, title: str) -> list[tuple[Any, str]]:
        """Return the way to this page: the list, and the person."""
        return super().crumbs(title)[:-1]

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Show a section of the page; one that does not exist is missing."""
        asked = request.GET.get(SECTION, OVERVIEW.name)
        section = next((one for one in (OVERVIEW, *SECTIONS) if one.name == asked), None)
        if section is None:
            raise Http404
        extra = {
            "actions": self._actions(),
            "section": section,
            "sections": [self._tab(one, section) for one in (OVERVIEW, *SECTIONS)],
            **merged_cards(self.membership),
            **section.read(self),
        }
        return self.page("admin/account.html", extra, title=_("Member"))

    def _tab(self, one: Section, shown: Section) -> dict[str, Any]:
        name = "" if one is OVERVIEW else one.name
        return {
            "words": one.words,
            "address": account_address(self.membership, name),
            "is_here": one is shown,
        }

    @cached_property
    def found(self) -> Standing:
        """Return where the membership stands now, as the deeds see it."""
        asked = Deed(
            actor=None, source=Source.ADMIN, store=None, request_id="", occurred_at=self.at
        )
        return standing.look(deed=asked, membership_id=self.membership.pk)

    def _actions(self) -> list[dict[str, Any]]:
        """Return what this person can do now, each with its address."""
        membership = self.membership
        role = powers_of(self.request).role(membership.partner_id)
        found = actions_for(
            membership,
            role,
            can_undo=self.latest is not None,
            can_pay=bool(payments.units_offered(self.found)),
        )
        return [
            {
                "action": action,
                "address": reverse(f"admin:members_membership_{action.name}", args=[membership.pk]),
            }
            for action in found
        ]


def overview(page: AccountPage) -> dict[str, Any]:
    """Return who it is, what is left and until when, and what needs attention (CU9)."""
    assert isinstance(page, OverviewPage)  # noqa: S101 - the section of this page alone
    membership = page.membership
    lots = list(next_lots(membership.account_id)[:MOST_LOTS])
    ahead = [lot for lot in lots if lot.expires_at is not None and lot.expires_at > page.at]
    deeds = list(deeds_of(membership).order_by("-pk")[:MOST_DEEDS])
    note = MemberNote.objects.filter(member=membership.member_id).select_related("author")
    ready = Voucher.objects.filter(pooled(membership.account_id), status=VoucherStatus.ISSUED)
    scans = Scan.objects.filter(membership=membership).select_related("staff", "store")
    return {
        "lots": lots,
        "next_lot": ahead[0] if ahead else None,
        "notices": list(notices(page, ahead)),
        "waiting": waiting_words.of_membership(membership, powers_of(page.request), page.at),
        "progress": progress(page.found),
        "lines": lines_of(membership, deeds, page.latest),
        "can_reverse": powers_of(page.request).is_all,
        "ready": ready.select_related("reward").order_by("-pk")[:MOST_DEEDS],
        "last_note": note.order_by("-pk").first(),
        "scans": scans.order_by("-pk")[:MOST_SCANS],
        "birthday": birthday_words(membership.member),
        "tags": worn_by(membership.member_id),
        "addresses": {one.name: account_address(membership, one.name) for one in SECTIONS},
    }


def progress(found: Standing) -> Progress | None:
    """Return how far the next tier is, by what the card's thresholds are held against."""
    if found.terms_id is None:
        return None
    rules = found.terms
    value = tiering.sums_after(found, []).measured(rules)
    # A tier given by hand may stand above what was reached; the next step is above both.
    held = found.account.tier.min_value if found.account.tier else -1
    ahead = tiers.following(max(value, held), rules.tiers)
    if ahead is None:
        return None
    missing = ahead.min_value - value
    is_points = rules.tier_basis in IN_POINTS
    return Progress(
        name=ahead.name,
        value=max(0, value),
        target=ahead.min_value,
        missing=words.points(missing, found.card)
        if is_points
        else money(missing, found.card.currency),
    )


def notices(page: AccountPage, ahead: list[Lot]) -> Iterator[Notice]:
    """Yield what a person should know before they do anything, the gravest first."""
    membership, account = page.membership, page.membership.account
    card, zone = membership.card, membership.card.partner.zone()
    if membership.status != MembershipStatus.ACTIVE:
        _kind, label = state_of(membership)
        words_of = _("This card is %(state)s: nothing can be booked.") % {"state": label}
        yield Notice(icon="block", words=words_of, is_warning=True)
    if account.shortfall_points:
        owed = words.points(account.shortfall_points, card)
        words_of = _("%(points)s are owed; the next award settles them.") % {"points": owed}
        yield Notice(icon="error", words=words_of, is_warning=True)
    soon = [lot for lot in ahead if lot.expires_at and lot.expires_at <= page.at + SOON]
    if soon and soon[0].expires_at:
        words_of = _("%(points)s expire within 30 days, the first on %(day)s.") % {
            "points": words.points(sum(lot.remaining for lot in soon), card),
            "day": day(soon[0].expires_at, zone),
        }
        yield Notice(icon="event_busy", words=words_of)
    until = account.tier_hold_until
    if account.tier_source == TierSource.MANUAL and until and page.at < until <= page.at + SOON:
        words_of = _("The tier is held until %(day)s.") % {"day": day(until, zone)}
        yield Notice(icon="military_tech", words=words_of)
    if is_birthday(membership.member, page.at.astimezone(zone)):
        yield Notice(icon="cake", words=_("It is their birthday today."))


def is_birthday(member: Member, now: datetime) -> bool:
    """Return whether the member has their birthday today, where the business is."""
    return (member.birth_month, member.birth_day) == (now.month, now.day)


OVERVIEW = Section(
    name="overview",
    words=gettext_lazy("Overview"),
    template="admin/account/overview.html",
    read=overview,
)
