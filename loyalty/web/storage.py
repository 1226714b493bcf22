"""Static files with a hash in their name, compressed once, ES module imports included."""

import posixpath
import re

from django.contrib.staticfiles import finders
from whitenoise.storage import CompressedManifestStaticFilesStorage

# What a module of ours imports; vendored ones are written the same way.
_IMPORTS = re.compile(
    r"""^(?:import|export)\b[^'"]*?['"](?P<path>\.{1,2}/[^'"]+)['"];""", re.MULTILINE
)


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Names each file after its content and rewrites the imports between modules to match."""

    support_js_module_import_aggregation = True
    # A chain of imports needs one pass per link; ours are longer than Django's default of five.
    max_post_process_passes = 12


def modules_needed_by(*entries: str) -> list[str]:
    """Return the names of these modules and of every module they import, sorted.

    A service worker that keeps a page must keep all of them, and a page may preload them.

    :raises FileNotFoundError: if one of them is not among the static files.
    """
    waiting = list(entries)
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        waiting += [
            posixpath.normpath(posixpath.join(posixpath.dirname(name), match["path"]))
            for match in _IMPORTS.finditer(_source(name))
        ]
    return sorted(found)


def _source(name: str) -> str:
    path = finders.find(name)
    if not path:
        raise FileNotFoundError(name)
    with open(path, encoding="utf-8") as file:  # noqa: PTH123  # finders hand out plain text
        return file.read()
