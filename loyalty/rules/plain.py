"""Turn the values of the rules into plain JSON data and back, so that they can be stored.

What equals its default is left out: a setting that is added later changes no stored version.
"""

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Value = TypeVar("Value")


def as_data(value: Any) -> Any:
    """Return a value as what JSON can hold: dictionaries, lists, text, whole numbers, truth."""
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((one, getattr(value, one.name)) for one in fields(value))
        return {one.name: as_data(held) for one, held in pairs if held != _default(one)}
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    return value


_WRITERS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Enum, lambda value: value.value),
    (Decimal, lambda value: f"{value.normalize():f}"),
    ((datetime, date, time), lambda value: value.isoformat()),
    (Mapping, lambda value: {str(key): as_data(held) for key, held in value.items()}),
    (frozenset, lambda value: sorted(as_data(held) for held in value)),
    ((tuple, list), lambda value: [as_data(held) for held in value]),
)


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
    read = _READERS.get(get_origin(kind))
    if read is not None:
        return read(get_args(kind), data)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _read(hints[name], held) for name, held in data.items()})
    if kind in {datetime, date, time}:
        return kind.fromisoformat(data)
    return kind(data)


def _read_optional(kinds: Sequence[Any], data: Any) -> Any:
    (kind,) = (one for one in kinds if one is not type(None))
    return None if data is None else _read(kind, data)


def _read_mapping(kinds: Sequence[Any], data: Any) -> dict[Any, Any]:
    of_key, of_value = kinds
    return {of_key(key): _read(of_value, held) for key, held in data.items()}


_READERS: dict[Any, Callable[[Sequence[Any], Any], Any]] = {
    types.UnionType: _read_optional,
    tuple: lambda kinds, data: tuple(_read(kinds[0], held) for held in data),
    frozenset: lambda kinds, data: frozenset(_read(kinds[0], held) for held in data),
    Mapping: _read_mapping,
}
