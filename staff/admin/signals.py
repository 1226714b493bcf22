"""What is worth a look: the list of signals, the page of one with its deeds, and "seen" (FA15)."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from loyalty.analytics import scan_patterns, signals, spans
from loyalty.analytics.models import Signal, SignalKind, SignalState
from loyalty.analytics.spans import DAY
from loyalty.ledger.access import with_other_number
from loyalty.ledger.models import Transaction
from loyalty.members.models import Scan
from loyalty.web import words
from loyalty.web.requests import address, signed_in
from staff.admin import signal_words
from staff.admin.account import account_address
from staff.admin.by_key import FormKeyList
from staff.admin.forms_signals import SeenForm, SignalsForm
from staff.admin.powers import EDITORS, powers_of
from staff.admin.scoping import ReadOnlyAdmin
from staff.admin.site import site
from staff.admin.unfold_parts import NOTHING, ChangeList, badge, column

STATE_COLOURS = {SignalState.OPEN.value: "warning", SignalState.SEEN.value: "success"}
MOST_SCANS = 50
WITH_NAMES = ("partner", "club", "store", "actor", "colleague", "membership__member", "seen_by")


class SignalList(FormKeyList):
    """The list's pages by place, the newest first."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Return the rows that the form leaves, or none while it has an error."""
        rows = super().get_queryset(request, exclude_parameters)
        self.form = SignalsForm(request.GET, powers=powers_of(request))
        self.has_active_filters = bool(self.form.data)
        return rows.filter(self.form.wanted()) if self.form.is_valid() else rows.none()


@admin.register(Signal, site=site)
class SignalAdmin(ReadOnlyAdmin):
    """The signals of a business, for its owners and managers."""

    list_words = gettext_lazy("Signals")
    viewers = EDITORS
    list_display = ("what", "pattern", "where", "day", "standing")
    list_display_links = ("what",)
    list_select_related = WITH_NAMES
    list_before_template = "admin/signals_before.html"
    empty_words = gettext_lazy(
        "Nothing is worth a look. Every hour the latest bookings and scans are searched."
    )
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that is read by place."""
        return SignalList

    @column(gettext_lazy("worth a look"))
    def what(self, row: Signal) -> str:
        """Return the sentence."""
        return signal_words.sentence(row)

    @column(gettext_lazy("kind"))
    def pattern(self, row: Signal) -> str:
        """Return the kind."""
        return str(SignalKind(row.kind).label)

    @column(gettext_lazy("where"))
    def where(self, row: Signal) -> str:
        """Return the store, or the club."""
        return str(row.store or row.club or NOTHING)

    @badge(gettext_lazy("state"), STATE_COLOURS)
    def standing(self, row: Signal) -> tuple[str, Any]:
        """Return whether somebody has looked."""
        return row.state, SignalState(row.state).label

    def crumbs(self, row: Any = None, *more: Any) -> list[tuple[Any, str]]:
        """Return the way to a page, with the kind in place of the row's number."""
        found = super().crumbs(row, *more)
        if row is None:
            return found
        return [found[0], (SignalKind(row.kind).label, found[1][1]), *found[2:]]

    def get_urls(self) -> list[Any]:
        """Return the standard pages and the one that notes who has looked."""
        view = self.admin_site.admin_view(require_POST(self.seen_view))
        return [
            path("<key:object_id>/seen/", view, name="analytics_signal_seen"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Show the signal with the deeds or scans that it is about."""
        return self._page(request, self._signal(request, object_id), SeenForm())

    def seen_view(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Note that the person has looked."""
        row = self._signal(request, str(object_id))
        form = SeenForm(request.POST)
        if not form.is_valid():
            return self._page(request, row, form, status=422)
        try:
            signals.mark_seen(
                signal_id=row.pk,
                actor=signed_in(request),
                note=form.cleaned_data["note"],
                at=timezone.now(),
                address=address(request),
            )
        except signals.SignalNotFoundError as error:
            raise Http404 from error
        messages.success(request, _("Noted as seen."))
        return redirect("admin:analytics_signal_changelist")

    def _signal(self, request: HttpRequest, object_id: str) -> Signal:
        """Return a signal of an own business with its names; a small role is refused."""
        row = self.get_object(request, object_id)
        if not powers_of(request).has(EDITORS, row.partner_id):
            raise PermissionDenied
        return Signal.objects.select_related(*WITH_NAMES).get(pk=row.pk)

    def _page(
        self, request: HttpRequest, row: Signal, form: SeenForm, *, status: int = 200
    ) -> HttpResponse:
        member = row.membership
        context = {
            **self.admin_site.each_context(request),
            "title": _("Worth a look"),
            "crumbs": self.crumbs(row),
            "opts": self.opts,
            "signal": row,
            "sentence": signal_words.sentence(row),
            "innocent": signal_words.innocent(row.kind),
            "member": member.member.full_name() if member else "",
            "account": account_address(member) if member else "",
            "deeds": _deeds(row),
            "scans": _scans(row),
            "zone": row.partner.zone(),
            "form": form if row.state == SignalState.OPEN else None,
            "list_address": reverse("admin:analytics_signal_changelist"),
        }
        return render(request, "admin/signal.html", context, status=status)


def _deeds(row: Signal) -> list[dict[str, Any]]:
    """Return the deeds of a signal in words, the newest first, each with its addresses."""
    found = Transaction.objects.filter(pk__in=row.transaction_ids, partner=row.partner_id)
    deeds = with_other_number(found)
    related = ("card", "store", "note", "reversal", "reverses", "actor", "membership__member")
    return [
        {
            "deed": deed,
            "line": words.history_line(deed, deed.card),
            "person": signal_words.name_of(deed.actor),
        }
        for deed in deeds.select_related(*related).order_by("-occurred_at", "-pk")
    ]


def _scans(row: Signal) -> QuerySet[Scan]:
    """Return the refused scans of the signal's day; none for what is about deeds."""
    if row.transaction_ids:
        return Scan.objects.none()
    zone = row.partner.zone()
    found = scan_patterns.refused(row.partner).filter(
        Q(scanned_at__gte=spans.begins(row.day, zone)),
        Q(scanned_at__lt=spans.begins(row.day + DAY, zone)),
        staff=row.actor_id,
    )
    return found.select_related("store", "card").order_by("-scanned_at", "-pk")[:MOST_SCANS]
