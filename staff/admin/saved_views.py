"""Saved views of the list of customers: kept under a name, opened by a link, shared or not (CU6).

A view is read through the form of the list each time it is opened: what is no longer there is left
out, and said.
"""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clubs.access import views_for_manager
from clubs.models import Partner, SavedView
from loyalty.users.models import User
from loyalty.web.requests import signed_in
from staff.admin.forms_customers import CustomersForm
from staff.admin.powers import EDITORS, OWNERS, Powers, powers_of
from staff.admin.scoping import own_rows
from staff.admin.unfold_parts import dress

NAME = "members_membership_view"
LIST = "admin:members_membership_changelist"
MOST_VIEWS = 20  # Of one person; more than these nobody finds again.
MOST_LISTED = 50
WORDS = "q"  # The search, which a view does not keep.


class SharedWithField(forms.ModelChoiceField[Partner]):
    """A business whose managers see a view."""

    def label_from_instance(self, obj: Partner) -> str:
        """Return who they are."""
        return _("all managers of %(name)s") % {"name": obj.name}


class ViewForm(forms.Form):
    """A view's name, who else sees it, and whether the list opens with it."""

    name = forms.CharField(label=gettext_lazy("name"), max_length=40)
    shared_with = SharedWithField(
        label=gettext_lazy("Who sees it"),
        queryset=Partner.objects.none(),
        required=False,
        empty_label=gettext_lazy("only me"),
    )
    is_default = forms.BooleanField(
        label=gettext_lazy("Open the list with this view"), required=False
    )

    def __init__(
        self, *args: Any, powers: Powers, user: User, view: SavedView | None = None, **kwargs: Any
    ) -> None:
        """Offer what the person may change: of others' views only whether it opens their list."""
        super().__init__(*args, **kwargs)
        self.user, self.view = user, view
        if view is not None and not may_change(view, powers, user):
            del self.fields["name"]
        partners = own_rows(Partner.objects.order_by("name", "pk"), powers, EDITORS, "pk")
        if "name" not in self.fields or not powers.has(EDITORS):
            del self.fields["shared_with"]
        else:
            field = self.fields["shared_with"]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - declared above
            field.queryset = partners
        dress(self)

    def clean_name(self) -> str:
        """Refuse a second view of one name, and more views than a person may have."""
        name: str = self.cleaned_data["name"]
        owner = self.view.user if self.view else self.user
        others = SavedView.objects.filter(user=owner).exclude(pk=self.view.pk if self.view else 0)
        if others.filter(name=name).exists():
            raise ValidationError(_("There is a view of this name already."), code="unique")
        if self.view is None and others.count() >= MOST_VIEWS:
            words = _("You have %(most)s views. Delete one first.") % {"most": MOST_VIEWS}
            raise ValidationError(words, code="full")
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A saved view as the list shows it."""

    name: str
    address: str
    edit_address: str
    is_current: bool
    is_shared: bool


def may_change(view: SavedView, powers: Powers, user: User) -> bool:
    """Return whether this person may rename and delete a view: its maker, and owners."""
    return view.user_id == user.pk or powers.has(OWNERS, view.shared_with_id)


def urls(model_admin: Any) -> list[Any]:
    """Return the addresses of the saved views."""
    view = model_admin.admin_site.admin_view

    def add(request: HttpRequest) -> HttpResponse:
        return add_page(model_admin, request)

    def edit(request: HttpRequest, view_id: int) -> HttpResponse:
        return edit_page(model_admin, request, view_id)

    return [
        path("views/add/", view(add), name=f"{NAME}_add"),
        path("views/<key:view_id>/", view(open_view), name=NAME),
        path("views/<key:view_id>/edit/", view(edit), name=f"{NAME}_edit"),
    ]


def add_page(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Save the filter of the address under a name."""
    powers, user = powers_of(request), signed_in(request)
    narrowing = CustomersForm(request.GET, powers=powers)
    kept = filter_of(narrowing)
    if not narrowing.is_valid() or not kept:
        return redirect(f"{reverse(LIST)}?{request.GET.urlencode()}")
    data = request.POST if request.method == "POST" else None
    form = ViewForm(data, powers=powers, user=user)
    if form.is_valid():
        with transaction.atomic():
            view = SavedView.objects.create(
                user=user,
                name=form.cleaned_data["name"],
                shared_with=form.cleaned_data.get("shared_with"),
                filter=kept,
            )
            _set_default(view, user, is_default=form.cleaned_data["is_default"])
        messages.success(request, _("The view is saved."))
        return redirect(f"admin:{NAME}", view.pk)
    extra = {"chosen": narrowing.chosen(), "has_words": bool(request.GET.get(WORDS, "").strip())}
    return _page(model_admin, request, form, _("Save this view"), extra)


