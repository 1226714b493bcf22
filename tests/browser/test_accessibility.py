"""Every page that can be opened, judged by axe in light and dark, and measured for its width."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from tests import javascript
from tests.browser.people import signed_in
from tests.matrix.asking import address
from tests.matrix.dashboard import FIGURES
from tests.matrix.expected import EXPECTED
from tests.matrix.rows import Row
from tests.matrix.world import CANARY, Side, make_side

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
Launch = Callable[..., Browser]
WIDTHS = (320, 768, 1280)
SERIOUS = {"serious", "critical"}
NO_PAGES = {
    # Not pages: files, figures for scripts, parts of pages, and words for machines.
    "site:manifest", "site:sw", "web:healthz", "web:readyz", "web:media", "wallet:look",
    "wallet:looks", "wallet:version", "wallet:fragment", "wallet:claim_state", "staff:preview",
    "staff:pay_preview", "staff:rest_preview", "staff:refund_preview", "admin:jsi18n",
    "admin:cards_card_poster", "admin:cards_card_numbers_csv", "admin:cards_card_numbers_pdf",
    "admin:clubs_store_door_poster", "admin:imports_upload_template",
    "admin:imports_upload_errors", *(f"admin:figures_{name}_csv" for name in FIGURES),
}  # fmt: skip
PEOPLE = ("anonymous", "member", "staff", "owner")


@pytest.fixture(scope="module")
def axe() -> str:
    javascript.install_tools()
    return javascript.AXE.read_text(encoding="utf-8")


def pages_of(person: str) -> dict[str, Row]:
    """Return the pages that this person opens; each page is looked at by one of its people."""
    first = {
        name: next((one for one in PEOPLE if one in row.allowed), None)
        for name, row in EXPECTED.items()
        if row.method == "get" and name not in NO_PAGES and 200 in row.good
    }
    return {name: EXPECTED[name] for name, one in first.items() if one == person}


def user_of(person: str, side: Side):
    return None if person == "anonymous" else getattr(side, person)


def findings(page: Page) -> list[str]:
    """Return axe's serious findings, no rule switched off."""
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in SERIOUS
    ]


@pytest.mark.req("R13.1")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("person", PEOPLE)
def test_axe_finds_nothing_serious(person, scheme, origin: str, launch: Launch, axe: str):
    side = make_side(CANARY)
    context = signed_in(
        launch(), origin, user_of(person, side), color_scheme=scheme, bypass_csp=True
    )
    context.add_init_script(axe)
    page = context.new_page()
    wrong: dict[str, list[str]] = {}

    for name, row in pages_of(person).items():
        page.goto(address(name, row, side), wait_until="load")
        assert person == "anonymous" or "/accounts/" not in page.url
        if found := findings(page):
            wrong[name] = found

    assert wrong == {}, json.dumps(wrong, indent=1)


@pytest.mark.req("R4.2")
@pytest.mark.parametrize("person", PEOPLE)
def test_no_page_is_wider_than_its_screen(person, origin: str, launch: Launch):
    side = make_side(CANARY)
    page = signed_in(launch(), origin, user_of(person, side)).new_page()
    wide: list[str] = []

    for name, row in pages_of(person).items():
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(address(name, row, side), wait_until="load")
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append(f"{name} at {width}")

    assert wide == []


def test_axe_would_find_a_picture_without_words(origin: str, launch: Launch, axe: str):
    page = signed_in(launch(), origin, None, bypass_csp=True).new_page()
    page.goto("/")
    page.evaluate("document.querySelector('main').append(new Image())")
    page.add_script_tag(content=axe)

    assert findings(page) == ["image-alt: <img>"]
