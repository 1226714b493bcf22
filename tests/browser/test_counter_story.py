"""A whole visit with a real browser on both sides of the counter, and a camera between them."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from loyalty.ledger.models import Kind, Transaction
from tests import cast
from tests.browser import clips
from tests.browser.people import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PATIENCE_MS = 20_000
FilmCamera = Callable[[Path], Browser]
Launch = Callable[..., Browser]


def picture_of_code(page: Page) -> Image.Image:
    """Return what the member holds before the camera: the code as the page draws it."""
    shown = page.locator("[data-qr], .qr").first
    expect(shown).to_be_visible(timeout=PATIENCE_MS)
    return Image.open(io.BytesIO(shown.screenshot(scale="css")))


def scan(page: Page) -> None:
    page.goto("/staff/scan/")
    page.wait_for_url("**/staff/counter/**", timeout=PATIENCE_MS)


@pytest.mark.req("R4.3", "R7.2", "R10.1", "R10.2", "R11.1", "R12.2", "PA1.1")
def test_scan_award_claim_and_undo(
    origin: str, launch: Launch, film_camera: FilmCamera, tmp_path: Path
):
    cast_ = cast.make_cast()
    cast.make_reward(cast_.card, "Espresso", 10)
    phone = signed_in(launch(), origin, cast_.mia).new_page()
    phone.goto(f"/wallet/cards/{cast_.membership.pk}/")
    film = clips.film(tmp_path / "card.mjpeg", picture_of_code(phone), clips.Scene())

    till = signed_in(film_camera(film), origin, cast_.sam).new_page()
    scan(till)
    till.get_by_label("Purchase amount").fill("12.40")
    award = till.get_by_role("button", name="Award 12 points")
    expect(award).to_be_visible(timeout=PATIENCE_MS)
    award.click()
    till.wait_for_url("**/staff/result/**")
    expect(till.get_by_text("+12").first).to_be_visible()
    expect(phone.locator("[data-balance]")).to_have_text("12", timeout=2_500)

    phone.get_by_role("button", name="Claim").first.click()
    phone.wait_for_url("**/wallet/claims/**")
    film = clips.film(tmp_path / "claim.mjpeg", picture_of_code(phone), clips.Scene())
    till = signed_in(film_camera(film), origin, cast_.sam).new_page()
    scan(till)
    till.get_by_role("button", name="Hand out").click()
    till.wait_for_url("**/staff/result/**")
    expect(till.get_by_text("Espresso").first).to_be_visible()

    till.get_by_role("button", name="Undo").click()
    till.wait_for_url("**/staff/result/**")
    deeds = Transaction.objects.filter(account=cast_.membership.account).order_by("pk")
    assert [(deed.kind, deed.points) for deed in deeds] == [
        (Kind.ENROLMENT, 0),
        (Kind.PURCHASE, 12),
        (Kind.REDEMPTION, -10),
        (Kind.REVERSAL, 10),
    ]


@pytest.mark.req("R7.1")
def test_the_card_shows_its_code_with_the_network_off(origin: str, launch: Launch):
    cast_ = cast.make_cast()
    context = signed_in(launch(), origin, cast_.mia)
    phone = context.new_page()
    phone.goto(f"/wallet/cards/{cast_.membership.pk}/")
    phone.wait_for_function("navigator.serviceWorker.controller || navigator.serviceWorker.ready")
    phone.wait_for_load_state("networkidle")

    context.set_offline(True)
    phone.reload()

    expect(phone.locator("[data-qr], .qr").first).to_be_visible(timeout=PATIENCE_MS)
    expect(phone.get_by_text("Mia").first).to_be_visible()
