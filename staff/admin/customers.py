"""Whom the list of customers shows, page by page: searched, narrowed, latest activity first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import BadRequest
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from clubs.models import Partner
from loyalty.ledger.models import Entry
from loyalty.members import searching
from loyalty.members.models import Member, Membership, MembershipStatus, MemberTag
from loyalty.members.phones import phone_number
from staff.admin.account import account_address
from staff.admin.forms_customers import GUEST, MEMBER, CustomersForm
from staff.admin.powers import powers_of
from staff.admin.scoping import own_rows
from staff.admin.unfold_parts import ChangeList

MOST_PARTNERS = 20
PLACE = "after"


def phones_of(text: str, partners: Iterable[Partner]) -> set[str]:
    """Return the numbers that a text is in the countries of these businesses."""
    found = {phone_number(text, partner.country) for partner in partners}
    return {phone for phone in found if phone}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """The way on from a page; how many there are nobody counts."""

    newest: str
    older: str
    template_name: str = "admin/older.html"


class CustomerList(ChangeList):
    """The list's pages by place, not by number: the last page costs what the first does."""

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """Return none: the form of the page reads them all."""
        return {}

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Return the rows that the form leaves, or none while it has an error."""
        rows = super().get_queryset(request, exclude_parameters)
        powers = powers_of(request)
        self.form = CustomersForm(request.GET, powers=powers)
        if not self.form.is_valid():
            return rows.none()
        given = self.form.cleaned_data
        partners = list(own_rows(Partner.objects.all(), powers, path="pk")[:MOST_PARTNERS])
        if given["q"].strip():
            ids = searching.ids_of_matching(
                own_rows(Membership.objects.all(), powers),
                own_rows(Member.objects.all(), powers),
                typed=given["q"],
                phones=phones_of(given["q"], partners),
            )
            rows = rows.filter(pk__in=ids)
        zone = partners[0].zone() if len(partners) == 1 else ZoneInfo("UTC")
        return narrowed(rows, given, at=timezone.now(), zone=zone)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Return latest activity first, and nothing else."""
        return ["-active_at", "-pk"]

    def get_results(self, request: HttpRequest) -> None:
        """Read the page that begins after the place of the address."""
        rows = self.queryset
        if place := read_place(request.GET.get(PLACE, "")):
            at, pk = place
            rows = rows.filter(Q(active_at__lt=at) | Q(active_at=at, pk__lt=pk))
        read = list(rows[: self.list_per_page + 1])
        page = read[: self.list_per_page]
        words = request.GET.copy()
        words.pop(PLACE, None)
        newest = f"?{words.urlencode()}" if place else ""
        if len(read) > len(page):
            words[PLACE] = f"{page[-1].active_at.isoformat()},{page[-1].pk}"
        self.paginator = Pages(
            newest=newest, older=f"?{words.urlencode()}" if len(read) > len(page) else ""
        )
        self.result_list = page
        self.result_count = len(page)
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.full_result_count = None

    def url_for_result(self, result: Any) -> str:
        """Return the address of the account page."""
        return account_address(result)


def read_place(text: str) -> tuple[datetime, int] | None:
    """Return the last row of the page before, by its activity and key; None for the first page.

    :raises BadRequest: if no list wrote this.
    """
    if not text:
        return None
    moment, _comma, key = text.partition(",")
    try:
        at, pk = parse_datetime(moment), int(key)
    except ValueError as error:
        raise BadRequest from error
    if at is None or at.tzinfo is None or not 0 < pk < 2**63:
        raise BadRequest
    return at, pk
