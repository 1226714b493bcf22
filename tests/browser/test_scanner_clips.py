"""The scan page in a real Chromium whose camera shows films of codes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import clips
from tests.browser.site import WITHOUT_WASM, Site

pytestmark = pytest.mark.browser

CODE = "7Q2M9XK4T0ZN"
TEXT = f"HTTPS://LOYAL.EXAMPLE.COM/C/{CODE}/512345"
PATH = f"/C/{CODE}/512345"
TOKEN = "0123456789ABCDEFGHJKMNPQRS"
PATIENCE_MS = 15_000

FilmCamera = Callable[[Path], Browser]
Launch = Callable[..., Browser]

SCENES = {
    "clean": clips.Scene(),
    "rotated": clips.Scene(turn=33),
    "upside down": clips.Scene(turn=180),
    "small": clips.Scene(width=clips.width_for(TEXT, 3)),
    "blurred": clips.Scene(width=clips.width_for(TEXT, 6), blur=2.8),
    "low light": clips.Scene(light=0.10, noise=9),
    "perspective": clips.Scene(width=420, tilt=48),
    "dark mode": clips.Scene(is_inverted=True),
    "low contrast": clips.Scene(contrast=0.12),
    "finger on a corner": clips.Scene(has_finger=True),
    "everything at once": clips.Scene(
        width=clips.width_for(TEXT, 4), turn=20, tilt=30, light=0.35, blur=1.1
    ),
}


def permitted(browser: Browser, site: Site) -> BrowserContext:
    context = browser.new_context(viewport={"width": 390, "height": 780})
    context.grant_permissions(["camera"], origin=site.url(""))
    return context


def opened(context: BrowserContext, site: Site) -> Page:
    page = context.new_page()
    page.goto(site.url("/staff/scan/"))
    return page


def screen(page: Page, name: str) -> None:
    """Wait until the page shows this screen and no other."""
    expect(page.locator("[data-scan]")).to_have_attribute("data-screen", name, timeout=PATIENCE_MS)
    expect(page.locator(f"[data-state~={name}]").first).to_be_visible()
    others = page.locator(f"section[data-state]:visible:not([data-state~={name}])")
    expect(others).to_have_count(0)


def fail_camera(page: Page, name: str) -> None:
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => "
        f"Promise.reject(new DOMException('stand-in', '{name}'))"
    )


@pytest.mark.req("R12.1")
@pytest.mark.parametrize("name", SCENES)
def test_a_code_before_the_camera_opens_its_card(
    name: str, film_camera: FilmCamera, counter_site: Site, tmp_path: Path
):
    film = clips.film(tmp_path / "film.mjpeg", clips.symbol(TEXT), SCENES[name])
    page = opened(permitted(film_camera(film), counter_site), counter_site)

    page.wait_for_url(f"**{PATH}", timeout=PATIENCE_MS)

    assert page.title() == "Landed"


def test_a_claim_before_the_camera_opens_its_page(
    film_camera: FilmCamera, counter_site: Site, tmp_path: Path
):
    picture = clips.symbol(f"HTTPS://LOYAL.EXAMPLE.COM/R/{TOKEN}")
    film = clips.film(tmp_path / "film.mjpeg", picture, clips.Scene())
    page = opened(permitted(film_camera(film), counter_site), counter_site)

    page.wait_for_url(f"**/R/{TOKEN}", timeout=PATIENCE_MS)


def test_a_foreign_code_is_named_and_leads_nowhere(
    film_camera: FilmCamera, counter_site: Site, tmp_path: Path
):
    picture = clips.symbol(f"HTTPS://EVIL.EXAMPLE/C/{CODE}/512345")
    film = clips.film(tmp_path / "film.mjpeg", picture, clips.Scene())
    page = opened(permitted(film_camera(film), counter_site), counter_site)

    said = "This is not one of our codes. Nothing was booked."
    expect(page.locator("[data-hint=foreign]")).to_contain_text(said, timeout=PATIENCE_MS)
    expect(page.locator("[data-announce]")).to_have_text(said)
    assert page.url == counter_site.url("/staff/scan/")


def test_an_empty_counter_is_never_read_as_a_code(
    film_camera: FilmCamera, counter_site: Site, tmp_path: Path
):
    film = clips.film(tmp_path / "film.mjpeg", None, clips.Scene())
    page = opened(permitted(film_camera(film), counter_site), counter_site)

    expect(page.locator("[data-hint=slow]")).to_be_visible(timeout=PATIENCE_MS)
    assert page.url == counter_site.url("/staff/scan/")


@pytest.mark.req("R12.2")
def test_a_covered_lens_offers_the_light_where_there_is_one(
    film_camera: FilmCamera, counter_site: Site, tmp_path: Path
):
    film = clips.film(tmp_path / "film.mjpeg", None, clips.Scene(light=0.02))
    context = permitted(film_camera(film), counter_site)
    context.add_init_script(
        "MediaStreamTrack.prototype.getCapabilities = () => ({torch: true});"
        "MediaStreamTrack.prototype.applyConstraints = async (wish) => { window.wish = wish };"
    )
    page = opened(context, counter_site)

    light = page.locator("[data-hint=dark] [data-action=torch]")
    light.click(timeout=PATIENCE_MS)

    expect(page.locator(".scan-tools [data-action=torch]")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert page.evaluate("window.wish") == {"advanced": [{"torch": True}]}


def test_the_fake_camera_has_no_lamp_and_none_is_offered(
    film_camera: FilmCamera, counter_site: Site, tmp_path: Path
):
    film = clips.film(tmp_path / "film.mjpeg", None, clips.Scene())
    page = opened(permitted(film_camera(film), counter_site), counter_site)

    screen(page, "scanning")

    expect(page.locator("[data-action=torch]:visible")).to_have_count(0)


def test_without_permission_a_button_comes_first_and_a_refusal_has_its_own_screen(
    launch: Launch, counter_site: Site
):
    browser = launch("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream=deny")
    page = opened(browser.new_context(), counter_site)

    button = page.locator("section[data-state=start] [data-action=open]")
    if button.is_visible():
        button.click()

    screen(page, "denied")
    expect(page.get_by_label("Or type the code")).to_be_visible()


def test_a_device_without_a_camera_has_its_own_screen(launch: Launch, counter_site: Site):
    page = permitted(launch(), counter_site).new_page()
    fail_camera(page, "NotFoundError")
    page.goto(counter_site.url("/staff/scan/"))

    screen(page, "missing")


def test_a_camera_in_use_has_its_own_screen_and_can_be_tried_again(
    film_camera: FilmCamera, counter_site: Site, tmp_path: Path
):
    film = clips.film(tmp_path / "film.mjpeg", clips.symbol(TEXT), clips.Scene())
    page = permitted(film_camera(film), counter_site).new_page()
    page.add_init_script(
        "const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        "let calls = 0; navigator.mediaDevices.getUserMedia = (wish) => (calls++ ? real(wish)"
        " : Promise.reject(new DOMException('stand-in', 'NotReadableError')))"
    )
    page.goto(counter_site.url("/staff/scan/"))
    screen(page, "busy")

    page.locator("section[data-state=busy] [data-action=open]").click()

    page.wait_for_url(f"**{PATH}", timeout=PATIENCE_MS)


def test_a_policy_against_cameras_has_its_own_screen(launch: Launch, counter_site: Site):
    counter_site.permissions = "camera=()"
    page = opened(launch("--use-fake-device-for-media-stream").new_context(), counter_site)

    screen(page, "blocked")


def test_an_insecure_address_has_its_own_screen(launch: Launch, counter_site: Site):
    browser = launch("--host-resolver-rules=MAP till.example 127.0.0.1")
    page = browser.new_context().new_page()
    page.goto(f"http://till.example:{counter_site.port}/staff/scan/")

    screen(page, "insecure")


def test_a_decoder_that_cannot_be_loaded_has_its_own_screen(
    film_camera: FilmCamera, counter_site: Site, tmp_path: Path
):
    counter_site.missing = {"/js/scan/worker."}
    film = clips.film(tmp_path / "film.mjpeg", None, clips.Scene())
    page = opened(permitted(film_camera(film), counter_site), counter_site)

    screen(page, "undecodable")
    expect(page.get_by_label("Or type the code")).to_be_visible()


@pytest.mark.req("R12.1")
@pytest.mark.parametrize("trouble", ["blocked", "lost"])
def test_without_the_quick_engine_the_other_one_reads_alone(
    trouble: str, film_camera: FilmCamera, counter_site: Site, tmp_path: Path
):
    if trouble == "blocked":
        counter_site.policy = WITHOUT_WASM
    else:
        counter_site.missing = {".wasm"}
    film = clips.film(tmp_path / "film.mjpeg", clips.symbol(TEXT), clips.Scene())
    page = permitted(film_camera(film), counter_site).new_page()
    page.add_init_script("window.addEventListener('scan', (e) => e.preventDefault(), true)")
    page.goto(counter_site.url("/staff/scan/"))

    page.wait_for_url(f"**{PATH}", timeout=PATIENCE_MS)


def test_a_slow_reader_is_told_so(film_camera: FilmCamera, counter_site: Site, tmp_path: Path):
    counter_site.policy = WITHOUT_WASM
    film = clips.film(tmp_path / "film.mjpeg", None, clips.Scene())
    page = opened(permitted(film_camera(film), counter_site), counter_site)

    expect(page.locator("[data-notice=slow-reader]")).to_be_visible(timeout=PATIENCE_MS)


def test_the_network_going_and_coming_stops_and_starts_the_camera(
    film_camera: FilmCamera, counter_site: Site, tmp_path: Path
):
    film = clips.film(tmp_path / "film.mjpeg", None, clips.Scene())
    context = permitted(film_camera(film), counter_site)
    page = opened(context, counter_site)
    screen(page, "scanning")

    context.set_offline(True)
    screen(page, "offline")
    context.set_offline(False)

    screen(page, "scanning")


@pytest.mark.req("R12.2")
def test_a_code_typed_by_hand_is_grouped_checked_and_opened(launch: Launch, counter_site: Site):
    page = opened(launch().new_context(), counter_site)
    field = page.get_by_label("Or type the code")

    field.press_sequentially("7q2m9xk4tozb")
    expect(field).to_have_value("7Q2M 9XK4 T0ZB")
    expect(page.get_by_role("alert")).to_have_text(
        "Something is mistyped: the check character does not fit."
    )
    field.press("Backspace")
    field.press_sequentially("n")
    field.press("Enter")

    page.wait_for_url(f"**/C/{CODE}")


def test_a_hardware_scanner_is_heard_anywhere_on_the_page(launch: Launch, counter_site: Site):
    page = opened(launch().new_context(), counter_site)
    screen(page, "missing" if page.locator("[data-state=missing]").is_visible() else "start")

    page.evaluate(
        """(text) => {
            for (const key of [...text, 'Enter']) {
                document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
            }
        }""",
        TEXT,
    )

    page.wait_for_url(f"**{PATH}")


@pytest.mark.req("R12.2")
def test_a_code_in_a_picture_is_read(launch: Launch, counter_site: Site, tmp_path: Path):
    picture = tmp_path / "photo.png"
    next(clips.frames(clips.symbol(TEXT), clips.Scene(turn=12))).save(picture)
    page = opened(launch().new_context(), counter_site)

    page.locator("input[data-picture]").set_input_files(picture)

    page.wait_for_url(f"**{PATH}", timeout=PATIENCE_MS)


def test_a_picture_without_a_code_says_so(launch: Launch, counter_site: Site, tmp_path: Path):
    picture = tmp_path / "photo.png"
    clips.counter().save(picture)
    page = opened(launch().new_context(), counter_site)

    page.locator("input[data-picture]").set_input_files(picture)

    expect(page.locator("[data-picture-result]")).to_have_text(
        "No code was found in the picture. Take it closer and straight from above.",
        timeout=PATIENCE_MS,
    )


def test_the_same_card_is_not_read_again_while_it_lies_there(
    film_camera: FilmCamera, counter_site: Site, tmp_path: Path
):
    film = clips.film(tmp_path / "film.mjpeg", clips.symbol(TEXT), clips.Scene())
    context = permitted(film_camera(film), counter_site)
    context.add_init_script(
        f"sessionStorage.setItem('scan.last', JSON.stringify({{key: '{CODE}', atMs: Date.now()}}))"
    )
    page = opened(context, counter_site)
    screen(page, "scanning")

    page.wait_for_url(f"**{PATH}", timeout=PATIENCE_MS)

    seen_after_ms = page.evaluate(
        "Date.now() - JSON.parse(sessionStorage.getItem('scan.last')).atMs"
    )
    assert seen_after_ms >= 0


@pytest.mark.req("R12.3")
def test_the_scanner_is_small_and_asks_no_other_host(
    film_camera: FilmCamera, counter_site: Site, tmp_path: Path
):
    film = clips.film(tmp_path / "film.mjpeg", clips.symbol(TEXT), clips.Scene())
    context = permitted(film_camera(film), counter_site)
    hosts: set[str] = set()
    troubles: list[str] = []
    context.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    context.on("console", lambda said: troubles.append(said.text))
    page = opened(context, counter_site)
    page.wait_for_url(f"**{PATH}", timeout=PATIENCE_MS)

    scripts = {
        path: size
        for path, size in counter_site.transferred().items()
        if path.endswith((".js", ".wasm"))
    }
    assert hosts == {counter_site.host}
    assert [trouble for trouble in troubles if "Content Security Policy" in trouble] == []
    assert any(path.endswith(".wasm") for path in scripts)
    assert sum(scripts.values()) <= 400_000
