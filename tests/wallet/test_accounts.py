"""Sign-up and sign-in by code, what they link, and the person's own page."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.test import Client, override_settings
from django.urls import reverse

from loyalty.audit.models import AuditEvent
from loyalty.members.models import ConsentSource, Member, Membership
from loyalty.operations import enrolments, guests
from loyalty.operations.enrolments import Consent, Person
from loyalty.users.models import User
from tests.cast import PASSWORD, deed
from tests.wallet.reading import attribute, main_text, text

pytestmark = pytest.mark.django_db
LANGUAGES = [("en", "English"), ("de", "Deutsch")]


def mailed_code():
    return re.search(r"^([A-Z0-9]{4}-[A-Z0-9]{4})$", mail.outbox[-1].body, re.MULTILINE)[1]


def sign_up(client, email="new@example.org", after="", **fields):
    form = {"name": "  Nia   van Dam ", "email": email, "consent": "on"} | fields
    return client.post(
        reverse("account_signup"), {**form, **({"next": after} if after else {})}, follow=True
    )


def confirm(client):
    return client.post(
        reverse("account_email_verification_sent"), {"code": mailed_code()}, follow=True
    )


def sign_in_by_code(client, email, after=""):
    target = {"next": after} if after else {}
    client.post(reverse("account_request_login_code"), {"email": email, **target})
    return client.post(
        reverse("account_confirm_login_code"), {"code": mailed_code(), **target}, follow=True
    )


def guest(cast, email, card=None):
    return enrolments.enrol_at_counter(
        deed=deed(cast.sam, store=cast.old_port),
        card_id=(card or cast.card).pk,
        person=Person(first_name="Nia", email=email),
        consent=Consent(version="2026-11", source=ConsentSource.COUNTER),
    )


def prove(user):
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


@pytest.mark.req("R5.3")
def test_a_visitor_signs_up_with_a_code_and_lands_in_an_empty_wallet(client):
    sign_up(client)

    response = confirm(client)

    user = User.objects.get(email="new@example.org")
    assert (user.name, user.language, user.has_usable_password()) == ("Nia van Dam", "en", False)
    assert response.redirect_chain[-1][0] == reverse("wallet:home")
    assert "No cards yet" in main_text(response)


@pytest.mark.req("R5.3")
def test_the_way_from_a_poster_through_sign_up_ends_on_one_tap(cast, client):
    sign_up(client, after=f"/join/{cast.card.pk}/")

    page = confirm(client)

    assert page.redirect_chain[-1][0] == f"/join/{cast.card.pk}/"
    assert 'name="consent"' not in page.content.decode()
    request_id = attribute(page, 'name="request_id" value')
    client.post(page.redirect_chain[-1][0], {"request_id": request_id})
    member = Member.objects.get(user__email="new@example.org")
    assert (member.first_name, member.last_name) == ("Nia", "van Dam")
    assert member.privacy_version == settings.PRIVACY_VERSION
    assert member.consent_source == ConsentSource.SELF


def test_the_agreement_at_sign_up_is_written_down(client):
    sign_up(client)

    event = AuditEvent.objects.get(action="accept privacy text")
    assert event.object_id == User.objects.get().pk
    assert event.after == {"privacy_version": settings.PRIVACY_VERSION}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"consent": ""}, "Without this no account can be opened."),
        ({"name": ""}, "This field is required."),
        ({"name": "\u200b \u202e"}, "This field is required."),
        ({"name": "a\x00b"}, "Null characters are not allowed."),
        ({"name": "x" * 81}, "Ensure this value has at most 80 characters"),
        ({"email": "nobody"}, "Enter a valid email address."),
    ],
)
def test_a_sign_up_with_nonsense_is_refused_beside_the_field(client, fields, message):
    response = sign_up(client, **fields)

    assert message in text(response)
    assert User.objects.count() == 0
    assert mail.outbox == []


def test_sign_up_with_a_known_e_mail_tells_nothing_and_makes_nobody(cast, client):
    prove(cast.mia)
    known = sign_up(client, email=cast.mia.email)
    unknown = sign_up(Client(), email="else@example.org")

    assert known.redirect_chain == unknown.redirect_chain
    assert User.objects.filter(email=cast.mia.email).count() == 1


def test_a_password_may_be_set_at_sign_up(client):
    sign_up(client, password1="correct horse battery")
    confirm(client)
    client.logout()

    response = client.post(
        reverse("account_login"), {"login": "new@example.org", "password": PASSWORD}, follow=True
    )

    assert response.redirect_chain[-1][0] == reverse("wallet:home")


@pytest.mark.req("R5.3")
def test_confirming_the_e_mail_brings_the_card_from_the_counter(cast, client):
    held = guest(cast, "new@example.org")
    sign_up(client)
    held.member.refresh_from_db()
    before = held.member.user

    response = confirm(client)

    held.member.refresh_from_db()
    assert before is None
    assert held.member.user == User.objects.get(email="new@example.org")
    assert "Harbour Coffee" in main_text(response)


@pytest.mark.req("R5.3")
def test_a_sign_in_code_brings_what_was_opened_since(cast, client):
    prove(cast.noor)
    held = guest(cast, cast.noor.email)

    sign_in_by_code(client, cast.noor.email)

    held.member.refresh_from_db()
    assert held.member.user == cast.noor


def test_a_password_proves_no_e_mail(cast, client):
    prove(cast.noor)
    held = guest(cast, cast.noor.email)

    client.post(reverse("account_login"), {"login": cast.noor.email, "password": PASSWORD})

    held.member.refresh_from_db()
    assert client.get(reverse("wallet:home")).status_code == 200
    assert held.member.user is None


def test_a_second_address_brings_nothing_of_the_first(cast, client):
    """An unproven main address must not be taken for proven because another one is."""
    held = guest(cast, cast.noor.email)
    client.force_login(cast.noor)
    client.post(reverse("account_email"), {"action_add": "", "email": "other@example.org"})
    confirm(client)

    held.member.refresh_from_db()
    assert EmailAddress.objects.get(email="other@example.org").verified
    assert held.member.user is None


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_nobody_is_led_away_from_this_site(cast, client, target):
    prove(cast.noor)

    response = sign_in_by_code(client, cast.noor.email, after=target)

    assert [url for url, _status in response.redirect_chain] == ["/go/", "/wallet/"]


def test_after_sign_in_the_page_that_was_wanted_opens(cast, client):
    prove(cast.mia)
    wanted = reverse("wallet:card", args=[cast.membership.pk])

    response = sign_in_by_code(client, cast.mia.email, after=wanted)

    assert [url for url, _status in response.redirect_chain] == [wanted]


def link_for(cast, member_email=""):
    held = guest(cast, member_email)
    made = guests.make_link(
        deed=deed(cast.sam, store=cast.old_port, at=_now()), membership_id=held.pk
    )
    return held, reverse("wallet:link", args=[made.token])


def _now():
    from django.utils import timezone  # noqa: PLC0415 - the link's minutes run from now

    return timezone.now()


@pytest.mark.req("R5.3")
def test_a_one_time_link_moves_the_card_after_a_question(cast, noor):
    held, address = link_for(cast)

    asked = noor.get(address)
    held.member.refresh_from_db()
    before = held.member.user
    done = noor.post(address, follow=True)

    held.member.refresh_from_db()
    assert "You are signed in as noor@example.org." in main_text(asked)
    assert before is None
    assert held.member.user == cast.noor
    assert "Harbour Coffee" in main_text(done)


def test_a_link_is_good_for_one_person(cast, noor, mia, browser_of):
    held, address = link_for(cast)
    noor.post(address)

    late = browser_of(cast.tess).post(address)

    held.member.refresh_from_db()
    assert late.status_code == 404
    assert "This link was used or is too old." in main_text(late)
    assert held.member.user == cast.noor


def test_a_link_for_somebody_who_is_known_here_is_refused(cast, mia):
    held, address = link_for(cast)

    response = mia.post(address)

    held.member.refresh_from_db()
    assert response.status_code == 409
    assert held.member.user is None


@pytest.mark.parametrize("token", ["nonsense", "0" * 26, "x" * 300])
def test_a_link_nobody_made_is_refused(noor, token):
    assert noor.post(f"/wallet/link/{token}/").status_code == 404


def test_a_link_asks_for_a_sign_in_first(cast, client):
    _held, address = link_for(cast)

    assert client.get(address).url == f"/accounts/login/?next={address}"
    assert client.post(address).status_code == 302


def test_people_change_their_name(cast, noor):
    response = noor.post(reverse("wallet:profile"), {"name": " Noor  Al-Rashid "}, follow=True)

    cast.noor.refresh_from_db()
    assert cast.noor.name == "Noor Al-Rashid"
    assert "Saved." in main_text(response)


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\x00b"])
def test_a_name_that_is_none_is_refused_and_the_old_one_stays(cast, noor, name):
    response = noor.post(reverse("wallet:profile"), {"name": name})

    cast.noor.refresh_from_db()
    assert response.status_code == 422
    assert cast.noor.name == "Noor"
    assert 'class="field-error"' in response.content.decode()


@override_settings(LANGUAGES=LANGUAGES)
def test_people_choose_their_language_and_this_browser_remembers(cast, noor):
    response = noor.post(reverse("wallet:profile"), {"name": "Noor", "language": "de"})

    cast.noor.refresh_from_db()
    assert cast.noor.language == "de"
    assert response.cookies[settings.LANGUAGE_COOKIE_NAME].value == "de"


@override_settings(LANGUAGES=LANGUAGES)
def test_signing_in_brings_the_language_along(cast, client):
    prove(cast.noor)
    User.objects.filter(pk=cast.noor.pk).update(language="de")

    sign_in_by_code(client, cast.noor.email)

    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "de"


def test_the_account_page_leads_to_every_way_of_signing_in(noor):
    body = noor.get(reverse("wallet:profile")).content.decode()

    for name in ("account_email", "account_change_password", "mfa_index"):
        assert f'href="{reverse(name)}"' in body
    assert f'<form method="post" action="{reverse("account_logout")}" data-sign-out>' in body


def test_every_sign_out_form_brings_the_script_that_forgets(noor):
    for name in ("wallet:profile", "account_logout"):
        body = noor.get(reverse(name)).content.decode()
        assert "data-sign-out" in body
        assert "js/wallet/offline.js" in body


def test_nobody_gets_a_card_by_signing_up_alone(client):
    sign_up(client)
    confirm(client)

    assert Membership.objects.count() == 0
