"""A whole call at the support desk, from the sign-in to the undo, without the mouse."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.utils import timezone
from playwright.sync_api import Browser, Dialog, Locator, Page, ViewportSize, expect

from loyalty.ledger.models import Kind, Transaction
from loyalty.users.models import User
from tests import cast
from tests.browser.people import signed_in
from tests.operations.counter import buy

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
Launch = Callable[..., Browser]
MOST_STOPS = 80
PHONE = "+351912345678"
DESK: ViewportSize = {"width": 1280, "height": 900}


def called(page: Page, name: str, inside: str = "body"):
    """Return the control or link with these words."""
    place = page.locator(inside)
    found = place.get_by_role("button", name=name).or_(place.get_by_role("link", name=name))
    return found.or_(place.locator("summary", has_text=name)).first


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the control has the focus, and see that it shows it."""
    expect(wanted).to_be_visible()
    for _ in range(MOST_STOPS):
        if wanted.evaluate("one => one === document.activeElement"):
            style = wanted.evaluate(
                "one => getComputedStyle(one).outlineStyle + getComputedStyle(one).boxShadow"
            )
            assert style != "nonenone", "nothing shows where the focus is"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {wanted}")


def press(page: Page, name: str, *, inside: str = "body") -> None:
    tab_to(page, called(page, name, inside))
    page.keyboard.press("Enter")


def skip_to_content(page: Page) -> None:
    """Leave the menu behind by the first stop of the page."""
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")


def sign_in(page: Page, user: User, secret: str) -> None:
    """Sign in with password and a second factor, typed."""
    page.goto("/accounts/login/?next=/admin/members/membership/")
    press(page, "Sign in with a password")
    tab_to(page, page.locator("[name=login]"))
    page.keyboard.type(user.email)
    tab_to(page, page.locator("[name=password]"))
    page.keyboard.type(cast.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/2fa/**")
    tab_to(page, page.locator("[name=code]"))
    # The code of the next half minute, so that it is good however long the typing takes.
    *_earlier, counter = auth.yield_hotp_counters_from_time()
    page.keyboard.type(auth.format_hotp_value(auth.hotp_value(secret, counter)))
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/members/membership/**")


def find_the_caller(page: Page) -> None:
    """Type the phone as people say it; the one found opens with Enter."""
    expect(page.get_by_label("Search", exact=True)).to_be_focused()
    page.keyboard.type("912 345 678")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=912**")
    expect(page.get_by_role("link", name="Mia")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/**")


def see_why(page: Page) -> None:
    skip_to_content(page)
    press(page, "Purchase")
    page.wait_for_url("**/transactions/**")
    expect(page.get_by_text("1 point per €1.00, rounded down")).to_be_visible()
    skip_to_content(page)
    press(page, "Back to the account")
    page.wait_for_url("**/account/")


def add_five(page: Page) -> None:
    """Add five with a reason; first a slip, which is said beside the field and led to."""
    skip_to_content(page)
    press(page, "Adjust balance")
    points = page.get_by_role("dialog", name="Adjust balance").get_by_label("Points")
    expect(points).to_be_focused()
    page.keyboard.type("5x")
    page.keyboard.press("Enter")
    expect(points).to_have_attribute("aria-invalid", "true")
    expect(points).to_be_focused()
    page.keyboard.press("Escape")
    expect(called(page, "Adjust balance")).to_be_focused()
    page.keyboard.press("Enter")
    expect(points).to_be_focused()
    page.keyboard.type("5")
    page.keyboard.press("Tab")
    page.keyboard.type("good")
    press(page, "Save", inside="dialog")
    expect(page.get_by_text("The balance is 17 points now.")).to_be_visible()


def spend_ten(page: Page) -> None:
    skip_to_content(page)
    press(page, "Spend balance")
    dialog = page.get_by_role("dialog", name="Spend balance")
    expect(dialog.get_by_label("Reward")).to_be_focused()
    page.keyboard.type("Esp")
    expect(dialog.get_by_role("status")).to_have_text("7")
    press(page, "Spend", inside="dialog")
    expect(page.get_by_text("Espresso is ready for the customer.")).to_be_visible()


def undo_it(page: Page) -> None:
    skip_to_content(page)
    press(page, "More")
    press(page, "Roll back latest")
    expect(page.get_by_role("dialog", name="Roll back latest")).to_be_visible()
    page.keyboard.type("Changed their mind")
    press(page, "Roll back", inside="dialog")
    expect(page.get_by_text("Rolled back. The balance is 17 points now.")).to_be_visible()


@pytest.mark.req("CU3", "CU8", "CU11", "CU14", "CU17", "CU21", "CU24", "R11.1", "R13.1")
def test_a_whole_case_is_done_without_the_mouse(origin: str, launch: Launch, settings):
    settings.ADMIN_NEEDS_SECOND_FACTOR = True
    settings.MFA_TOTP_TOLERANCE = 1
    cast_ = cast.make_cast()
    cast.make_reward(cast_.card, "Espresso", 10)
    member = cast_.membership.member
    member.phone = PHONE
    member.save()
    buy(cast_, 1240, at=timezone.now())
    EmailAddress.objects.create(
        user=cast_.petra, email=cast_.petra.email, verified=True, primary=True
    )
    secret = auth.generate_totp_secret()
    Authenticator.objects.create(
        user=cast_.petra, type=Authenticator.Type.TOTP, data={"secret": secret}
    )
    page = signed_in(launch(), origin, None, size=DESK).new_page()

    sign_in(page, cast_.petra, secret)
    find_the_caller(page)
    see_why(page)
    add_five(page)
    spend_ten(page)
    undo_it(page)

    deeds = Transaction.objects.filter(account=cast_.membership.account).order_by("pk")
    assert [(deed.kind, deed.points, deed.result.get("reason")) for deed in deeds] == [
        (Kind.ENROLMENT, 0, None),
        (Kind.PURCHASE, 12, None),
        (Kind.ADJUSTMENT, 5, "GOODWILL"),
        (Kind.VOUCHER, -10, None),
        (Kind.REVERSAL, 10, None),
    ]


@pytest.mark.req("CU14", "CU25", "CU26", "CU31")
def test_a_dialog_on_a_phone_leads_from_a_dear_reward_to_the_balance_and_back(
    origin: str, launch: Launch
):
    cast_ = cast.make_cast()
    page = signed_in(launch(), origin, cast_.petra).new_page()
    page.goto(f"/admin/members/membership/{cast_.membership.pk}/account/")
    page.get_by_role("link", name="Spend balance").click()
    dialog = page.get_by_role("dialog", name="Spend balance")
    expect(dialog.locator("option[disabled]")).to_have_text(
        "Croissant: 200 points, 200 points missing"
    )
    # It rises for a moment; its place is the one where it ends.
    dialog.evaluate("one => Promise.all(one.getAnimations().map((rise) => rise.finished))")
    box = dialog.bounding_box()
    assert box is not None
    assert (box["x"], box["width"], box["y"] + box["height"]) == (0, 390, 844)

    dialog.get_by_role("link", name="adjust the balance").click()
    adjust = page.get_by_role("dialog", name="Adjust balance")
    expect(adjust.get_by_label("Points")).to_be_focused()
    adjust.get_by_role("link", name="Cancel").click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="Spend balance")).to_be_focused()
    assert Transaction.objects.filter(membership=cast_.membership).count() == 1


