"""Who gets into the dashboard, and what strangers find there: nothing."""

import pytest
from allauth.mfa.models import Authenticator
from django.core.checks import run_checks
from django.test import Client, override_settings
from django.urls import reverse

from clubs.models import Manager, Role
from staff.checks import dashboard_needs_second_factor
from tests.admin.desk import at_desk
from tests.cast import make_cast, make_club, make_manager, make_partner, make_user

pytestmark = pytest.mark.django_db
INDEX = "/admin/"


def test_a_visitor_is_led_to_the_sign_in_and_back():
    response = Client().get("/admin/cards/card/?q=a")

    assert (response.status_code, response["Location"]) == (
        302,
        "/accounts/login/?next=/admin/cards/card/%3Fq%3Da",
    )


def test_the_sign_in_of_the_dashboard_is_the_one_of_the_site():
    response = Client().get("/admin/login/?next=/admin/cards/card/")

    assert response["Location"] == "/accounts/login/?next=/admin/cards/card/"


@pytest.mark.req("R1.1")
def test_staff_and_members_find_no_dashboard():
    cast = make_cast()

    assert [at_desk(who).get(INDEX).status_code for who in (cast.sam, cast.mia)] == [404, 404]


def test_a_manager_without_second_factor_is_led_to_set_one_up():
    cast = make_cast()
    client = at_desk(cast.petra, has_second_factor=False)

    response = client.get(INDEX, follow=True)

    assert response.redirect_chain == [(reverse("mfa_index"), 302)]
    assert "The dashboard needs a second step" in response.content.decode()


def test_a_session_that_showed_no_second_factor_is_asked_for_it():
    cast = make_cast()
    Authenticator.objects.create(
        user=cast.petra, type=Authenticator.Type.TOTP, data={"secret": "A" * 32}
    )
    client = Client()
    client.force_login(cast.petra)

    response = client.get(INDEX)

    assert response["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fadmin%2F"


def test_recovery_codes_alone_are_no_second_factor():
    cast = make_cast()
    Authenticator.objects.create(user=cast.petra, type=Authenticator.Type.RECOVERY_CODES, data={})

    response = at_desk(cast.petra, has_second_factor=False).get(INDEX)

    assert response["Location"] == reverse("mfa_index")


def test_a_person_who_came_by_pin_never_reaches_the_dashboard():
    cast = make_cast()
    client = at_desk(cast.petra)
    session = client.session
    session["by_pin"] = True
    session.save()

    response = client.get(INDEX)

    assert response.status_code == 403
    assert cast.partner.name not in response.content.decode()


def test_a_manager_who_was_switched_off_finds_nothing():
    cast = make_cast()
    client = at_desk(cast.petra)
    Manager.objects.update(is_active=False)

    assert client.get(INDEX).status_code == 404


@override_settings(ADMIN_NEEDS_SECOND_FACTOR=False)
def test_a_demo_may_open_without_second_factor_but_a_deployment_may_not():
    cast = make_cast()

    status = at_desk(cast.petra, has_second_factor=False).get(INDEX).status_code
    found = [error.id for error in run_checks(include_deployment_checks=True)]

    assert status == 200
    assert "staff.E001" in found


def test_a_deployment_with_second_factor_passes_the_check():
    assert dashboard_needs_second_factor(None) == []


def test_the_theme_s_own_pages_lead_to_ours():
    cast = make_cast()
    client = at_desk(cast.petra)

    found = {
        path: (response.status_code, response.get("Location"))
        for path in ("logout/", "password_change/", "password_change/done/", "search/?s=a")
        for response in [client.get(INDEX + path)]
    }

    assert found == {
        "logout/": (302, "/accounts/logout/"),
        "password_change/": (302, "/accounts/password/change/"),
        "password_change/done/": (302, "/accounts/password/change/"),
        "search/?s=a": (404, None),
    }


def test_nul_in_an_address_is_refused_in_words():
    cast = make_cast()

    assert at_desk(cast.petra).get("/admin/clubs/club/?status=%00").status_code == 400


@pytest.mark.parametrize("path", ["django_q/schedule/", "jobs/job/", "users/user/"])
def test_managers_see_none_of_the_machinery(path):
    cast = make_cast()
    boss = make_user("boss", is_superuser=True, is_staff=True)

    assert at_desk(cast.petra).get(INDEX + path).status_code == 403
    assert at_desk(boss).get(INDEX + path).status_code == 200


@pytest.mark.parametrize("path", ["auth/group/", "account/emailaddress/", "mfa/authenticator/"])
def test_tables_of_others_are_not_there_at_all(path):
    boss = make_user("boss", is_superuser=True, is_staff=True)

    assert at_desk(boss).get(INDEX + path).status_code == 404


def test_secrets_cannot_be_probed_by_look_ups():
    cast = make_cast()
    client = at_desk(cast.petra)

    found = [
        client.get(INDEX + path).status_code
        for path in (
            "clubs/staffmember/?pin_hash__startswith=a",
            "clubs/manager/?user__password__startswith=a",
        )
    ]
    members = client.get(INDEX + "members/membership/?totp_key__startswith=never").content.decode()

    assert found == [400, 400]
    # That list reads its own form and nothing else of an address, so nobody is left out.
    assert cast.membership.number in members


def test_a_manager_of_two_businesses_sees_both_and_no_third():
    cast = make_cast()
    second, third = make_partner("Second"), make_partner("Third")
    make_manager(cast.petra, second, Role.SUPPORT)
    for partner in (second, third):
        make_club(partner, f"Club of {partner.name}")

    body = at_desk(cast.petra).get(INDEX + "clubs/club/").content.decode()

    assert ("Club of Second" in body, "Club of Third" in body) == (True, False)
