"""The list of members: one row per card that somebody holds (R5.2, CU2)."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clubs.models import Partner
from loyalty.ledger.models import Entry, Unit
from loyalty.members import codes
from loyalty.members.models import Membership, MembershipStatus
from loyalty.operations import standing
from loyalty.web import words
from loyalty.web.fields import ascii_digits, phone_number
from loyalty.web.templatetags.loyalty import day
from staff.admin import account_urls, register
from staff.admin.account import account_address, state_of
from staff.admin.powers import EDITORS, powers_of
from staff.admin.scoping import OwnFilter, ReadOnlyAdmin, own_rows
from staff.admin.site import site
from staff.admin.unfold_parts import NOTHING, ChangeList, badge, column

MOST_SEARCHED = 100  # Longer than any name, e-mail or number.
MOST_WORDS = 6
LEAST_DIGITS = 4
STATE_COLOURS = {
    "member": "success",
    "guest": "info",
    MembershipStatus.REMOVED.value: "warning",
    MembershipStatus.BLOCKED.value: "danger",
}


class StateFilter(SimpleListFilter):
    """Members, guests, removed and blocked people."""

    title = _("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the states."""
        return [
            ("member", _("member")),
            ("guest", _("guest")),
            (MembershipStatus.REMOVED.value, _("removed")),
            (MembershipStatus.BLOCKED.value, _("blocked")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the memberships in the chosen state."""
        match self.value():
            case "member":
                return queryset.filter(status=MembershipStatus.ACTIVE, member__user__isnull=False)
            case "guest":
                return queryset.filter(status=MembershipStatus.ACTIVE, member__user__isnull=True)
            case MembershipStatus.REMOVED.value | MembershipStatus.BLOCKED.value as status:
                return queryset.filter(status=status)
            case _other:
                return queryset


class UsedFilter(SimpleListFilter):
    """Those who used the card, and those who never did (R5.2)."""

    title = _("used the card")
    parameter_name = "used"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return yes and no."""
        return [("yes", _("Yes")), ("no", _("Not yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the memberships with or without an entry in the ledger."""
        used = Exists(Entry.objects.filter(account=OuterRef("account")))
        match self.value():
            case "yes":
                return queryset.filter(used)
            case "no":
                return queryset.filter(~used)
            case _other:
                return queryset


def matching(typed: str, countries: list[str]) -> Q | None:
    """Return what a search means: names in any order, phone in any writing, e-mail, number, code.

    None if nothing was typed.
    """
    text = " ".join(typed[:MOST_SEARCHED].split())
    if not text:
        return None
    by_name = Q()
    for word in text.split(" ")[:MOST_WORDS]:
        by_name &= Q(member__first_name__icontains=word) | Q(member__last_name__icontains=word)
    found = by_name | Q(number__iexact=text) | Q(member__code__iexact=text)
    if "@" in text:
        found |= Q(member__email__icontains=text)
    if code := codes.read_card_code(text):
        found |= Q(code=code)
    digits = "".join(part for part in ascii_digits(text) if part.isdecimal())
    if len(digits) >= LEAST_DIGITS:
        found |= Q(number__contains=digits) | Q(member__phone__contains=digits)
        phones = {phone_number(text, country) for country in countries}
        found |= Q(member__phone__in=[phone for phone in phones if phone])
    return found


class MemberList(ChangeList):
    """A list whose rows lead to account pages."""

    def url_for_result(self, result: Any) -> str:
        """Return the address of the account page."""
        return account_address(result)


@admin.register(Membership, site=site)
class MembershipAdmin(ReadOnlyAdmin):
    """The members of the business; each row leads to its account page."""

    list_display = ("who", "card", "number", "state", "balance", "tier", "joined")
    list_display_links = ("who",)
    list_words = _("Members")
    list_select_related = ("member", "card__partner", "account__tier")
    list_filter = (StateFilter, UsedFilter, ("card", OwnFilter))
    search_fields = ("number",)  # Shows the search box; get_search_results does the search.
    search_help_text = _("Name, phone, e-mail or card number")
    show_add_link = False
    list_before_template = "admin/members_before.html"
    empty_words = _("Nobody has a card yet. Members join by the card's poster or at the counter.")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the memberships with what can be spent."""
        due = standing.due(OuterRef("account"), Unit.POINTS, timezone.now())
        found: QuerySet[Any] = super().get_queryset(request).annotate(due_points=due)
        return found

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return what was searched for."""
        if not search_term.strip():
            return queryset, False
        partners = own_rows(Partner.objects.all(), powers_of(request), path="pk")
        countries = list(partners.values_list("country", flat=True).distinct()[:20])
        found = matching(search_term, countries)
        return (queryset.filter(found) if found else queryset.none()), False

    @column(_("name"), ordering="member__last_name")
    def who(self, row: Membership) -> str:
        """Return the name."""
        return row.member.full_name()

    @badge(_("status"), STATE_COLOURS)
    def state(self, row: Membership) -> tuple[str, Any]:
        """Return who this is."""
        return state_of(row)

    @column(_("balance"), ordering=F("account__points") - F("due_points"))  # type: ignore[arg-type]  # expressions serve as well
    def balance(self, row: Any) -> str:
        """Return what can be spent."""
        return words.points(row.account.points - row.due_points, row.card).replace(" ", "\u00a0")

    @column(_("tier"), ordering="account__tier__min_value")
    def tier(self, row: Membership) -> str:
        """Return the tier."""
        return row.account.tier.name if row.account.tier else NOTHING

    @column(_("joined"), ordering="joined_at")
    def joined(self, row: Membership) -> str:
        """Return the day, where the business is."""
        return day(row.joined_at, row.card.partner.zone())

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list whose rows lead to account pages."""
        return MemberList

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Lead to the account page."""
        membership = self.get_object(request, object_id)
        return redirect("admin:members_membership_account", membership.pk)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the person's role covers registering customers."""
        return powers_of(request).has(EDITORS)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Register a customer (IV9.6)."""
        return register.register_page(self, request)

    def get_urls(self) -> list[Any]:
        """Return the account page and its actions, besides the list."""
        return [*account_urls.urls(self), *super().get_urls()]
