"""Lists of the master data that rules name: products, groups, tenders, tags (IV9.9 to IV9.12)."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from cards.models import CustomerGroup, Product, ProductGroup, Tag, Tender
from staff.admin.forms_masters import (
    CustomerGroupForm,
    ProductForm,
    ProductGroupForm,
    TagForm,
    TenderForm,
)
from staff.admin.scoping import OwnFilter, PartnerAdmin
from staff.admin.site import site
from staff.admin.unfold_parts import NOTHING, badge, column

STATE_COLOURS = {"used": "success", "archived": "warning"}
ARCHIVED = "is_archived"


class Unarchived(SimpleListFilter):
    """Shows what is in use unless the archive is asked for."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the archive, and everything."""
        return [("archived", _("archived")), ("all", _("all"))]

    def choices(self, changelist: Any) -> Any:
        """Return the choices; the first is what is in use."""
        first, *others = super().choices(changelist)
        return [{**first, "display": _("in use")}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the chosen status."""
        if self.value() == "all":
            return queryset
        return queryset.filter(archived_at__isnull=self.value() != "archived")


class ArchivedAdmin(PartnerAdmin):
    """What all master data has in common: it is archived and taken back, never deleted."""

    empty_words: ClassVar[Any] = ""  # What an empty list says: what the rows are for.
    actions = ("archive", "take_back")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields; whether it is archived is asked of a stored row alone."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None:
            return fieldsets
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name != ARCHIVED]})
            for title, options in fieldsets
        ]

    @column(_("archived"))
    def is_archived(self, row: Any) -> str:
        """Return whether the row is archived, in words."""
        return str(_("yes") if row.archived_at else _("no"))

    @badge(_("status"), STATE_COLOURS, ordering="archived_at")
    def state(self, row: Any) -> tuple[str, Any]:
        """Return whether the row is in use."""
        return ("archived", _("archived")) if row.archived_at else ("used", _("in use"))

    @admin.action(description=_("Archive"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Take rows out of the forms; rules that name them go on."""
        self._move(request, queryset.filter(archived_at=None), timezone.now())

    @admin.action(description=_("Take back"), permissions=["change"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Offer archived rows again."""
        self._move(request, queryset.exclude(archived_at=None), None)

    @transaction.atomic
    def _move(self, request: HttpRequest, queryset: QuerySet[Any], at: datetime | None) -> None:
        done = 0
        for row in queryset.order_by("pk"):
            if not self.has_change_permission(request, row):
                continue
            before = {"archived_at": row.archived_at}
            self.model._default_manager.filter(pk=row.pk).update(
                archived_at=at, version=F("version") + 1
            )
            self.audit(request, row, "change", before=before, after={"archived_at": at})
            done += 1
        words = ngettext("%(count)s row changed.", "%(count)s rows changed.", done)
        self.message_user(request, words % {"count": done}, messages.SUCCESS)


class MasterAdmin(ArchivedAdmin):
    """A list of codes that are the same at the tills."""

    list_display: tuple[str, ...] = ("code", "name", "state")
    list_filter: ClassVar[tuple[Any, ...]] = (Unarchived,)
    search_fields = ("code", "name")
    search_help_text = _("Code or description")
    ordering = ("code", "pk")
    fieldsets = ((None, {"fields": ("partner", "code", "name", ARCHIVED)}),)


@admin.register(ProductGroup, site=site)
class ProductGroupAdmin(MasterAdmin):
    """Groups of products (IV9.9)."""

    form = ProductGroupForm
    empty_words = _("Add groups of products that rules name together, by the codes of your tills.")
    list_display = ("code", "name", "product_count", "state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the groups with how many products are in them."""
        used = Count("products", filter=Q(products__archived_at=None))
        found: QuerySet[Any] = super().get_queryset(request).annotate(products_in=used)
        return found

    @column(_("products"), ordering="products_in")
    def product_count(self, row: Any) -> int:
        """Return the number of products in use."""
        return int(row.products_in)


@admin.register(Product, site=site)
class ProductAdmin(MasterAdmin):
    """Products (IV9.10)."""

    form = ProductForm
    empty_words = _("Add the products that rules name, by the codes of your tills.")
    list_display = ("code", "name", "group_name", "state")
    list_filter: ClassVar[tuple[Any, ...]] = (Unarchived, ("group", OwnFilter))
    list_select_related = ("group",)
    fieldsets = ((None, {"fields": ("partner", "code", "name", "group", ARCHIVED)}),)

    @column(_("product group"), ordering="group__code")
    def group_name(self, row: Product) -> str:
        """Return the group."""
        return row.group.name if row.group else NOTHING


@admin.register(CustomerGroup, site=site)
class CustomerGroupAdmin(MasterAdmin):
    """Groups of customers (IV9.11)."""

    form = CustomerGroupForm
    empty_words = _("Add groups of customers, such as employees; rules can be for one of them.")
    list_display = ("code", "name", "member_count", "state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the groups with how many members are in them."""
        found: QuerySet[Any] = super().get_queryset(request).annotate(members_in=Count("members"))
        return found

    @column(_("members"), ordering="members_in")
    def member_count(self, row: Any) -> int:
        """Return the number of members."""
        return int(row.members_in)


@admin.register(Tender, site=site)
class TenderAdmin(MasterAdmin):
    """Ways to pay (IV9.12)."""

    form = TenderForm
    empty_words = _("Add the ways to pay at your tills; rules can be for one of them.")
    list_display = ("code", "name", "kind", "state")
    list_filter: ClassVar[tuple[Any, ...]] = (Unarchived, "is_loyalty_tender")
    fieldsets = ((None, {"fields": ("partner", "code", "name", "is_loyalty_tender", ARCHIVED)}),)

    @column(_("paid with"), ordering="is_loyalty_tender")
    def kind(self, row: Tender) -> str:
        """Return whether it is money or what the programme gave."""
        return str(_("points or credit") if row.is_loyalty_tender else _("money"))


@admin.register(Tag, site=site)
class TagAdmin(ArchivedAdmin):
    """Words that purchases put on members (FA3, FA4)."""

    form = TagForm
    empty_words = _("Add a word, and purchases put it on your members.")
    list_display = ("shown", "applies_on", "member_count", "state")
    list_filter: ClassVar[tuple[Any, ...]] = (Unarchived, "applies_on")
    search_fields = ("name",)
    search_help_text = _("Name")
    ordering = ("name", "pk")
    fieldsets = ((None, {"fields": ("partner", "name", "colour", "applies_on", ARCHIVED)}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the tags with how many members have them."""
        worn = Count("member_rows", filter=Q(member_rows__is_set=True))
        found: QuerySet[Any] = super().get_queryset(request).annotate(members_in=worn)
        return found

    @column(_("name"), ordering="name")
    def shown(self, tag: Tag) -> SafeString:
        """Return the name beside a dot in the tag's colour."""
        return render_to_string("admin/_tag.html", {"tag": tag})

    @column(_("members"), ordering="members_in")
    def member_count(self, tag: Any) -> int:
        """Return the number of members who have it."""
        return int(tag.members_in)
