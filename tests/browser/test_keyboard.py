"""Everything but the camera works from the keyboard alone."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from loyalty.ledger.models import Kind, Transaction
from tests import cast
from tests.browser.people import signed_in
from tests.operations.counter import buy

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Launch = Callable[..., Browser]
MOST_STOPS = 60


def walk_to(page: Page, name: str) -> None:
    """Press Tab until the element with this name has the focus."""
    wanted = page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).first
    expect(wanted).to_be_visible()
    for _ in range(MOST_STOPS):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {name}")


@pytest.mark.req("R4.2", "R4.5", "R13.1")
def test_staff_award_and_undo_without_a_mouse(origin: str, launch: Launch):
    cast_ = cast.make_cast()
    scan = cast_.scan(at=timezone.now())
    page = signed_in(launch(), origin, cast_.sam).new_page()
    page.goto(f"/staff/counter/{scan}/")

    expect(page.get_by_label("Purchase amount")).to_be_focused()
    page.keyboard.type("12.40")
    expect(page.get_by_role("button", name="Award 12 points")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/result/**")

    expect(page.locator("main a", has_text="Scan next")).to_be_focused()
    walk_to(page, "Undo")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/staff/result/" in url and "undo" not in url)
    expect(page.get_by_text("Undone").first).to_be_visible()

    deeds = Transaction.objects.filter(account=cast_.membership.account).order_by("pk")
    assert [deed.kind for deed in deeds] == [Kind.ENROLMENT, Kind.PURCHASE, Kind.REVERSAL]


@pytest.mark.req("R10.1", "R13.1")
def test_a_member_claims_without_a_mouse(origin: str, launch: Launch):
    cast_ = cast.make_cast()
    buy(cast_, 50_000, at=timezone.now())
    page = signed_in(launch(), origin, cast_.mia).new_page()
    page.goto(f"/wallet/cards/{cast_.membership.pk}/")

    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to main content")).to_be_focused()
    walk_to(page, "Claim")
    page.keyboard.press("Enter")

    page.wait_for_url("**/wallet/claims/**")
    expect(page.locator(".qr, [data-qr]").first).to_be_visible()
