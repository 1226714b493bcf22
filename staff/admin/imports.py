"""The pages of imports: upload a file, read what it would do, let it be booked, watch it (CU7)."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cards.access import open_at
from cards.models import Card
from loyalty.imports import booking, work
from loyalty.imports.models import StopReason, Upload, UploadKind, UploadRow, UploadState
from loyalty.members.models import Membership
from loyalty.web.money import count, money
from loyalty.web.requests import signed_in
from staff.admin import import_files
from staff.admin.forms_imports import UploadForm
from staff.admin.import_words import REFUSED, amount, problem, refused, signed
from staff.admin.powers import EDITORS, powers_of
from staff.admin.scoping import OwnFilter, ReadOnlyAdmin, own_rows
from staff.admin.site import site
from staff.admin.unfold_parts import badge, column

NAME = "imports_upload"
ROWS = 50
COLOURS = {
    UploadState.READING.value: "info",
    UploadState.CHECKED.value: "warning",
    UploadState.BOOKING.value: "info",
    UploadState.STOPPED.value: "danger",
    UploadState.DONE.value: "success",
    UploadState.DROPPED.value: "info",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A row as the page shows it."""

    row: UploadRow
    member: Membership | None
    moved: str
    before: str
    after: str
    problem: str


@admin.register(Upload, site=site)
class UploadAdmin(ReadOnlyAdmin):
    """The files of a business, newest first."""

    viewers = EDITORS
    adders = EDITORS
    list_words = gettext_lazy("Imports")
    list_display = ("file_name", "card", "kind", "state_badge", "size", "uploaded_at", "person")
    list_select_related = ("card", "uploaded_by")
    list_filter = (("card", OwnFilter), "kind", "state")
    empty_words = gettext_lazy(
        "Adjust many balances by one file, or bring along what members had in another system."
    )
    ordering = ("-pk",)

    @badge(gettext_lazy("state"), COLOURS, ordering="state")
    def state_badge(self, row: Upload) -> tuple[str, Any]:
        """Return where the file stands."""
        return row.state, UploadState(row.state).label

    @column(gettext_lazy("rows"), ordering="row_count")
    def size(self, row: Upload) -> str:
        """Return how many rows there are, and how many have errors."""
        if not row.error_count:
            return count(row.row_count)
        told = {"rows": count(row.row_count), "errors": count(row.error_count)}
        return _("%(rows)s, %(errors)s with errors") % told

    @column(gettext_lazy("by"))
    def person(self, row: Upload) -> str:
        """Return who uploaded it."""
        return row.uploaded_by.get_full_name()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the person's role covers uploading."""
        return powers_of(request).has(EDITORS)

    def crumbs(self, row: Any = None, *more: Any) -> list[tuple[Any, str]]:
        """Return the way to a page, with the file's name in place of its number."""
        found = super().crumbs(row, *more)
        return [found[0], (row.file_name, found[1][1]), *found[2:]] if row else found

    def get_urls(self) -> list[Any]:
        """Return the standard pages, the template and the file of errors."""
        guard = self.admin_site.admin_view
        form = "<slug:form>"
        return [
            path(
                f"template/<slug:kind>.{form}", guard(self.template_view), name=f"{NAME}_template"
            ),
            path(f"<key:object_id>/errors.{form}", guard(self.errors_view), name=f"{NAME}_errors"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Take in a file, or say beside it why that cannot be."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        cards = own_rows(open_at(timezone.now()), powers_of(request), EDITORS)
        listed = cards.select_related("partner").order_by("name", "pk")
        is_sent = request.method == "POST"
        form = UploadForm(
            request.POST if is_sent else None, request.FILES if is_sent else None, cards=listed
        )
        if is_sent and form.is_valid() and (upload := form.take_in(signed_in(request))):
            self.audit(request, upload, "upload", after=_facts(upload))
            return redirect(f"admin:{NAME}_change", upload.pk)
        context = self._context(request, None, _("Upload a file")) | {
            "form": form,
            "templates": [
                (kind.label, name.upper(), _template_address(kind, name))
                for kind in UploadKind
                for name in import_files.FORMS
            ],
            "back": reverse(f"admin:{NAME}_changelist"),
        }
        return render(request, "admin/imports/upload.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Show what a file would do or did; a POST books, stops, takes up again or discards it."""
        upload = self._own(request, object_id)
        if request.method == "POST":
            return self._act(request, upload)
        if "part" in request.GET:
            context = {"upload": upload, "is_live": _is_live(upload)}
            return render(request, "admin/imports/_progress.html", context)
        context = self._context(request, upload, upload.file_name) | self._page(request, upload)
        return render(request, "admin/imports/page.html", context)

    def _own(self, request: HttpRequest, object_id: str) -> Upload:
        """Return an upload that the person may see and book.

        :raises Http404: for a foreign one.
        """
        upload: Upload = self.get_object(request, object_id)
        if not self.has_view_permission(request, upload):
            raise PermissionDenied
        return upload

    def _context(self, request: HttpRequest, upload: Upload | None, title: str) -> dict[str, Any]:
        crumbs = self.crumbs(upload) if upload else self.crumbs(None, title)
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "crumbs": crumbs,
            "opts": self.opts,
        }

    def _page(self, request: HttpRequest, upload: Upload) -> dict[str, Any]:
        card = Card.objects.select_related("partner").get(pk=upload.card_id)
        is_live = _is_live(upload)
        only_errors = "errors" in request.GET
        rows = [] if is_live else _rows(upload, only_errors=only_errors, after=_place(request))
        address = reverse(f"admin:{NAME}_change", args=[upload.pk])
        last = rows[ROWS - 1].number if len(rows) > ROWS else 0
        return {
            "upload": upload,
            "card": card,
            "is_live": is_live,
            "is_given_up": upload.is_live and not is_live,
            "stopped_by": StopReason(upload.stopped_by).label if upload.stopped_by else "",
            "sums": _sums(upload, card),
            "rows": [_shown(row, card) for row in rows[:ROWS]],
            "more": f"?{'errors=1&' if only_errors else ''}after={last}" if last else "",
            "only_errors": only_errors,
            "is_later": "after" in request.GET,
            "address": address,
            "may_confirm": upload.state == UploadState.CHECKED
            and upload.good_count > 0
            and not (upload.is_whole and upload.error_count),
            "may_discard": not upload.booked_count
            and upload.state in {UploadState.CHECKED, UploadState.STOPPED},
            "error_files": [
                (form.upper(), reverse(f"admin:{NAME}_errors", args=[upload.pk, form]))
                for form in import_files.FORMS
            ]
            if upload.error_count and not upload.rows_erased_at
            else [],
        }

    def _act(self, request: HttpRequest, upload: Upload) -> HttpResponse:
        person, at = signed_in(request), timezone.now()
        try:
            match request.POST.get("act"):
                case "confirm":
                    done = booking.confirm(upload_id=upload.pk, by=person, at=at)
                case "cancel":
                    done = booking.cancel(upload_id=upload.pk, at=at)
                case "go_on":
                    done = booking.go_on(upload_id=upload.pk, by=person, at=at)
                case "discard":
                    done = booking.discard(upload_id=upload.pk, at=at)
                    messages.success(request, _("Discarded. Nothing was booked."))
                case _:
                    raise Http404
        except REFUSED as error:
            messages.error(request, refused(error))
        else:
            self.audit(request, done, str(request.POST["act"]), after=_facts(done))
        return redirect(f"admin:{NAME}_change", upload.pk)

    def template_view(self, request: HttpRequest, kind: str, form: str) -> HttpResponseBase:
        """Give an empty file to fill in."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if kind.upper() not in UploadKind.values or form not in import_files.FORMS:
            raise Http404
        return import_files.template(UploadKind(kind.upper()), form)

    def errors_view(self, request: HttpRequest, object_id: int, form: str) -> HttpResponseBase:
        """Give the rows with errors as a file, each with what is in its way."""
        upload = self._own(request, str(object_id))
        if form not in import_files.FORMS:
            raise Http404
        return import_files.errors(upload, form)


def _facts(upload: Upload) -> dict[str, Any]:
    """Return what the audit log tells of an upload: figures, nobody's data."""
    names = ("card_id", "kind", "state", "row_count", "error_count", "booked_count")
    return {name: getattr(upload, name) for name in names}


def _template_address(kind: UploadKind, form: str) -> str:
    return reverse(f"admin:{NAME}_template", args=[kind.value.lower(), form])


def _is_live(upload: Upload) -> bool:
    return upload.is_live and not work.is_given_up(upload)


def _place(request: HttpRequest) -> int:
    after = request.GET.get("after", "0")
    return int(after) if after.isascii() and after.isdigit() and len(after) < len("99999999") else 0


def _rows(upload: Upload, *, only_errors: bool, after: int) -> list[UploadRow]:
    """Return a page of rows and one more, by their numbers."""
    rows = upload.rows.filter(number__gt=after)
    wrong = rows.exclude(error="") if only_errors else rows
    found = wrong.select_related("membership__member").order_by("number")
    return list(found[: ROWS + 1])


def _shown(row: UploadRow, card: Card) -> Shown:
    return Shown(
        row=row,
        member=row.membership,
        moved=signed(row, card) if row.amount else row.typed,
        before=amount(row, row.before, card),
        after=amount(row, row.after, card),
        problem=problem(row, card),
    )


def _sums(upload: Upload, card: Card) -> list[tuple[str, str]]:
    """Return the figures of a file: rows, errors, and what it adds and takes."""
    found = [(_("rows"), count(upload.row_count)), (_("with errors"), count(upload.error_count))]
    points = [
        (_("%(unit)s added"), upload.points_added),
        (_("%(unit)s taken"), upload.points_taken),
    ]
    found += [(words % {"unit": card.unit_many}, count(sum_)) for words, sum_ in points if sum_]
    credit = [(_("credit added"), upload.credit_added), (_("credit taken"), upload.credit_taken)]
    return found + [(words, money(sum_, card.currency)) for words, sum_ in credit if sum_]
