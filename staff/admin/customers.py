"""Whom the list of customers shows, page by page: searched, narrowed, latest activity first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from clubs.models import Partner
from loyalty.exports import narrowing
from loyalty.members.models import Member, Membership
from loyalty.members.phones import phone_number
from staff.admin import saved_views
from staff.admin.account import account_address
from staff.admin.forms_customers import CustomersForm
from staff.admin.powers import EDITORS, powers_of, zone_of
from staff.admin.scoping import own_rows
from staff.admin.unfold_parts import ChangeList

MOST_PARTNERS = 20
PLACE = "after"
SAVE = "admin:members_membership_view_add"


def phones_of(text: str, partners: Iterable[Partner]) -> set[str]:
    """Return the numbers that a text is in the countries of these businesses."""
    found = {phone_number(text, partner.country) for partner in partners}
    return {phone for phone in found if phone}


def given_by(form: CustomersForm, partners: Iterable[Partner]) -> dict[str, Any]:
    """Return what a valid form narrows by, with the numbers that the words typed can stand for."""
    given = form.cleaned_data
    return {**given, "phones": tuple(sorted(phones_of(given["q"], partners)))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """The way on from a page; how many there are nobody counts."""

    newest: str
    older: str
    template_name: str = "admin/older.html"


class CustomerList(ChangeList):
    """The list's pages by place, not by number: the last page costs what the first does."""

    everything = "?q="  # A bare address opens the person's default view.

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """Return none: the form of the page reads them all."""
        return {}

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Return the rows that the form leaves, or none while it has an error."""
        rows = super().get_queryset(request, exclude_parameters)
        powers = powers_of(request)
        self.form = CustomersForm(request.GET, powers=powers)
        self.typed = request.GET.get("q", "").strip()
        self.may_export = powers.has(EDITORS)
        if not self.form.is_valid():
            return rows.none()
        partners = list(own_rows(Partner.objects.all(), powers, path="pk")[:MOST_PARTNERS])
        given = given_by(self.form, partners)
        rows = narrowing.searched(
            rows,
            own_rows(Membership.objects.all(), powers),
            own_rows(Member.objects.known(), powers),
            given,
        )
        return narrowing.narrowed(rows, given, at=timezone.now(), zone=zone_of(request))

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
        self.words = words.urlencode()
        self.views = saved_views.links(request, self.form)
        is_kept = any(view.is_current for view in self.views)
        can_keep = self.form.is_valid() and bool(saved_views.filter_of(self.form)) and not is_kept
        self.save_address = f"{reverse(SAVE)}?{self.words}" if can_keep else ""
        newest = f"?{self.words}" if place else ""
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
