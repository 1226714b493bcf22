"""Events of the audit log in words: what was done, and each field before and after."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.audit.models import AuditEvent
from loyalty.users.models import User
from loyalty.web.money import count
from staff.admin.unfold_parts import NOTHING

# What the log calls deeds, for the reader; what is not here stands as it is.
ACTIONS: dict[str, Any] = {
    "accept invitation": gettext_lazy("accepted the invitation"),
    "add": gettext_lazy("added"),
    "adjustment": gettext_lazy("adjusted the balance"),
    "approve adjustment": gettext_lazy("approved an adjustment"),
    "archive": gettext_lazy("archived"),
    "ask for adjustment": gettext_lazy("asked for an adjustment"),
    "change": gettext_lazy("changed"),
    "change facts": gettext_lazy("changed personal facts"),
    "decline adjustment": gettext_lazy("declined an adjustment"),
    "delete": gettext_lazy("deleted"),
    "drop": gettext_lazy("gave up"),
    "export": gettext_lazy("exported"),
    "publish": gettext_lazy("published"),
    "refund": gettext_lazy("refunded"),
    "replace code": gettext_lazy("replaced the code"),
    "reversal": gettext_lazy("undid a transaction"),
    "seen": gettext_lazy("looked at"),
    "send invitation again": gettext_lazy("sent the invitation again"),
    "set PIN": gettext_lazy("set a PIN"),
    "sign in": gettext_lazy("signed in"),
    "status": gettext_lazy("changed the standing"),
    "tier change": gettext_lazy("changed the tier"),
    "withdraw adjustment": gettext_lazy("withdrew an adjustment"),
    "withdraw invitation": gettext_lazy("withdrew the invitation"),
}
# Names in the log that are no columns of the row it is about.
FIELDS: dict[str, Any] = {
    "balance": gettext_lazy("balance"),
    "credit_minor": gettext_lazy("credit, in the smallest coin"),
    "status": gettext_lazy("status"),
    "tier": gettext_lazy("tier"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field with what it was and what it became."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event in words."""

    action: str
    changes: list[Change]


def action_words(action: str) -> str:
    """Return what was done."""
    return str(ACTIONS.get(action, action))


def kind_words(kind: str) -> str:
    """Return what sort of row an event is about."""
    model = model_of(kind)
    return kind if model is None else str(model._meta.verbose_name)


def model_of(kind: str) -> type[models.Model] | None:
    """Return the table that an event is about, if there is one still."""
    try:
        return apps.get_model(kind)
    except (LookupError, ValueError):
        return None


def told_of(events: Iterable[AuditEvent]) -> dict[int, Told]:
    """Return events in words by key; one statement for each table that their fields point at."""
    listed = list(events)
    names = _names(listed)
    return {
        event.pk: Told(action=action_words(event.action), changes=_changes(event, names))
        for event in listed
    }


def _changes(event: AuditEvent, names: dict[tuple[type[models.Model], Any], str]) -> list[Change]:
    columns = _columns(event)
    keys = [*event.before, *(key for key in event.after if key not in event.before)]
    return [
        Change(
            field=_label(columns.get(key), key),
            before=_value(columns.get(key), event.before.get(key), names),
            after=_value(columns.get(key), event.after.get(key), names),
        )
        for key in keys
    ]


def _columns(event: AuditEvent) -> dict[str, Any]:
    model = model_of(event.kind)
    if model is None:
        return {}
    return {column.name: column for column in model._meta.concrete_fields}


def _label(column: Any, key: str) -> str:
    if column is None:
        return str(FIELDS.get(key, key.replace("_", " ")))
    return str(column.verbose_name)


def _value(column: Any, value: Any, names: dict[tuple[type[models.Model], Any], str]) -> str:
    """Return a stored value as a person says it."""
    if value is None or value == "":
        return NOTHING
    if column is not None and column.is_relation:
        return names.get((column.related_model, value), f"{column.verbose_name} {value}")
    if column is not None and column.choices:
        return str(dict(column.flatchoices).get(value, value))
    return _plain(value)


def _plain(value: Any) -> str:
    """Return a value of no list and no other table in words; the log holds what JSON does."""
    match value:
        case bool():
            return _("yes") if value else _("no")
        case int():
            return count(value)
        case list():
            return ", ".join(_plain(one) for one in value) or NOTHING
        case dict():
            return ", ".join(f"{key}: {_plain(one)}" for key, one in value.items()) or NOTHING
        case _:
            return _moment(str(value))


def _moment(text: str) -> str:
    """Return a stored moment or day as the reader writes it, other texts as they are."""
    try:
        at = parse_datetime(text) if "T" in text else None
        day = parse_date(text) if at is None else None
    except ValueError:
        return text
    if at is not None and at.tzinfo is not None:
        return date_format(localtime(at), "SHORT_DATETIME_FORMAT")
    return date_format(day, "SHORT_DATE_FORMAT") if day is not None else text


def _names(events: list[AuditEvent]) -> dict[tuple[type[models.Model], Any], str]:
    """Return the names of the rows that fields of these events point at."""
    wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
    for event in events:
        columns = _columns(event)
        for side in (event.before, event.after):
            for key, value in side.items():
                column = columns.get(key)
                if column is not None and column.is_relation and value is not None:
                    wanted[column.related_model].add(value)
    return {
        (model, row.pk): _name(row)
        for model, keys in wanted.items()
        for row in model._default_manager.filter(pk__in=keys)
    }


def _name(row: models.Model) -> str:
    return row.get_full_name() if isinstance(row, User) else str(row)
