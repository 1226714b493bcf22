"""The one module that imports the theme, so that another theme is a change in one place."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.contrib import admin
from django.utils.text import capfirst
from unfold import widgets
from unfold.enums import ActionVariant

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite, ModelAdmin, StackedInline, TabularInline
    from django.contrib.admin.views.main import ChangeList
    from django.forms.models import BaseInlineFormSet as InlineFormSet
else:
    from unfold.admin import ModelAdmin, StackedInline, TabularInline
    from unfold.forms import PaginationInlineFormSet as InlineFormSet
    from unfold.sites import UnfoldAdminSite as AdminSite
    from unfold.views import ChangeList

__all__ = [
    "NOTHING",
    "AdminSite",
    "ChangeList",
    "InlineFormSet",
    "ModelAdmin",
    "StackedInline",
    "TabularInline",
    "badge",
    "column",
    "dress",
    "name_cells",
    "page_button",
]

NOTHING = "\u2013"  # What an empty cell shows.
Column = TypeVar("Column", bound=Callable[..., Any])


def column(description: Any, *, ordering: str | None = None) -> Callable[[Column], Column]:
    """Return a decorator that makes a method a column of a list."""

    def decorate(function: Column) -> Column:
        return admin.display(function, description=description, ordering=ordering)

    return decorate


def badge(
    description: Any, colours: Mapping[str, str], *, ordering: str | None = None
) -> Callable[[Column], Column]:
    """Return a decorator for a column of badges.

    The method returns a pair of a value in ``colours`` and the words to show; a colour is one of
    info, success, warning, danger. The words say everything the colour says.
    """

    def decorate(function: Column) -> Column:
        function.label = dict(colours)  # type: ignore[attr-defined]  # how the theme is told
        return admin.display(function, description=description, ordering=ordering)

    return decorate


def page_button(description: Any, icon: str) -> Callable[[Column], Column]:
    """Return a decorator that makes a method a page of one row, with a button on its form."""

    def decorate(function: Column) -> Column:
        facts = {"short_description": description, "icon": icon, "attrs": {}}
        for name, value in {**facts, "variant": ActionVariant.DEFAULT}.items():
            setattr(function, name, value)
        return function

    return decorate


def name_cells(form: forms.BaseForm) -> None:
    """Give each field of a grid its name for those who do not see the head of its column."""
    for field in form.fields.values():
        field.widget.attrs.setdefault("aria-label", capfirst(field.label or ""))


def dress(form: forms.BaseForm, *names: str) -> None:
    """Give fields that were declared by hand (all of them if unnamed) the theme's look."""
    for name in names or tuple(form.fields):
        field = form.fields[name]
        widget = field.widget
        if widget.is_hidden:
            continue
        field.label = capfirst(field.label) if field.label else field.label
        match widget:
            case forms.RadioSelect() | forms.CheckboxSelectMultiple():
                continue
            case forms.CheckboxInput():
                classes = widgets.CHECKBOX_CLASSES
            case forms.Select():
                classes = [*widgets.SELECT_CLASSES, "d-select"]
            case forms.Textarea():
                classes = widgets.TEXTAREA_CLASSES
            case forms.FileInput():
                field.widget = widgets.UnfoldAdminImageFieldWidget()
                continue
            case _:
                classes = widgets.INPUT_CLASSES
        own = widget.attrs.get("class", "")
        widget.attrs["class"] = " ".join([*classes, own]).strip()
