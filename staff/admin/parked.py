"""Refunds that wait for their sale, with the way to give one up."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.ledger.models import ParkedRefund, Source
from loyalty.operations import parked_refunds
from loyalty.web.money import money
from loyalty.web.refusals import REFUSALS, refusal_of
from loyalty.web.requests import deed
from staff.admin.forms_account import NoteForm
from staff.admin.powers import EDITORS, powers_of
from staff.admin.scoping import OwnFilter, ReadOnlyAdmin
from staff.admin.site import site
from staff.admin.unfold_parts import NOTHING, badge, column

COLOURS = {"waiting": "warning", "settled": "success", "dropped": "info"}


class StateFilter(admin.SimpleListFilter):
    """Shows those that wait, unless asked for the others."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the states."""
        return [
            ("waiting", gettext_lazy("waiting")),
            ("settled", gettext_lazy("settled")),
            ("dropped", gettext_lazy("dropped")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the state."""
        wanted: dict[str | None, dict[str, Any]] = {
            "waiting": {"settled_by": None, "dropped_at": None},
            "settled": {"settled_by__isnull": False},
            "dropped": {"dropped_at__isnull": False},
        }
        return queryset.filter(**wanted.get(self.value(), {}))


@admin.register(ParkedRefund, site=site)
class ParkedRefundAdmin(ReadOnlyAdmin):
    """The refunds of a business that came before their sale, newest first."""

    list_words = gettext_lazy("Refunds waiting for their sale")
    list_display = ("receipt_number", "store", "amount", "parked_at", "by", "state", "drop_link")
    list_select_related = ("store__club", "partner", "actor", "settled_by")
    list_filter = (StateFilter, ("store", OwnFilter))
    search_fields = ("receipt_number",)
    search_help_text = gettext_lazy("Receipt number")
    ordering = ("-pk",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "receipt_number",
                    "store",
                    "amount",
                    "parked_at",
                    "by",
                    "state",
                    "drop_link",
                )
            },
        ),
    )
    readonly_fields = ("amount", "by", "state", "drop_link")

    def get_urls(self) -> list[Any]:
        """Return the standard pages and the one that gives a refund up."""
        view = self.admin_site.admin_view(self.drop_view)
        name = "ledger_parkedrefund_drop"
        return [path("<key:object_id>/drop/", view, name=name), *super().get_urls()]

    @column(gettext_lazy("amount"), ordering="amount_minor")
    def amount(self, row: ParkedRefund) -> str:
        """Return the amount in the business's currency."""
        return money(row.amount_minor, row.partner.currency)

    @column(gettext_lazy("by"))
    def by(self, row: ParkedRefund) -> str:
        """Return who noted it."""
        return row.actor.get_full_name() if row.actor else str(gettext_lazy("system"))

    @badge(gettext_lazy("state"), COLOURS)
    def state(self, row: ParkedRefund) -> tuple[str, Any]:
        """Return where it stands."""
        if row.settled_by_id is not None:
            return "settled", gettext_lazy("settled")
        if row.dropped_at is not None:
            return "dropped", gettext_lazy("dropped")
        return "waiting", gettext_lazy("waiting")

    @column(gettext_lazy("give up"))
    def drop_link(self, row: ParkedRefund) -> SafeString | str:
        """Return the way to give it up while it waits."""
        if not row.is_waiting:
            return NOTHING
        address = reverse("admin:ledger_parkedrefund_drop", args=[row.pk])
        return format_html('<a class="row-link" href="{}">{}</a>', address, _("Give up"))

    def crumbs(self, row: Any = None, *more: Any) -> list[tuple[Any, str]]:
        """Return the way to a page, with the receipt in place of the row's number."""
        found = super().crumbs(row, *more)
        return [found[0], (row.receipt_number, found[1][1]), *found[2:]] if row else found

    def drop_view(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Ask for a reason and give the refund up, once."""
        row = self.get_object(request, str(object_id))
        if not powers_of(request).has(EDITORS, row.partner_id):
            raise PermissionDenied
        if request.method == "GET" and not row.is_waiting:
            messages.info(request, _("This refund does not wait any more."))
            return redirect("admin:ledger_parkedrefund_change", row.pk)
        form = NoteForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                parked_refunds.drop_parked(
                    deed=deed(
                        request,
                        source=Source.ADMIN,
                        request_id=form.cleaned_data["request_id"],
                    ),
                    parked_id=row.pk,
                    reason=form.cleaned_data["internal"],
                )
            except parked_refunds.ParkedRefundNotFoundError as error:
                raise Http404 from error
            except REFUSALS as error:
                form.add_error(None, refusal_of(error).message)
            else:
                messages.success(request, _("Given up. A sale with this receipt is left alone."))
                return redirect("admin:ledger_parkedrefund_changelist")
        return self._page(request, row, form)

    def _page(self, request: HttpRequest, row: ParkedRefund, form: NoteForm) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Give up a refund"),
            "crumbs": self.crumbs(row, _("Give up")),
            "opts": self.opts,
            "row": row,
            "amount": money(row.amount_minor, row.partner.currency),
            "form": form,
            "back": reverse("admin:ledger_parkedrefund_changelist"),
        }
        return render(request, "admin/parked_drop.html", context)
