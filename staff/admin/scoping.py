"""The wall of the dashboard: every row, choice, filter and look-up belongs to the own partners."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib import admin
from django.contrib.admin.options import ShowFacets
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from cards.models import Card, CustomerGroup, Product, ProductGroup, Reward, Tender, Tier
from clubs.models import Club, Partner, Role, Store, Versioned
from loyalty.audit import record
from loyalty.members.models import Member, Membership
from loyalty.web.requests import signed_in
from staff.admin.forms import VersionedForm
from staff.admin.history import history_page
from staff.admin.powers import EDITORS, EVERYONE, NOBODY, Powers, powers_of
from staff.admin.unfold_parts import ModelAdmin

Row = TypeVar("Row", bound=models.Model)

# How each table that a form may point at leads to its partner.
PARTNER_OF: Mapping[type[models.Model], str] = {
    Partner: "pk",
    Club: "partner",
    Store: "partner",
    Card: "partner",
    Tier: "partner",
    Reward: "partner",
    ProductGroup: "partner",
    Product: "partner",
    CustomerGroup: "partner",
    Tender: "partner",
    Member: "partner",
    Membership: "partner",
}
# What is of a business in which staff practise is on no list, not even a superuser's.
PRACTICE: Mapping[str, str] = {"pk": "is_practice", "partner": "partner__is_practice"}
# What the audit log never holds: personal data and secrets.
UNAUDITED = frozenset({"pin_hash", "invitation_hash", "user", "version", "created_at"})


def own_rows(
    rows: QuerySet[Row], powers: Powers, roles: Iterable[Role] = EVERYONE, path: str = "partner"
) -> QuerySet[Row]:
    """Return the rows of the partners where the person has one of the roles."""
    if powers.is_all:
        return rows.filter(**{PRACTICE[path]: False}) if path in PRACTICE else rows
    return rows.filter(**{f"{path}__in": powers.partner_ids(frozenset(roles))})


def own_choices(model: type[Row], powers: Powers, roles: Iterable[Role]) -> QuerySet[Row]:
    """Return the rows of a table that a form may offer: none of a table that is not listed."""
    rows: QuerySet[Row] = model._default_manager.all()
    if model in PARTNER_OF:
        return own_rows(rows, powers, roles, PARTNER_OF[model])
    return rows if powers.is_all else rows.none()


def values_of(row: models.Model, names: Iterable[str]) -> dict[str, Any]:
    """Return these fields as the audit log holds them: ids for rows, names for files."""
    fields = {field.name: field for field in row._meta.concrete_fields}
    found: dict[str, Any] = {}
    for name in names:
        if name not in fields or name in UNAUDITED:
            continue
        value = getattr(row, fields[name].attname)
        found[name] = str(value) if isinstance(fields[name], models.FileField) else value
    return found


class OwnFilter(admin.RelatedFieldListFilter):
    """A filter by a related row that offers the own partners' rows alone."""

    def field_choices(
        self,
        field: Any,
        request: HttpRequest,
        model_admin: Any,
    ) -> Any:
        """Return the choices, sorted by their words."""
        rows = own_choices(field.related_model, powers_of(request), EVERYONE)
        return sorted(((row.pk, str(row)) for row in rows), key=lambda choice: choice[1])


