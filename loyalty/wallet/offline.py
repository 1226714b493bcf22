"""What makes the wallet installable and alive without a network: manifest, worker and shell."""

import hashlib
import json
from functools import lru_cache

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loyalty.web.storage import modules_needed_by

# The quiet page colours of tokens.css, light.
THEME_COLOUR = "#f5f6f8"
SHELL_TEMPLATE = "wallet/offline.html"
SHELL_FILES = (
    "css/tokens.css",
    "css/base.css",
    "css/parts.css",
    "css/wallet.css",
    "css/print.css",
    "js/display-early.js",
    "icons.svg",
    "icons/favicon.svg",
)


@require_safe
def manifest(_request: HttpRequest) -> HttpResponse:
    """Answer what a phone needs to install the wallet."""
    icons = [
        {"src": static(f"icons/{name}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        | ({"purpose": "maskable"} if "maskable" in name else {})
        for name, size in (("icon-192", 192), ("icon-512", 512), ("icon-maskable-512", 512))
    ]
    return JsonResponse(
        {
            "id": "/wallet/",
            "name": _("Loyalty cards"),
            "short_name": _("Cards"),
            "description": _("All your loyalty cards, one code away"),
            "start_url": reverse("wallet:home"),
            "scope": "/",
            "display": "standalone",
            "lang": translation.get_language() or settings.LANGUAGE_CODE,
            "dir": "rtl" if translation.get_language_bidi() else "ltr",
            "background_color": THEME_COLOUR,
            "theme_color": THEME_COLOUR,
            "icons": icons,
        },
        content_type="application/manifest+json",
        headers={"Cache-Control": "no-cache"},
    )


@require_safe
def shell(request: HttpRequest) -> HttpResponse:
    """Answer the page a phone keeps for a dead network; it is empty of people."""
    response = render(request, SHELL_TEMPLATE)
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def worker(_request: HttpRequest) -> HttpResponse:
    """Answer the service worker with what it keeps written at its top."""
    lines = _worker_head() if not settings.DEBUG else _worker_head.__wrapped__()
    return HttpResponse(
        lines,
        content_type="text/javascript; charset=utf-8",
        headers={"Cache-Control": "no-cache", "Service-Worker-Allowed": "/"},
    )


@lru_cache(maxsize=1)
def _worker_head() -> str:
    assets = sorted({static(name) for name in _shell_files()})
    content = hashlib.sha256(json.dumps(assets).encode())
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            content.update(render_to_string(SHELL_TEMPLATE).encode())
    if settings.DEBUG:
        # Without hashed names a changed file would hide behind the same address.
        for name in _shell_files():
            content.update(_source(name))
    return "\n".join(
        (
            f"const VERSION = {json.dumps(content.hexdigest()[:16])};",
            f"const ASSETS = {json.dumps(assets)};",
            f"const SHELL = {json.dumps(reverse('wallet:offline'))};",
            _source("js/sw.js").decode(),
        )
    )


def _shell_files() -> list[str]:
    return [*SHELL_FILES, *modules_needed_by("js/wallet/shell.js", "js/display.js")]


def _source(name: str) -> bytes:
    path = finders.find(name)
    if not path:
        raise FileNotFoundError(name)
    with open(path, "rb") as file:  # noqa: PTH123  # finders hand out plain text
        return file.read()