@pytest.mark.req("CU14")
def test_without_a_script_the_same_link_is_a_page(origin: str, launch: Launch):
    cast_ = cast.make_cast()
    page = signed_in(launch(), origin, cast_.petra, java_script_enabled=False).new_page()
    page.goto(f"/admin/members/membership/{cast_.membership.pk}/account/")

    page.get_by_role("link", name="Adjust balance").click()
    page.wait_for_url("**/adjust/")
    page.get_by_label("Points").fill("5")
    page.get_by_role("button", name="Save").click()

    page.wait_for_url("**/account/")
    expect(page.get_by_text("The balance is 5 points now.")).to_be_visible()


@pytest.mark.req("CU14", "CU31")
def test_what_was_typed_in_a_dialog_stays_until_its_person_lets_it_go(origin: str, launch: Launch):
    cast_ = cast.make_cast()
    page = signed_in(launch(), origin, cast_.petra).new_page()
    page.goto(f"/admin/members/membership/{cast_.membership.pk}/account/")
    called(page, "Adjust balance").click()
    dialog = page.get_by_role("dialog", name="Adjust balance")
    points = dialog.get_by_label("Points")
    points.fill("5")
    asked: list[str] = []
    answers = iter([False, True])

    def answer(question: Dialog) -> None:
        asked.append(question.message)
        question.accept() if next(answers) else question.dismiss()

    page.on("dialog", answer)
    page.route("**/adjust/", lambda route: route.fulfill(status=503, body="busy"))

    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("nothing is booked twice")
    points.press("Escape")
    expect(points).to_have_value("5")
    dialog.get_by_role("link", name="Cancel").click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert asked == ["What you typed is not saved. Close anyway?"] * 2
