"""A small site for the scripts: the product's static files and pages behind its policy."""

import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from urllib.parse import urlsplit

from django.core.management import call_command
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.test import override_settings

STRICT = (
    "default-src 'none'; script-src 'self'{wasm}; worker-src 'self'; connect-src 'self'; "
    "style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; manifest-src 'self'"
)
WITH_WASM = STRICT.format(wasm=" 'wasm-unsafe-eval'")
WITHOUT_WASM = STRICT.format(wasm="")
LANDED = "<!DOCTYPE html><title>Landed</title><h1>Landed</h1>"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "loyalty.web.storage.StaticStorage"},
}


@dataclass
class Site:
    """A running site; tests change its policy, take files away and read what was asked for."""

    port: int
    static_folder: Path
    pages: dict[str, str]
    policy: str = WITH_WASM
    permissions: str = "camera=(self)"
    missing: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    # The entity tag of `/version/`, by which an open page sees that something changed.
    tag: str = '"1"'
    # A dead network: connections end without an answer.
    is_down: bool = False

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def transferred(self) -> dict[str, int]:
        """Return the compressed size of each static file that was asked for."""
        sizes = {}
        for path in {path for path in self.asked if path.startswith("/static/")}:
            whole = self.static_folder / path.removeprefix("/static/")
            small = whole.with_name(f"{whole.name}.br")
            sizes[path] = (small if small.exists() else whole).stat().st_size
        return sizes


def collect(folder: Path) -> Path:
    """Collect the static files into the folder as they are deployed, and return it."""
    with override_settings(STATIC_ROOT=str(folder), STORAGES=STORAGES):
        # The dashboard's own files are large, and no page here uses them.
        skipped = ["admin/*", "unfold/*", "rest_framework/*"]
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=skipped)
    return folder


def static_urls(static_folder: Path, *names: str) -> list[str]:
    """Return the addresses of static files as pages name them."""
    with override_settings(STATIC_ROOT=str(static_folder), STORAGES=STORAGES):
        return [static(name) for name in names]


def scan_page(static_folder: Path) -> str:
    """Return the scan page as staff get it."""
    context: dict[str, object] = {
        "scan_hosts": "loyal.example.com",
        "user": SimpleNamespace(name="Sam"),
        "staff_store": SimpleNamespace(name="Old Port"),
    }
    return drawn("staff/scan.html", context, static_folder)


def drawn(template: str, context: dict[str, object], static_folder: Path) -> str:
    """Return a template drawn with the hashed names of the static files."""
    with override_settings(
        STATIC_ROOT=str(static_folder), STORAGES=STORAGES, ROOT_URLCONF="tests.browser.urls"
    ):
        return str(render_to_string(template, context))


@contextmanager
def serve(static_folder: Path, pages: dict[str, str] | None = None) -> Iterator[Site]:
    """Serve the static files and pages on a free port until the block ends."""
    running = Site(0, static_folder, pages or {"/staff/scan/": scan_page(static_folder)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(running))
    running.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(running: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if running.is_down:
                self.close_connection = True
                return
            path = urlsplit(self.path).path
            running.asked.append(path)
            is_same = path == "/version/" and self.headers["If-None-Match"] == running.tag
            status, kind, body = (304, "", b"") if is_same else _answer(running, path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", running.policy)
            self.send_header("Permissions-Policy", running.permissions)
            self.send_header("Cache-Control", "no-store")
            self.send_header("ETag", running.tag)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Stay silent; the tests read `asked` instead."""

    return Handler


def _answer(running: Site, path: str) -> tuple[int, str, bytes]:
    html = "text/html; charset=utf-8"
    if any(part in path for part in running.missing):
        return 503, "text/plain", b""
    if path in running.pages:
        kind = "text/javascript" if path.endswith(".js") else html
        return 200, kind, running.pages[path].encode()
    if path.startswith(("/C/", "/R/", "/signed-out/")):
        return 200, html, LANDED.encode()
    if path == "/version/":
        return 200, "text/plain", b""
    file = running.static_folder / path.removeprefix("/static/")
    if path.startswith("/static/") and file.is_file():
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return 200, kind, file.read_bytes()
    return 404, "text/plain", b""
