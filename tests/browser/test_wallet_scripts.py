"""The member's scripts in a real Chromium: rotating code, live balance, dead network."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from loyalty.web.storage import modules_needed_by
from tests.browser import site
from tests.browser.site import Site

pytestmark = pytest.mark.browser

CODE = "7Q2M9XK4T0ZN"
KEY = b"12345678901234567890".hex()
CARD = {
    "owner": "mia",
    "code": CODE,
    "key": KEY,
    "site": "https://loyal.example.com",
    "serverMs": 0,
    "firstName": "Mia",
    "cardName": "Harbour Coffee",
    "balance": "340 points",
    "brand": "#0f6e4f",
    "onBrand": "#ffffff",
}
Launch = Callable[..., Browser]


def card_page(folder: Path, *, points: int = 340, owner: str = "mia") -> str:
    script, offline = site.static_urls(folder, "js/wallet/card.js", "js/wallet/offline.js")
    data = json.dumps({**CARD, "serverMs": time.time() * 1000, "owner": owner})
    return f"""<!DOCTYPE html><html lang="en"><title>Card</title>
        <div data-version-url="/version/" data-version='"1"' data-fragment-url="/fragment/"
             data-sw-url="/sw.js">
          <div data-live="balance"><span data-balance data-value="{points}">{points}</span></div>
          <svg data-qr role="img"><title>Your code</title></svg>
          <p data-code-countdown data-text="new code in {{seconds}} s"></p>
          <form data-sign-out action="/signed-out/"><button>Sign out</button></form>
        </div>
        <script type="application/json" id="wallet-card">{data}</script>
        <script type="module" src="{script}"></script>
        <script type="module" src="{offline}"></script>"""


def claim_page(folder: Path, *, seconds: int) -> str:
    (script,) = site.static_urls(folder, "js/wallet/claim.js")
    return f"""<!DOCTYPE html><html lang="en"><title>Claim</title>
        <div data-version-url="/version/" data-version='"1"' data-server-ms="1000"
             data-expires-ms="{1000 + seconds * 1000}" data-done-url="/signed-out/">
          <svg data-qr data-qr-text="HTTPS://LOYAL.EXAMPLE.COM/R/0123456789ABCDEFGHJKMNPQRS"></svg>
          <p data-claim-countdown data-text="{{time}} left"></p>
        </div>
        <script type="module" src="{script}"></script>"""


def shell_page(folder: Path) -> str:
    (script,) = site.static_urls(folder, "js/wallet/shell.js")
    return f"""<!DOCTYPE html><html lang="en"><title>Offline</title>
        <main data-kept hidden data-brand>
          <h1 data-field="cardName"></h1><p data-field="firstName"></p>
          <p data-field="balance"></p><p data-field="code"></p><p data-field="host"></p>
          <p data-field="asOf" data-text="as of {{time}}"></p>
          <svg data-qr></svg><p data-code-countdown data-text="new code in {{seconds}} s"></p>
        </main>
        <p data-none-kept hidden>No card is kept on this phone.</p>
        <script type="module" src="{script}"></script>"""


def service_worker(folder: Path) -> str:
    assets = site.static_urls(folder, *modules_needed_by("js/wallet/shell.js"))
    source = (Path(__file__).parents[2] / "static" / "js" / "sw.js").read_text()
    lines = [
        "const VERSION = 'one';",
        f"const ASSETS = {json.dumps(assets)};",
        "const SHELL = '/wallet/offline/';",
    ]
    return "\n".join([*lines, source])


@pytest.fixture
def wallet(static_folder: Path) -> Iterator[Site]:
    """The wallet's pages."""
    pages = {
        "/wallet/card/": card_page(static_folder),
        "/wallet/claim/": claim_page(static_folder, seconds=300),
        "/wallet/offline/": shell_page(static_folder),
        "/fragment/": card_page(static_folder, points=352),
        "/sw.js": service_worker(static_folder),
    }
    with site.serve(static_folder, pages) as running:
        yield running


def kept_for_offline(page: Page, name: str) -> None:
    """Wait until the worker keeps its files and the phone keeps this person's card alone."""
    kept = page.evaluate(
        """async (name) => {
            const names = () => new Promise((resolve) => {
                const open = indexedDB.open('loyalty-wallet');
                open.onsuccess = () => {
                    const all = open.result.transaction('cards').objectStore('cards').getAll();
                    all.onsuccess = () => {
                        open.result.close();
                        resolve(all.result.map((card) => card.firstName).join());
                    };
                };
            });
            await navigator.serviceWorker.ready;
            for (let tries = 0; tries < 100; tries += 1) {
                // Opening a database that is not there would make an empty one.
                const isThere = (await indexedDB.databases()).length > 0;
                const isCached = await caches.match('/wallet/offline/');
                if (isThere && isCached && (await names()) === name) {
                    return name;
                }
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
            return names();
        }""",
        name,
    )
    assert kept == name


