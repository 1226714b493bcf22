"""Fields that appear only where they apply: told to the page by attributes, kept by the server.

A page without scripts shows every field; what does not apply is put back to its neutral value.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.db import models

ANY = "*"  # Anything but nothing.
TICKED, CLEAR = ("on",), ("",)

# For a field, which values of other fields it needs; all of them must hold.
When = Mapping[str, tuple[str, ...]]
Whens = Mapping[str, When]


def column_of(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    """Return a plain column of a table."""
    found = model._meta.get_field(name)
    assert isinstance(found, models.Field)  # noqa: S101 - these names are columns
    return found


def applies(when: When, value_of: Callable[[str], Any]) -> bool:
    """Return whether the other fields stand so that a field applies."""
    return all(_holds(text(value_of(name)), values) for name, values in when.items())


def _holds(value: str, values: tuple[str, ...]) -> bool:
    return value in values or (ANY in values and value != "")


def text(value: Any) -> str:
    """Return a value as a form sends it: nothing for no, "on" for a tick."""
    if value is None or value is False:
        return ""
    return "on" if value is True else str(getattr(value, "pk", value))


def mark(form: forms.BaseForm, whens: Whens) -> None:
    """Tell the page of each field when it applies; static/js/admin/conditional.js reads it."""
    for name, when in whens.items():
        if name in form.fields:
            clauses = [f"{other}={'|'.join(values)}" for other, values in when.items()]
            form.fields[name].widget.attrs["data-when"] = ";".join(clauses)


def settle(form: forms.ModelForm[Any], whens: Whens, names: Iterable[str]) -> None:
    """Put what does not apply back to the default of its column, whatever was typed there."""
    cleaned = form.cleaned_data
    for name in names:
        if name not in form.fields or applies(whens[name], cleaned.get):
            continue
        form.errors.pop(name, None)
        cleaned[name] = column_of(form._meta.model, name).get_default()


def need(form: forms.ModelForm[Any], whens: Whens, names: Iterable[str], message: Any) -> None:
    """Refuse an empty field where it applies, beside it."""
    for name in names:
        is_asked = name in form.fields and applies(whens[name], form.cleaned_data.get)
        if is_asked and name not in form.errors and form.cleaned_data.get(name) in {None, ""}:
            form.add_error(name, message)
