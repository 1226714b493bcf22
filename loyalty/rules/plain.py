"""Turn the values of the rules into plain JSON data and back, so that they can be stored.

What equals its default is left out: a setting that is added later changes no stored version.
"""

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Value = TypeVar("Value")


def as_data(value: Any) -> Any:
    """Return a value as what JSON can hold: dictionaries, lists, text, whole numbers, truth."""
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((one, getattr(value, one.name)) for one in fields(value))
        return {one.name: as_data(held) for one, held in pairs if held != _default(one)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): as_data(held) for key, held in value.items()}
    if isinstance(value, frozenset):
        return sorted(as_data(held) for held in value)
    if isinstance(value, (tuple, list)):
        return [as_data(held) for held in value]
    return value


def from_data(kind: type[Value], data: Any) -> Value:
    """Return the value of a dataclass that ``as_data`` made this data of.

    :raises KeyError: TypeError: ValueError: if the data was made of something else.
    """
    found: Value = _read(kind, data)
    return found


def _default(one: "Field[Any]") -> Any:
    return one.default_factory() if one.default_factory is not MISSING else one.default


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, data: Any) -> Any:
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        if data is None:
            return None
        (kind,) = (one for one in get_args(kind) if one is not type(None))
        return _read(kind, data)
    if origin is tuple:
        return tuple(_read(get_args(kind)[0], held) for held in data)
    if origin is frozenset:
        return frozenset(_read(get_args(kind)[0], held) for held in data)
    if origin is Mapping:
        of_key, of_value = get_args(kind)
        return {of_key(key): _read(of_value, held) for key, held in data.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _read(hints[name], held) for name, held in data.items()})
    if kind in {datetime, date, time}:
        return kind.fromisoformat(data)
    return kind(data)