class Walled:
    """What a list and an inline of a list have in common: rows, choices and rights by role."""

    model: type[models.Model]
    viewers: ClassVar[frozenset[Role]] = EVERYONE
    editors: ClassVar[frozenset[Role]] = EDITORS
    adders: ClassVar[frozenset[Role]] = EDITORS

    def partner_id_of(self, row: models.Model | None) -> int | None:
        """Return the partner a row belongs to; None for no row."""
        if row is None or row.pk is None:
            return None
        partner_id: int | None = getattr(row, "partner_id", None)
        return partner_id

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Return whether the person's role covers reading."""
        return powers_of(request).has(self.viewers, self.partner_id_of(obj))

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Return whether the person's role covers changing."""
        return powers_of(request).has(self.editors, self.partner_id_of(obj))

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Return whether the person's role covers adding."""
        return powers_of(request).has(self.adders, self.partner_id_of(obj))

    def has_delete_permission(
        self,
        request: HttpRequest,
        obj: models.Model | None = None,
    ) -> bool:
        """Return False: what has a history is archived."""
        return False

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        """Offer the rows of the own partners alone."""
        kwargs.setdefault(
            "queryset", own_choices(db_field.related_model, powers_of(request), self.editors)
        )
        field: forms.ModelChoiceField[Any] | None = super().formfield_for_foreignkey(  # type: ignore[misc]  # of the admin classes this is mixed into
            db_field, request, **kwargs
        )
        return field

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Show a plain drop-down, without the buttons that open other tables."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]  # of the admin classes this is mixed into
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field


