"""Lists of the business itself, its clubs and its stores."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from clubs.models import Club, Partner, PlaceStatus, Store
from loyalty.members import codes
from staff.admin import door_pages, quotas
from staff.admin.forms import check_quota
from staff.admin.forms_clubs import (
    CLUB_QUOTA,
    STORE_QUOTA,
    ClubForm,
    PartnerForm,
    StoreForm,
    StoreGrid,
    StoreRowForm,
    forget_delete_check,
    has_history,
    open_rows,
)
from staff.admin.grids import WalledRows
from staff.admin.powers import NOBODY, OWNERS, powers_of
from staff.admin.scoping import OwnFilter, PartnerAdmin
from staff.admin.site import site
from staff.admin.unfold_parts import TabularInline, badge, column, page_button

PLACE_COLOURS = {PlaceStatus.ACTIVE.value: "success", PlaceStatus.ARCHIVED.value: "warning"}


class OpenFirst(SimpleListFilter):
    """Shows what is in use unless the archive is asked for."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the archive, and everything."""
        return [(PlaceStatus.ARCHIVED, _("archived")), ("all", _("all"))]

    def choices(self, changelist: Any) -> Any:
        """Return the choices; the first is what is in use."""
        first, *others = super().choices(changelist)
        return [{**first, "display": _("in use")}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the chosen status."""
        if self.value() == "all":
            return queryset
        if self.value() == PlaceStatus.ARCHIVED:
            return queryset.filter(status=PlaceStatus.ARCHIVED)
        return queryset.exclude(status=PlaceStatus.ARCHIVED)


class PlaceAdmin(quotas.Limited, PartnerAdmin):
    """What clubs and stores have in common: they are archived, and reopened within the quota."""

    actions = ("archive", "reopen")
    quota_message: Any = ""

    @badge(_("status"), PLACE_COLOURS, ordering="status")
    def state(self, row: Any) -> tuple[str, str]:
        """Return the status as a badge."""
        return row.status, row.get_status_display()

    @admin.action(description=_("Archive"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Take rows out of use; their history stays."""
        self._move(request, queryset, PlaceStatus.ARCHIVED)

    @admin.action(description=_("Open again"), permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Take archived rows back into use, as far as the quota goes."""
        self._move(request, queryset, PlaceStatus.ACTIVE)

    @transaction.atomic
    def _move(self, request: HttpRequest, queryset: QuerySet[Any], status: PlaceStatus) -> None:
        done = 0
        for row in queryset.exclude(status=status).order_by("pk"):
            if not self.has_change_permission(request, row):
                continue
            try:
                self._check(row, status)
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), messages.ERROR)
                break
            before = row.status
            type(row).objects.filter(pk=row.pk).update(status=status, version=row.version + 1)
            self.audit(request, row, "change", before={"status": before}, after={"status": status})
            done += 1
        words = ngettext("%(count)s row changed.", "%(count)s rows changed.", done)
        self.message_user(request, words % {"count": done}, messages.SUCCESS)

    def _check(self, row: Any, status: PlaceStatus) -> None:
        """Refuse to open one more than the plan allows.

        :raises ValidationError: naming the limit.
        """
        if status == PlaceStatus.ACTIVE:
            partner = Partner.objects.select_for_update(no_key=True).get(pk=row.partner_id)
            check_quota(
                limit=getattr(partner, self.quota_field),
                used=open_rows(self.model, partner.pk).count(),
                message=self.quota_message,
            )


class StoresInline(WalledRows, TabularInline):  # type: ignore[type-arg]  # one model, named below
    """The stores of a club as a grid."""

    model = Store
    form = StoreRowForm
    formset = StoreGrid
    extra = 0
    show_change_link = True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether rows may be taken out; a store with a history is archived instead."""
        return self.has_change_permission(request, obj)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the grid, in which a used store may be marked for deletion."""
        made = super().get_formset(request, obj, **kwargs)
        forget_delete_check(made)
        return made


@admin.register(Club, site=site)
class ClubAdmin(PlaceAdmin):
    """The clubs of the business (R2.1)."""

    form = ClubForm
    list_display = ("name", "code", "store_count", "staff_count", "card_count", "state")
    list_filter = (OpenFirst,)
    search_fields = ("name", "code")
    ordering = ("name", "pk")
    fieldsets = ((None, {"fields": ("partner", "name", "code", "status")}),)
    inlines = (StoresInline,)
    quota_message = CLUB_QUOTA
    quota_field = "max_clubs"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the clubs with how much is in them."""
        found: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(
                stores_in=Count(
                    "stores", filter=Q(stores__status=PlaceStatus.ACTIVE), distinct=True
                ),
                staff_in=Count("staff", filter=Q(staff__is_active=True), distinct=True),
                cards_in=Count("cards", filter=~Q(cards__status="ARCHIVED"), distinct=True),
            )
        )
        return found

    @column(_("stores"), ordering="stores_in")
    def store_count(self, club: Any) -> int:
        """Return the number of open stores."""
        return int(club.stores_in)

    @column(_("staff"), ordering="staff_in")
    def staff_count(self, club: Any) -> int:
        """Return the number of people who work here."""
        return int(club.staff_in)

    @column(_("cards"), ordering="cards_in")
    def card_count(self, club: Any) -> int:
        """Return the number of cards that are not archived."""
        return int(club.cards_in)

    def drop_row(self, request: HttpRequest, row: Any, partner_id: int | None) -> None:
        """Archive a store that has a history; delete one that was never used (IV2.4)."""
        if not has_history(row):
            super().drop_row(request, row, partner_id)
            return
        Store.objects.filter(pk=row.pk).update(status=PlaceStatus.ARCHIVED, version=row.version + 1)
        self.audit_row(
            request, row, "archive", partner_id, {}, {"status": PlaceStatus.ARCHIVED.value}
        )
        words = _("%(store)s has a history, so it was archived.") % {"store": row.name}
        self.message_user(request, words, messages.WARNING)


@admin.register(Store, site=site)
class StoreAdmin(PlaceAdmin):
    """The stores of the business."""

    form = StoreForm
    list_display = ("name", "code", "club", "allows_check_in", "state")
    list_select_related = ("club",)
    list_filter = (OpenFirst, ("club", OwnFilter))
    search_fields = ("name", "code")
    ordering = ("name", "pk")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "club",
                    "name",
                    "code",
                    "timezone",
                    "receipt_restart",
                    "allows_check_in",
                    "status",
                )
            },
        ),
    )
    quota_message = STORE_QUOTA
    quota_field = "max_stores"
    actions_detail = ("door",)

    @page_button(_("Code at the door"), "door_front")
    def door(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the code by which members check in, and what can be printed of it."""
        return door_pages.door_page(self, request, self.get_object(request, object_id))

    def get_urls(self) -> list[Any]:
        """Return the pages of a store besides its form."""
        return [*door_pages.urls(self), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the store; one that takes check-ins gets the code for the QR at its door."""
        if obj.allows_check_in and not obj.check_in_code:
            obj.check_in_code = codes.new_check_in_code()
        super().save_model(request, obj, form, change)


@admin.register(Partner, site=site)
class PartnerSettingsAdmin(PartnerAdmin):
    """The business itself (R1.1); its owners change it, its plan is changed by superusers."""

    form = PartnerForm
    partner_path = "pk"
    viewers = OWNERS
    editors = OWNERS
    adders = NOBODY
    list_display = ("name", "code", "country", "currency", "status")
    ordering = ("name", "pk")
    fieldsets = (
        (_("Business"), {"fields": ("name", "company_name", "code", "logo", "website")}),
        (
            _("Place and language"),
            {"fields": ("country", "currency", "timezone", "language", "week_start")},
        ),
        (
            _("Plan"),
            {
                "fields": (
                    "slug",
                    "status",
                    ("max_clubs", "club_use"),
                    ("max_stores", "store_use"),
                    ("max_admin_seats", "seat_use"),
                    ("max_members", "member_use"),
                ),
                "description": _("Empty means without limit."),
            },
        ),
    )
    plan_fields = (
        "slug",
        "status",
        "max_clubs",
        "max_stores",
        "max_admin_seats",
        "max_members",
    )
    uses = ("club_use", "store_use", "seat_use", "member_use")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return the plan for everybody but superusers, and how much of it is used."""
        plan = () if powers_of(request).is_all else self.plan_fields
        return (*plan, *self.uses)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether this is a superuser; a business opens with `create_partner`."""
        return powers_of(request).is_all

    @column(_("in use"))
    def club_use(self, partner: Partner) -> SafeString:
        """Return the number of open clubs against the plan."""
        return _used(partner, "max_clubs")

    @column(_("in use"))
    def store_use(self, partner: Partner) -> SafeString:
        """Return the number of open stores against the plan."""
        return _used(partner, "max_stores")

    @column(_("in use"))
    def seat_use(self, partner: Partner) -> SafeString:
        """Return the number of managers, with those who are invited, against the plan."""
        return _used(partner, "max_admin_seats")

    @column(_("in use"))
    def member_use(self, partner: Partner) -> SafeString:
        """Return the number of members, each counted once, against the plan."""
        return _used(partner, "max_members")


def _used(partner: Partner, quota: str) -> SafeString:
    (use,) = quotas.uses([partner], at=timezone.now(), quotas=[quota])
    if not use.is_near:
        return format_html("{}", use.words)
    return format_html('{} <span class="d-warning">{}</span>', use.words, use.warning)