def test_the_code_on_the_card_is_drawn_and_counts_down(launch: Launch, wallet: Site):
    page = launch().new_page()
    page.goto(wallet.url("/wallet/card/"))

    expect(page.locator("svg[data-qr]")).to_have_attribute("viewBox", "0 0 37 37")
    expect(page.locator("svg[data-qr] title")).to_have_text("Your code")
    expect(page.locator("[data-code-countdown]")).to_contain_text("new code in")


def test_the_code_changes_every_thirty_seconds(launch: Launch, wallet: Site):
    page = launch().new_page(service_workers="block")
    # The server's clock does not jump with the page's, and would set it right again.
    page.route("**/version/", lambda route: route.abort())
    page.clock.install()
    page.goto(wallet.url("/wallet/card/"))
    symbol = page.locator("svg[data-qr]")
    step = int(symbol.get_attribute("data-step", timeout=5000) or 0)

    page.clock.run_for(30_000)

    expect(symbol).to_have_attribute("data-step", str(step + 1))


def test_an_open_card_shows_an_award_within_two_seconds(launch: Launch, wallet: Site):
    page = launch().new_page()
    page.goto(wallet.url("/wallet/card/"))
    expect(page.locator("svg[data-qr]")).to_have_attribute("viewBox", "0 0 37 37")

    wallet.tag = '"2"'

    expect(page.locator("[data-balance]")).to_have_text("352", timeout=3000)
    assert "/fragment/" in wallet.asked


def test_a_used_claim_leads_to_its_result(launch: Launch, wallet: Site):
    page = launch().new_page()
    page.goto(wallet.url("/wallet/claim/"))
    expect(page.locator("[data-claim-countdown]")).to_contain_text(" left")

    wallet.tag = '"2"'

    page.wait_for_url("**/signed-out/", timeout=5000)


def test_a_claim_whose_time_is_over_leaves_its_page(
    launch: Launch, wallet: Site, static_folder: Path
):
    wallet.pages["/wallet/claim/"] = claim_page(static_folder, seconds=1)
    page = launch().new_page()
    page.goto(wallet.url("/wallet/claim/"))

    page.wait_for_url("**/signed-out/", timeout=5000)


def test_with_the_network_off_the_card_shows_a_working_code(launch: Launch, wallet: Site):
    page = launch().new_page()
    page.goto(wallet.url("/wallet/card/"))
    kept_for_offline(page, "Mia")

    wallet.is_down = True
    page.goto(wallet.url("/wallet/card/"))

    kept = page.locator("[data-kept]")
    expect(kept.locator("[data-field=firstName]")).to_have_text("Mia")
    expect(kept.locator("[data-field=balance]")).to_have_text("340 points")
    expect(kept.locator("[data-field=code]")).to_have_text("7Q2M 9XK4 T0ZN")
    expect(kept.locator("[data-field=host]")).to_have_text("loyal.example.com")
    expect(kept.locator("[data-field=asOf]")).to_contain_text("as of")
    expect(kept.locator("svg[data-qr]")).to_have_attribute("viewBox", "0 0 37 37")


def test_nothing_of_the_person_is_in_the_cache(launch: Launch, wallet: Site):
    page = launch().new_page()
    page.goto(wallet.url("/wallet/card/"))
    kept_for_offline(page, "Mia")

    cached = page.evaluate(
        """async () => {
            const found = [];
            for (const name of await caches.keys()) {
                const cache = await caches.open(name);
                for (const request of await cache.keys()) {
                    const text = await (await cache.match(request)).text();
                    found.push([new URL(request.url).pathname, text.includes('Mia')]);
                }
            }
            return found;
        }"""
    )

    assert "/wallet/offline/" in [path for path, _ in cached]
    assert [path for path, names_her in cached if names_her] == []
    assert [
        path for path, _ in cached if not path.startswith(("/static/", "/wallet/offline/"))
    ] == []


def test_signing_out_forgets_the_card(launch: Launch, wallet: Site):
    page = launch().new_page()
    page.goto(wallet.url("/wallet/card/"))
    kept_for_offline(page, "Mia")

    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/signed-out/*")

    names = "async () => [(await indexedDB.databases()).map((d) => d.name), await caches.keys()]"
    assert page.evaluate(names) == [[], []]


def test_another_persons_card_replaces_what_was_kept(
    launch: Launch, wallet: Site, static_folder: Path
):
    page = launch().new_page()
    page.goto(wallet.url("/wallet/card/"))
    kept_for_offline(page, "Mia")
    changed = (
        card_page(static_folder, owner="noor").replace("Mia", "Noor").replace(CODE, "10101010101M")
    )
    wallet.pages["/wallet/card/"] = changed
    page.goto(wallet.url("/wallet/card/"))
    kept_for_offline(page, "Noor")

    wallet.is_down = True
    page.goto(wallet.url("/wallet/card/"))

    expect(page.locator("[data-field=firstName]")).to_have_text("Noor")
    expect(page.locator("select[data-cards]")).to_have_count(0)