def open_view(request: HttpRequest, view_id: int) -> HttpResponse:
    """Lead to the list as the view narrows it."""
    return redirect(address_of(request, _own(request, view_id)))


def edit_page(model_admin: Any, request: HttpRequest, view_id: int) -> HttpResponse:
    """Rename, share, delete a view, or make it the own default.

    :raises PermissionDenied: if somebody else's view shall be deleted.
    """
    view = _own(request, view_id)
    powers, user = powers_of(request), signed_in(request)
    is_mine = may_change(view, powers, user)
    if request.method == "POST" and "delete" in request.POST:
        if not is_mine:
            raise PermissionDenied
        view.delete()
        messages.success(request, _("The view is deleted. Nobody's data changed."))
        return redirect(f"{reverse(LIST)}?{WORDS}=")
    initial = {
        "name": view.name,
        "shared_with": view.shared_with_id,
        "is_default": view.default_of.filter(pk=user.pk).exists(),
    }
    data = request.POST if request.method == "POST" else None
    form = ViewForm(data, powers=powers, user=user, view=view, initial=initial)
    if form.is_valid():
        with transaction.atomic():
            view.name = form.cleaned_data.get("name", view.name)
            view.shared_with = form.cleaned_data.get("shared_with", view.shared_with)
            view.save()
            _set_default(view, user, is_default=form.cleaned_data["is_default"])
        messages.success(request, _("Saved."))
        return redirect(f"admin:{NAME}", view.pk)
    narrowing = CustomersForm(view.filter, powers=powers)
    narrowing.is_valid()
    extra = {"chosen": narrowing.chosen(), "can_delete": is_mine, "view": view}
    return _page(model_admin, request, form, view.name, extra)


def filter_of(form: CustomersForm) -> dict[str, str]:
    """Return the filters of a form that are set, as they were typed, without the search."""
    data = form.data
    return {
        name: str(data[name]) for name in form.fields if name != WORDS and data.get(name, "") != ""
    }


def address_of(request: HttpRequest, view: SavedView) -> str:
    """Return the list as a view narrows it, and say what of the view is no longer there."""
    form = CustomersForm(view.filter, powers=powers_of(request))
    form.is_valid()
    # In the order of the form, whatever order a database keeps them in.
    names = [name for name in form.fields if name in view.filter and name not in form.errors]
    kept = {name: view.filter[name] for name in names}
    gone = [str(capfirst(form.fields[name].label or name)) for name in form.errors]
    if gone:
        words = _("This is no longer there and was left out of the view: %(filters)s.")
        messages.warning(request, words % {"filters": ", ".join(gone)})
    query = QueryDict(mutable=True)
    query.update({WORDS: "", **kept})
    return f"{reverse(LIST)}?{query.urlencode()}"


def default_of(request: HttpRequest) -> SavedView | None:
    """Return the view with which this person's list opens, if there is one."""
    user = signed_in(request)
    mine = views_for_manager(user=user).filter(default_of=user)
    return mine.order_by("pk").first()


def links(request: HttpRequest, form: CustomersForm) -> list[Link]:
    """Return the person's views, own ones first; one statement."""
    user = signed_in(request)
    now = filter_of(form)
    rows = list(views_for_manager(user=user).order_by("name", "pk")[:MOST_LISTED])
    return [
        Link(
            name=row.name,
            address=reverse(f"admin:{NAME}", args=[row.pk]),
            edit_address=reverse(f"admin:{NAME}_edit", args=[row.pk]),
            is_current=bool(now) and row.filter == now,
            is_shared=row.shared_with_id is not None,
        )
        for row in sorted(rows, key=lambda row: row.user_id != user.pk)
    ]


def _own(request: HttpRequest, view_id: int) -> SavedView:
    """Return a view that this person may open.

    :raises Http404: if there is none.
    """
    found = views_for_manager(user=signed_in(request)).filter(pk=view_id).order_by("pk").first()
    if found is None:
        raise Http404
    return found


def _set_default(view: SavedView, user: User, *, is_default: bool) -> None:
    """Make the list of this person open with the view, or not."""
    if is_default:
        user.default_views.set([view])
    else:
        view.default_of.remove(user)


def _page(
    model_admin: Any, request: HttpRequest, form: ViewForm, title: str, extra: dict[str, Any]
) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "crumbs": [*model_admin.crumbs(), (title, "")],
        "opts": model_admin.opts,
        "form": form,
        **extra,
    }
    status = 422 if form.is_bound else 200
    return render(request, "admin/saved_view.html", context, status=status)
