"""A place is offered by e-mail, gives no right until it is accepted, and runs out."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clubs.models import Manager, Partner, Role, StaffMember
from loyalty.audit.models import AuditEvent
from loyalty.users.models import User
from staff import invitations
from tests.admin.desk import at_desk, errors, submit, told
from tests.cast import make_cast, make_manager
from tests.wallet.test_accounts import sign_in_by_code

pytestmark = pytest.mark.django_db
ADD_MANAGER = "/admin/clubs/manager/add/"
NOW = timezone.now()


def invited(cast, user, *, role=Role.MANAGER, at=NOW):
    """Return a manager's row that the person has yet to accept, with its token."""
    row = Manager(partner=cast.partner, user=user, role=role)
    token = invitations.prepare(row, at=at)
    row.save()
    return row, token


def prove(user):
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


def page(row):
    return reverse("admin:clubs_manager_invitation", args=[row.pk])


@pytest.mark.req("CU3", "IV1.6")
def test_a_new_manager_accepts_by_the_mail_and_sets_up_a_second_step_first(
    django_capture_on_commit_callbacks,
):
    cast = make_cast()
    with django_capture_on_commit_callbacks(execute=True):
        submit(at_desk(cast.petra), ADD_MANAGER, email="ida@example.org", role=Role.SUPPORT)
    link = re.search(r"http://testserver(/staff/invited/\S+)", mail.outbox[0].body)[1]
    client = Client()

    at_the_door = client.get(link)
    sign_in_by_code(client, "ida@example.org", after=link)
    before = client.get("/admin/").status_code
    offer = client.get(link).content.decode()
    accepted = client.post(link)
    inside = client.get("/admin/")

    assert at_the_door["Location"].startswith("/accounts/login/?next=/staff/invited/")
    assert (before, "Harbour Group invites you" in offer) == (404, True)
    assert (accepted["Location"], inside["Location"]) == ("/admin/", reverse("mfa_index"))
    ida = User.objects.get(email="ida@example.org")
    assert (ida.is_staff, at_desk(ida).get("/admin/").status_code) == (True, 200)
    assert client.get(link).status_code == 404
    assert list(AuditEvent.objects.values_list("action", flat=True).order_by("pk")) == [
        "add",
        "accept invitation",
    ]


@pytest.mark.req("R4.1")
def test_somebody_known_gets_no_right_before_they_accept():
    cast = make_cast()
    prove(cast.noor)
    row = StaffMember(partner=cast.partner, user=cast.noor, club=cast.harbour)
    token = invitations.prepare(row, at=NOW)
    row.save()
    client = Client()
    client.force_login(cast.noor)

    before = client.get("/staff/").status_code
    done = client.post(f"/staff/invited/{token}/", follow=True)

    assert (before, done.redirect_chain, client.get("/staff/").status_code) == (
        404,
        [("/staff/", 302)],
        200,
    )


def test_the_link_opens_for_no_other_person_nor_for_an_unproven_e_mail_nor_by_pin():
    cast = make_cast()
    _row, token = invited(cast, cast.noor)
    prove(cast.mia)
    answers = []
    for user, by_pin in ((cast.mia, False), (cast.noor, False), (cast.noor, True)):
        client = Client()
        client.force_login(user)
        session = client.session
        session["by_pin"] = by_pin
        session.save()
        response = client.post(f"/staff/invited/{token}/")
        answers.append((response.status_code, "Harbour Group" in response.content.decode()))

    assert answers == [(403, False)] * 3
    assert Manager.objects.get(user=cast.noor).is_active is False


@pytest.mark.parametrize("days", [7, 30])
def test_after_seven_days_it_is_over_and_gives_its_seat_back(days):
    cast = make_cast()
    prove(cast.noor)
    Partner.objects.update(max_admin_seats=2)
    row, token = invited(cast, cast.noor, at=NOW - timedelta(days=days))

    with pytest.raises(invitations.InvitationNotFoundError):
        invitations.accept(token=token, user=cast.noor, at=NOW)
    other = submit(at_desk(cast.petra), ADD_MANAGER, email="ida@example.org", role=Role.SUPPORT)
    again = at_desk(cast.petra).post(page(row), {"do": "again"})

    assert other.status_code == 302
    assert "Your plan has no seat left." in again.content.decode()
    listed = at_desk(cast.petra).get("/admin/clubs/manager/").content.decode()
    assert ("invitation ran out" in listed, "invited, until" in listed) == (True, True)


def test_sent_again_the_former_link_is_useless_and_a_withdrawn_one_leaves_nothing(
    django_capture_on_commit_callbacks,
):
    cast = make_cast()
    prove(cast.noor)
    row, token = invited(cast, cast.noor, at=NOW - timedelta(days=3))
    petra = at_desk(cast.petra)

    with django_capture_on_commit_callbacks(execute=True):
        sent = petra.post(page(row), {"do": "again"})
    with pytest.raises(invitations.InvitationNotFoundError):
        invitations.find(token=token, user=cast.noor, at=NOW)
    fresh = re.search(r"/staff/invited/(\S+)/", mail.outbox[0].body)[1]
    found = invitations.find(token=fresh, user=cast.noor, at=NOW + timedelta(days=6))
    gone = petra.post(page(row), {"do": "withdraw"})

    assert (found.pk, told(sent), told(gone)) == (
        row.pk,
        ["An invitation is on its way to noor@example.org."],
        ["The invitation was withdrawn."],
    )
    assert Manager.objects.filter(user=cast.noor).count() == 0


def test_nobody_but_the_person_makes_an_invitation_active():
    cast = make_cast()
    row, _token = invited(cast, cast.noor)
    petra = at_desk(cast.petra)

    submit(
        petra,
        reverse("admin:clubs_manager_change", args=[row.pk]),
        role=Role.SUPPORT,
        is_active="on",
    )
    twice = submit(petra, ADD_MANAGER, email="noor@example.org", role=Role.SUPPORT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Manager.objects.filter(pk=row.pk).update(is_active=True)

    row.refresh_from_db()
    assert (row.role, row.is_active, row.is_invited) == (Role.SUPPORT, False, True)
    assert errors(twice) == (
        "This person is invited already. Send the invitation again from the list."
    )
    assert at_desk(cast.noor).get("/admin/").status_code == 404


def test_the_seat_that_was_taken_away_meanwhile_is_said():
    cast = make_cast()
    prove(cast.noor)
    row, token = invited(cast, cast.noor)
    Partner.objects.update(max_admin_seats=1)
    client = Client()
    client.force_login(cast.noor)

    response = client.post(f"/staff/invited/{token}/")

    assert (response.status_code, "There is no seat left" in response.content.decode()) == (
        409,
        True,
    )
    make_manager(cast.sam, cast.partner)
    assert at_desk(cast.petra).get(page(row)).status_code == 200
