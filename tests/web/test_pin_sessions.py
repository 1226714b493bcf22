"""What a session that a PIN made cannot open: four digits prove too little."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import make_cast


def by_pin(user) -> Client:
    client = Client()
    client.force_login(user)
    session = client.session
    session["by_pin"] = True
    session.save()
    return client


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    ["admin:index", "wallet:home", "wallet:profile", "account_email", "account_change_password",
     "mfa_index", "mfa_add_webauthn", "mfa_activate_totp", "account_reauthenticate"],
)  # fmt: skip
def test_a_pin_opens_the_counter_and_nothing_personal(name):
    cast = make_cast()

    answer = by_pin(cast.sam).get(reverse(name))

    assert answer.status_code == 403
    assert "needs a full sign-in" in answer.content.decode()


@pytest.mark.django_db
def test_a_pin_joins_no_card():
    cast = make_cast()

    answer = by_pin(cast.sam).post(reverse("site:join", args=[cast.card.pk]))

    assert answer.status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["staff:home", "account_logout", "site:home"])
def test_a_pin_opens_the_counter_and_the_way_out(name):
    cast = make_cast()

    assert by_pin(cast.sam).get(reverse(name)).status_code == 200
