"""Exports of the customers that the list shows: ask, watch, fetch (CU5).

Owners and managers may; support may not, for a file with everybody in it leaves the house. A file
is for who asked for it, and for the owners of the business.
"""

from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from clubs.models import Partner
from loyalty.exports import asking, customers, making
from loyalty.exports.models import Export, ExportState, FileFormat
from loyalty.sheets import limits
from loyalty.sheets.writing import csv_chunks, write_xlsx
from loyalty.web.requests import address, signed_in
from staff.admin.customers import MOST_PARTNERS, PLACE, given_by
from staff.admin.forms_customers import CustomersForm
from staff.admin.powers import EDITORS, OWNERS, powers_of
from staff.admin.scoping import own_rows
from staff.admin.unfold_parts import dress

NAME = "members_membership_export"
LIST = "admin:members_membership_changelist"
TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MOST_LISTED = 20


class AskForm(forms.Form):
    """As what to write the customers, and of which business where there are several."""

    partner = forms.ModelChoiceField(
        label=gettext_lazy("business"), queryset=Partner.objects.none(), empty_label=None
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[
            (FileFormat.XLSX.value, gettext_lazy("Excel (.xlsx)")),
            (FileFormat.CSV.value, gettext_lazy("CSV, for any other program")),
        ],
        initial=FileFormat.XLSX.value,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, partners: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["partner"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - declared above
        field.queryset = partners
        first = list(partners[:2])
        if len(first) == 1:
            field.initial, field.widget = first[0].pk, forms.HiddenInput()
        dress(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An export as a page shows it."""

    row: Export
    state: str
    words: str
    address: str
    file_address: str
    size: int = 0

    @property
    def is_going_on(self) -> bool:
        """Return whether there is more to come."""
        return self.state in asking.OPEN

    @property
    def is_too_long(self) -> bool:
        """Return whether there were more rows than a sheet takes."""
        return self.row.error == making.TOO_MANY


def urls(model_admin: Any) -> list[Any]:
    """Return the addresses of the exports of customers."""
    view = model_admin.admin_site.admin_view

    def asked(request: HttpRequest) -> HttpResponseBase:
        return ask_page(model_admin, request)

    def result(request: HttpRequest, export_id: int) -> HttpResponse:
        return result_page(model_admin, request, export_id)

    return [
        path("export/", view(asked), name=NAME),
        path("export/<key:export_id>/", view(result), name=f"{NAME}_result"),
        path("export/<key:export_id>/file/", view(file), name=f"{NAME}_file"),
    ]


def ask_page(model_admin: Any, request: HttpRequest) -> HttpResponseBase:
    """Show what would be exported; a POST writes it at once, or queues it where it is long."""
    powers = powers_of(request)
    if not powers.has(EDITORS):
        raise PermissionDenied
    narrowing_form = CustomersForm(request.GET, powers=powers)
    if not narrowing_form.is_valid():
        return redirect(f"{reverse(LIST)}?{request.GET.urlencode()}")
    partners = own_rows(Partner.objects.order_by("name", "pk"), powers, EDITORS, "pk")
    form = AskForm(request.POST if request.method == "POST" else None, partners=partners)
    given = given_by(narrowing_form, partners[:MOST_PARTNERS])
    if form.is_valid():
        file_format = FileFormat(form.cleaned_data["format"])
        return _export(request, form.cleaned_data["partner"], given, file_format)
    context = {
        **_page(model_admin, request, _("Export customers")),
        "form": form,
        "chosen": narrowing_form.chosen(),
        "typed": given["q"].strip(),
        "titles": [column.title for column in customers.columns()],
        "exports": [shown(one) for one in _listed(request)],
        "back": _list_address(request),
    }
    return render(request, "admin/exports/ask.html", context)


def result_page(model_admin: Any, request: HttpRequest, export_id: int) -> HttpResponse:
    """Show how far an export is, or its link; with ``part`` only how far it is."""
    export = shown(_own(request, export_id))
    if "part" in request.GET:
        return render(request, "admin/exports/_progress.html", {"export": export})
    context = {
        **_page(model_admin, request, _("Export customers"), reverse(f"admin:{NAME}")),
        "export": export,
        "most": limits.MOST_SHEET_ROWS - 1,
        "is_others": export.row.asked_by_id != signed_in(request).pk,
    }
    return render(request, "admin/exports/result.html", context)


@require_POST
def file(request: HttpRequest, export_id: int) -> HttpResponseBase:
    """Answer a finished export to whom it belongs, and write down that it was fetched.

    :raises Http404: if it is not there, or not yet.
    """
    export = _own(request, export_id)
    if export.state != ExportState.DONE:
        raise Http404
    try:
        opened = making.file_of(export).open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    asking.log(
        export,
        action="export fetched",
        actor_id=signed_in(request).pk,
        address=address(request),
    )
    day = timezone.localtime(export.asked_at, export.partner.zone()).date()
    file_format = FileFormat(export.format)
    return FileResponse(
        opened,
        as_attachment=True,
        filename=f"customers-{day:%Y-%m-%d}.{file_format.lower()}",
        content_type=TYPES[file_format],
    )


def _own(request: HttpRequest, export_id: int) -> Export:
    """Return an export that this person may have.

    :raises Http404: if there is none of their businesses, or its time is over.
    :raises PermissionDenied: if somebody else asked for it and the person is no owner.
    """
    powers = powers_of(request)
    found = (
        own_rows(Export.objects.select_related("partner", "asked_by"), powers)
        .filter(pk=export_id, expires_at__gt=timezone.now())
        .order_by("pk")
        .first()
    )
    if found is None:
        raise Http404
    mine = found.asked_by_id == signed_in(request).pk
    if not powers.has(EDITORS if mine else OWNERS, found.partner_id):
        raise PermissionDenied
    return found


def _listed(request: HttpRequest) -> list[Export]:
    """Return the exports that the person may fetch, newest first."""
    powers = powers_of(request)
    there = Export.objects.filter(expires_at__gt=timezone.now()).select_related("asked_by")
    mine = own_rows(there, powers, EDITORS).filter(asked_by=signed_in(request))
    return list((mine | own_rows(there, powers, OWNERS)).order_by("-pk")[:MOST_LISTED])


def _export(
    request: HttpRequest, partner: Partner, given: dict[str, Any], file_format: FileFormat
) -> HttpResponseBase:
    """Write a short table while the person waits; queue a long one and lead to its page."""
    at, by_id = timezone.now(), signed_in(request).pk
    ids = list(customers.wanted(partner, given, at=at)[: asking.MOST_AT_ONCE + 1])
    if len(ids) > asking.MOST_AT_ONCE:
        export = asking.ask(
            partner=partner,
            given=given,
            file_format=file_format,
            by_id=by_id,
            at=at,
            address=address(request),
        )
        return redirect(f"admin:{NAME}_result", export.pk)
    asking.log_at_once(
        partner=partner,
        given=given,
        file_format=file_format,
        rows=len(ids),
        by_id=by_id,
        address=address(request),
    )
    columns, rows = customers.columns(), customers.rows_of(ids, partner=partner, at=at)
    name = f"customers-{timezone.localtime(at, partner.zone()):%Y-%m-%d}.{file_format.lower()}"
    if file_format == FileFormat.XLSX:
        target = TemporaryFile()  # noqa: SIM115 - the answer closes it when it is sent
        write_xlsx(target, columns, rows, title=_("Customers"))
        target.seek(0)
        return FileResponse(
            target, as_attachment=True, filename=name, content_type=TYPES[file_format]
        )
    answer = StreamingHttpResponse(csv_chunks(columns, rows), content_type=TYPES[file_format])
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _page(model_admin: Any, request: HttpRequest, title: str, parent: str = "") -> dict[str, Any]:
    return {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "crumbs": [*model_admin.crumbs(), (title, parent)],
        "opts": model_admin.opts,
    }


def _list_address(request: HttpRequest) -> str:
    words = request.GET.copy()
    words.pop(PLACE, None)
    return f"{reverse(LIST)}?{words.urlencode()}"


def shown(row: Export) -> Shown:
    """Return an export as a page shows it; one that the queue gave up on has failed."""
    state = ExportState.FAILED if asking.is_given_up(row) else ExportState(row.state)
    size = 0
    if state == ExportState.DONE:
        try:
            size = making.file_of(row).stat().st_size
        except FileNotFoundError:
            state = ExportState.FAILED
    return Shown(
        row=row,
        state=state,
        words=str(state.label),
        address=reverse(f"admin:{NAME}_result", args=[row.pk]),
        file_address=reverse(f"admin:{NAME}_file", args=[row.pk]),
        size=size,
    )
