"""The list of members: one row per card that somebody holds (R5.2, CU2)."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.ledger.models import Unit
from loyalty.members.models import Membership, MembershipStatus
from loyalty.operations import standing
from loyalty.web import words
from loyalty.web.templatetags.loyalty import day
from staff.admin import account_urls, customers, exports, register, saved_views
from staff.admin.account import state_of
from staff.admin.powers import EDITORS, powers_of
from staff.admin.scoping import ReadOnlyAdmin
from staff.admin.site import site
from staff.admin.unfold_parts import NOTHING, ChangeList, badge, column

STATE_COLOURS = {
    "member": "success",
    "guest": "info",
    MembershipStatus.REMOVED.value: "warning",
    MembershipStatus.BLOCKED.value: "danger",
}


@admin.register(Membership, site=site)
class MembershipAdmin(ReadOnlyAdmin):
    """The members of the business; each row leads to its account page."""

    list_display = ("who", "card", "number", "state", "balance", "tier", "active")
    list_display_links = ("who",)
    list_words = _("Members")
    list_select_related = ("member", "card__partner", "account__tier")
    show_add_link = False
    list_before_template = "admin/members_before.html"
    empty_words = _("Nobody has a card yet. Members join by the card's poster or at the counter.")
    sortable_by = ()  # By place, pages cost the same however far down; so there is one order.

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the cards of the customers there are, with what can be spent."""
        due = standing.due(OuterRef("account"), Unit.POINTS, timezone.now())
        rows = (
            super().get_queryset(request).filter(member__merged_into=None, member__erased_at=None)
        )
        found: QuerySet[Any] = rows.annotate(due_points=due)
        return found

    @column(_("name"))
    def who(self, row: Membership) -> str:
        """Return the name."""
        return row.member.full_name()

    @badge(_("status"), STATE_COLOURS)
    def state(self, row: Membership) -> tuple[str, Any]:
        """Return who this is."""
        return state_of(row)

    @column(_("balance"))
    def balance(self, row: Any) -> str:
        """Return what can be spent."""
        return words.points(row.account.points - row.due_points, row.card).replace(" ", "\u00a0")

    @column(_("tier"))
    def tier(self, row: Membership) -> str:
        """Return the tier."""
        return row.account.tier.name if row.account.tier else NOTHING

    @column(_("last active"))
    def active(self, row: Membership) -> str:
        """Return the day of the latest deed, where the business is."""
        return day(row.active_at, row.card.partner.zone())

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the list; without a filter it opens with the person's default view, if any."""
        view = None if request.GET or request.method != "GET" else saved_views.default_of(request)
        if view is not None:
            return redirect(saved_views.address_of(request, view))
        return super().changelist_view(request, extra_context)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list whose rows lead to account pages."""
        return customers.CustomerList

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
        """Return what there is besides the list: account pages, exports, saved views."""
        return [
            *account_urls.urls(self),
            *exports.urls(self),
            *saved_views.urls(self),
            *super().get_urls(),
        ]