class PartnerAdmin(Walled, ModelAdmin):  # type: ignore[type-arg]  # each list names its own model
    """A list of one table of the dashboard, behind the wall."""

    form = VersionedForm
    partner_path: ClassVar[str] = "partner"
    list_words: ClassVar[Any] = ""
    unaudited: ClassVar[frozenset[str]] = frozenset()
    change_form_template = "admin/partner_form.html"
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 200
    view_on_site = False
    warn_unsaved_form = True
    list_filter_submit = False

    def partner_id_of(self, row: models.Model | None) -> int | None:
        """Return the partner a row belongs to; for a partner, itself."""
        return row.pk if isinstance(row, Partner) else super().partner_id_of(row)

    def crumbs(self, row: models.Model | None = None, *more: Any) -> list[tuple[Any, str]]:
        """Return the way to a page: the list, the row, and words of what is done with it."""
        stem = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        title = capfirst(str(self.list_words or self.opts.verbose_name_plural))
        found = [(title, reverse(f"{stem}_changelist"))]
        if row is not None:
            own = str(row) if hasattr(row, "name") else capfirst(str(row))  # A name stays as it is.
            found.append((own, reverse(f"{stem}_change", args=[row.pk])))
        return [*found, *((words, "") for words in more)]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the list under its own name."""
        return super().changelist_view(request, {"crumbs": self.crumbs(), **(extra_context or {})})

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Show the form with the way to it."""
        row = kwargs.get("obj")
        context["crumbs"] = self.crumbs(row) if row else self.crumbs(None, _("New"))
        return super().render_change_form(request, context, *args, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows of the partners where the person may read this table."""
        rows = super().get_queryset(request)
        return own_rows(rows, powers_of(request), self.viewers, self.partner_path)

    def get_object(
        self,
        request: HttpRequest,
        object_id: str,
        from_field: str | None = None,
    ) -> Any:
        """Return a row of the own partners, locked if it is about to be saved; else 404.

        A row that the role may not read is refused with 403 by the page; a foreign one is missing.
        """
        rows = own_rows(
            self.model._default_manager.all(), powers_of(request), EVERYONE, self.partner_path
        )
        return self.found(request, object_id, rows)

    def found(self, request: HttpRequest, object_id: str, rows: QuerySet[Any]) -> Any:
        """Return one of the rows, locked if it is about to be saved.

        :raises Http404: if it is not among them.
        """
        if request.method == "POST" and connection.in_atomic_block:
            rows = rows.select_for_update(no_key=True, of=("self",))
        try:
            found = rows.filter(pk=self.opts.pk.to_python(object_id)).order_by("pk").first()
        except ValidationError:
            found = None
        if found is None:
            raise Http404
        return found

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """Allow look-ups by the filters of the list alone, so that no secret can be probed."""
        allowed: list[str] = []
        for item in self.get_list_filter(request):
            if isinstance(item, str):
                allowed.append(item)
            elif isinstance(item, Sequence):
                allowed.append(str(item[0]))
            else:
                allowed.append(str(getattr(item, "parameter_name", "")))
        return any(lookup == name or lookup.startswith(f"{name}__") for name in allowed if name)

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Return a form class that knows who asks."""
        made: Any = super().get_form(request, obj, change, **kwargs)
        made.powers = powers_of(request)
        made.editors = self.editors
        return made

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out the partner where there is no choice of one."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None and powers_of(request).only_partner_id() is None:
            return fieldsets
        return _without(fieldsets, "partner") if self.model is not Partner else fieldsets

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,
    ) -> None:
        """Save the row with its next version, and audit what changed."""
        if change and not self.has_change_permission(request, obj):
            raise PermissionDenied  # A list may hold rows of several partners.
        names = [name for name in form.changed_data if name not in self.unaudited]
        before = values_of(self._stored(obj), names) if change else {}
        if change and isinstance(obj, Versioned):
            obj.version += 1
        super().save_model(request, obj, form, change)
        if change:
            after = values_of(obj, names)
        else:
            every = [field.name for field in obj._meta.concrete_fields]
            after = values_of(obj, [name for name in every if name not in self.unaudited])
        self.audit(request, obj, "change" if change else "add", before=before, after=after)

    def _stored(self, obj: models.Model) -> models.Model:
        return self.model._default_manager.get(pk=obj.pk)

    def audit(
        self,
        request: HttpRequest,
        obj: models.Model,
        action: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Add an event to the audit log in the transaction of the page."""
        record.record(
            action=action,
            subject=obj,
            partner_id=self.partner_id_of(obj),
            actor_id=signed_in(request).pk,
            before=before,
            after=after,
        )

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the rows of an inline under the parent's partner, and audit each."""
        formset.save(commit=False)
        partner_id = self.partner_id_of(form.instance)
        before = {
            row.pk: values_of(type(row)._default_manager.get(pk=row.pk), names)
            for row, names in formset.changed_objects
        }
        self.make_room(formset)
        for row, names in formset.changed_objects:
            if isinstance(row, Versioned):
                row.version += 1
            row.save()
            self.audit_row(
                request, row, "change", partner_id, before[row.pk], values_of(row, names)
            )
        for row in formset.new_objects:
            if hasattr(row, "partner_id"):
                row.partner_id = partner_id
            row.save()
            after = values_of(row, [field.name for field in row._meta.concrete_fields])
            self.audit_row(request, row, "add", partner_id, {}, after)
        for row in formset.deleted_objects:
            self.drop_row(request, row, partner_id)
        formset.save_m2m()

    def make_room(self, formset: Any) -> None:
        """Move aside what rows would collide with while they change places."""

    def drop_row(self, request: HttpRequest, row: Any, partner_id: int | None) -> None:
        """Delete a row that was taken out of an inline, and audit it."""
        before = values_of(row, [field.name for field in row._meta.concrete_fields])
        self.audit_row(request, row, "delete", partner_id, before, {})
        row.delete()

    def audit_row(
        self,
        request: HttpRequest,
        row: models.Model,
        action: str,
        partner_id: int | None,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> None:
        """Audit a row that belongs to a parent."""
        record.record(
            action=action,
            subject=row,
            partner_id=partner_id,
            actor_id=signed_in(request).pk,
            before=before,
            after=after,
        )

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Write nothing beside the audit log."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Write nothing beside the audit log."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Write nothing beside the audit log."""

    def history_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: Any = None,
    ) -> HttpResponse:
        """Show the row's own part of the audit log."""
        return history_page(self, request, object_id)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Refuse: rows are archived; to a stranger the row is missing."""
        self.get_object(request, object_id)
        return super().delete_view(request, object_id, extra_context)


class ReadOnlyAdmin(PartnerAdmin):
    """A table that is read here and written by operations alone."""

    editors = NOBODY
    adders = NOBODY
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Return False for everybody, superusers too."""
        return False

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Return False for everybody, superusers too."""
        return False


def _without(fieldsets: Any, name: str) -> list[tuple[Any, dict[str, Any]]]:
    return [
        (title, {**options, "fields": [field for field in options["fields"] if field != name]})
        for title, options in fieldsets
    ]
