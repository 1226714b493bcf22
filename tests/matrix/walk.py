"""Every route of the site, found by walking the URLconf."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True, slots=True)
class Route:
    """One address: its full name and the names of its arguments, unnamed ones as numbers."""

    name: str
    pattern: str
    arguments: tuple[str, ...]


def routes() -> list[Route]:
    """Return every route, sorted by name; one without a name is named by its pattern."""
    return sorted(_walk(get_resolver(), "", ""), key=lambda route: (route.name, route.pattern))


def _walk(resolver: URLResolver, namespace: str, prefix: str) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = ":".join(part for part in (namespace, pattern.namespace) if part)
            yield from _walk(pattern, inner, path)
        elif isinstance(pattern, URLPattern):
            name = ":".join(part for part in (namespace, pattern.name) if part)
            regex = pattern.pattern.regex
            named = tuple(sorted(regex.groupindex))
            yield Route(name or path, path, named)
