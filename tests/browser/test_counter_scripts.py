"""The counter's scripts in a real Chromium: amount and preview, one sending, undo, lock, PIN."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import site
from tests.browser.site import Site

pytestmark = pytest.mark.browser

Launch = Callable[..., Browser]
PREVIEW = {"figure": "+12 points", "why": "1 per 1.00, rounded down", "button": "Award 12 points"}


def page_with(folder: Path, body: str, *scripts: str) -> str:
    tags = "".join(
        f'<script type="module" src="{address}"></script>'
        for address in site.static_urls(folder, *scripts)
    )
    return f'<!DOCTYPE html><html lang="en"><title>Counter</title>{body}{tags}'


def amount_form(decimals: int) -> str:
    return f"""<form data-amount-form data-once data-preview-url="/preview/" action="/signed-out/">
        <label for="amount">Amount</label>
        <input id="amount" name="amount" data-amount data-decimals="{decimals}" data-digits="9">
        <p role="alert" data-amount-error data-text-junk="Digits only, please."
           data-text-decimals="Too many decimals." data-text-long="Too large." hidden></p>
        <div data-preview><b data-preview-figure></b><i data-preview-why></i></div>
        <button type="button" data-key="1">1</button><button type="button" data-key=".">.</button>
        <button type="button" data-key="back">Delete</button>
        <input name="receipt" data-preview-field value="A-1"><input type="hidden" name="secret">
        <button data-award>Award</button></form>"""


@pytest.fixture
def counter(static_folder: Path) -> Iterator[Site]:
    pages = {
        "/award/": page_with(
            static_folder, amount_form(decimals=2), "js/staff/amount.js", "js/once.js"
        ),
        "/undo/": page_with(
            static_folder,
            """<div data-undo data-seconds-left="2"><button>Undo, <span data-countdown></span> left
            </button></div><p data-undo-over hidden>The time to undo is over.</p>""",
            "js/staff/undo.js",
        ),
        "/idle/": page_with(
            static_folder,
            '<div data-idle-seconds="60" data-lock-url="/signed-out/">At the counter</div>',
            "js/staff/lock.js",
        ),
        "/pin/": page_with(
            static_folder,
            """<form data-pin-form><input type="password" aria-label="PIN" data-pin maxlength="4">
            <p data-pin-dots><i></i><i></i><i></i><i></i></p>
            <button type="button" data-key="7">7</button>
            <button type="button" data-key="back">Delete</button></form>""",
            "js/staff/pin.js",
        ),
    }
    with site.serve(static_folder, pages) as running:
        yield running


@pytest.fixture
def page(launch: Launch) -> Page:
    return launch().new_page()


def previewed(page: Page) -> list[str]:
    """Answer previews in place of the server and return what was asked."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url.partition("?")[2])
        route.fulfill(content_type="application/json", body=json.dumps(PREVIEW))

    page.route("**/preview/**", answer)
    return asked


def test_the_button_repeats_what_the_server_says_the_amount_is_worth(page: Page, counter: Site):
    asked = previewed(page)
    page.goto(counter.url("/award/"))

    page.get_by_label("Amount").press_sequentially("12,40")

    expect(page.locator("[data-award]")).to_have_text("Award 12 points")
    expect(page.locator("[data-preview-figure]")).to_have_text("+12 points")
    expect(page.locator("[data-preview-why]")).to_have_text("1 per 1.00, rounded down")
    assert asked[-1] == "amount=12.40&receipt=A-1"


def test_without_an_amount_the_button_says_what_it_said_first(page: Page, counter: Site):
    previewed(page)
    page.goto(counter.url("/award/"))
    page.get_by_label("Amount").press_sequentially("1")
    expect(page.locator("[data-award]")).to_have_text("Award 12 points")

    page.get_by_role("button", name="Delete").click()

    expect(page.locator("[data-award]")).to_have_text("Award")


def test_arabic_digits_become_an_amount(page: Page, counter: Site):
    previewed(page)
    page.goto(counter.url("/award/"))

    page.get_by_label("Amount").focus()
    page.keyboard.insert_text("\u0661\u0662\u066b\u0664\u0660")

    expect(page.get_by_label("Amount")).to_have_value("12.40")


def test_pasted_nonsense_is_refused_and_the_amount_stays(page: Page, counter: Site):
    previewed(page)
    page.goto(counter.url("/award/"))
    field = page.get_by_label("Amount")
    field.press_sequentially("12")

    page.keyboard.insert_text("1e3")

    expect(field).to_have_value("12")
    expect(page.get_by_role("alert")).to_have_text("Digits only, please.")


def test_the_keypad_keeps_to_the_currencys_decimals(page: Page, counter: Site, static_folder: Path):
    counter.pages["/award/"] = page_with(static_folder, amount_form(0), "js/staff/amount.js")
    page.goto(counter.url("/award/"))

    for key in ("1", "."):
        page.locator(f"[data-key='{key}']").click()

    expect(page.get_by_label("Amount")).to_have_value("1")


def test_a_second_press_sends_nothing(page: Page, counter: Site):
    page.goto(counter.url("/award/"))

    prevented = page.evaluate(
        """() => [1, 2].map(() => {
            const submit = new Event('submit', {cancelable: true, bubbles: true});
            document.forms[0].dispatchEvent(submit);
            return submit.defaultPrevented;
        })"""
    )

    assert prevented == [False, True]


def test_undo_counts_down_and_goes(page: Page, counter: Site):
    page.goto(counter.url("/undo/"))
    expect(page.locator("[data-countdown]")).to_contain_text("0:0")

    expect(page.locator("[data-undo]")).to_be_hidden(timeout=5000)
    expect(page.get_by_text("The time to undo is over.")).to_be_visible()


def test_a_tablet_that_is_left_alone_locks_in_every_tab(launch: Launch, counter: Site):
    context = launch().new_context()
    context.clock.install()
    first, second = context.new_page(), context.new_page()
    for tab in (first, second):
        tab.goto(counter.url("/idle/"))

    first.clock.run_for(59_000)
    expect(first.get_by_text("At the counter")).to_be_visible()
    first.clock.run_for(3_000)

    first.wait_for_url("**/signed-out/")
    second.wait_for_url("**/signed-out/")


def test_the_pin_pad_fills_its_dots(page: Page, counter: Site):
    page.goto(counter.url("/pin/"))

    for _ in range(5):
        page.get_by_role("button", name="7").click()
    expect(page.get_by_label("PIN")).to_have_value("7777")
    page.get_by_role("button", name="Delete").click()

    expect(page.locator("[data-pin-dots] .is-set")).to_have_count(3)
