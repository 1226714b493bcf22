"""A real Chromium, its fake camera, and a small site to point them at."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Playwright, sync_playwright

from tests import chromium as programs
from tests.browser import site

# Playwright runs a loop of its own in this thread; Django must not mistake it for ours.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
Launch = Callable[..., Browser]


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The Chromium of this machine; without one the browser tests fail rather than pass."""
    return programs.find_or_install()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def sandbox_words(playwright: Playwright, chromium: Path) -> tuple[str, ...]:
    """Nothing where Chromium starts in its sandbox; root often has to do without."""
    for words in ((), ("--no-sandbox",)):
        try:
            _start(playwright, chromium, words).close()
        except Error:
            if words or os.geteuid() != 0:
                raise
        else:
            return words
    raise AssertionError("unreachable")


@pytest.fixture
def launch(
    playwright: Playwright, chromium: Path, sandbox_words: tuple[str, ...]
) -> Iterator[Launch]:
    """Start a browser with more words on its command line; it ends with the test."""
    started: list[Browser] = []

    def start(*words: str) -> Browser:
        started.append(_start(playwright, chromium, (*sandbox_words, *words)))
        return started[-1]

    yield start
    for browser in started:
        browser.close()


@pytest.fixture
def film_camera(launch: Launch) -> Callable[[Path], Browser]:
    """Start a browser whose camera shows a film."""

    def start(film: Path) -> Browser:
        return launch(
            "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}"
        )

    return start


@pytest.fixture(scope="session")
def static_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static files as they are served: hashed names, compressed."""
    return site.collect(tmp_path_factory.mktemp("static"))


@pytest.fixture
def counter_site(static_folder: Path) -> Iterator[site.Site]:
    """The scan page and its files behind the policy they are served with."""
    with site.serve(static_folder) as running:
        yield running


@pytest.fixture
def origin(live_server, settings) -> str:
    """The running site, which knows its own address."""
    settings.SITE_URL = live_server.url
    settings.ALLOWED_HOSTS = ["*"]
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    settings.ADMIN_NEEDS_SECOND_FACTOR = False
    return str(live_server.url)


def _start(playwright: Playwright, program: Path, words: tuple[str, ...]) -> Browser:
    return playwright.chromium.launch(
        executable_path=program,
        headless=True,
        chromium_sandbox="--no-sandbox" not in words,
        args=[*QUIET, *(word for word in words if word != "--no-sandbox")],
    )
