"""Staff and managers: added by e-mail, invited, counted, switched off."""

import pytest
from django.core import mail
from django.urls import reverse

from clubs.models import Manager, Partner, Role, StaffMember
from loyalty.audit.models import AuditEvent
from loyalty.users.models import User
from staff import people
from tests.admin.desk import at_desk, errors, submit, told
from tests.cast import make_cast, make_manager, make_user

pytestmark = pytest.mark.django_db
ADD_STAFF = "/admin/clubs/staffmember/add/"
ADD_MANAGER = "/admin/clubs/manager/add/"


def manager_page(row):
    return reverse("admin:clubs_manager_change", args=[row.pk])


@pytest.mark.req("R4.1")
def test_staff_are_added_by_e_mail_and_invited(django_capture_on_commit_callbacks):
    cast = make_cast()

    with django_capture_on_commit_callbacks(execute=True):
        submit(
            at_desk(cast.petra),
            ADD_STAFF,
            email="Ida@Example.org",
            name="Ida",
            club=cast.harbour.pk,
        )

    row = StaffMember.objects.get(user__email="ida@example.org")
    assert (row.club_id, row.partner_id, row.user.name, row.user.is_staff, row.is_active) == (
        cast.harbour.pk,
        cast.partner.pk,
        "Ida",
        False,
        False,
    )
    assert not row.user.has_usable_password()
    (letter,) = mail.outbox
    assert letter.to == ["ida@example.org"]
    assert letter.subject == "Harbour Group: your invitation"
    assert "http://testserver/staff/invited/" in letter.body


@pytest.mark.req("R4.1")
def test_staff_without_a_club_cannot_be_saved():
    cast = make_cast()

    response = submit(at_desk(cast.petra), ADD_STAFF, email="ida@example.org", club="")

    assert errors(response) == "This field is required."
    assert not User.objects.filter(email="ida@example.org").exists()


def test_a_person_works_in_a_club_once():
    cast = make_cast()

    response = submit(at_desk(cast.petra), ADD_STAFF, email="sam@example.org", club=cast.harbour.pk)

    assert errors(response) == "This person works in the club already."


def test_the_pin_of_a_colleague_can_be_forgotten_but_never_read():
    cast = make_cast()
    row = StaffMember.objects.get(user=cast.sam)
    row.set_pin("1234")
    row.save()
    client = at_desk(cast.petra)
    page = reverse("admin:clubs_staffmember_change", args=[row.pk])

    assert row.pin_hash not in client.get(page).content.decode()
    submit(client, page, forgets_pin="on")

    assert StaffMember.objects.get(pk=row.pk).pin_hash == ""
    assert "pin" not in str(AuditEvent.objects.get().after)


@pytest.mark.req("IV1.6")
def test_one_manager_more_than_the_plan_has_seats_is_refused_and_invitations_take_seats():
    cast = make_cast()
    Partner.objects.update(max_admin_seats=2)
    client = at_desk(cast.petra)

    first = submit(client, ADD_MANAGER, email="ida@example.org", role=Role.SUPPORT)
    response = submit(client, ADD_MANAGER, email="eva@example.org", role=Role.SUPPORT)

    assert first.status_code == 302
    assert errors(response) == (
        "Your plan allows 2 managers. Switch one off, or ask for a larger plan."
    )
    assert Manager.objects.count() == 2
    assert not User.objects.filter(email="eva@example.org").exists()


def test_a_manager_who_is_switched_off_loses_the_dashboard():
    cast = make_cast()
    row = make_manager(cast.sam, cast.partner, Role.MANAGER)

    submit(at_desk(cast.petra), manager_page(row), is_active=None)

    assert User.objects.get(pk=cast.sam.pk).is_staff is False
    assert at_desk(cast.sam).get("/admin/").status_code == 404


@pytest.mark.parametrize("changed", [{"role": Role.MANAGER}, {"is_active": None}])
def test_the_last_owner_stays(changed):
    cast = make_cast()
    row = Manager.objects.get(user=cast.petra)

    response = submit(at_desk(cast.petra), manager_page(row), **changed)

    assert errors(response) == "The business needs one owner at least."
    assert Manager.objects.get(pk=row.pk).role == Role.OWNER


def test_a_letter_that_cannot_leave_is_said_and_the_person_stays(
    settings, django_capture_on_commit_callbacks
):
    cast = make_cast()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    with django_capture_on_commit_callbacks(execute=True):
        response = submit(
            at_desk(cast.petra), ADD_STAFF, email="ida@example.org", club=cast.harbour.pk
        )

    assert response.status_code == 302
    assert StaffMember.objects.filter(user__email="ida@example.org").exists()
    assert "Give ida@example.org this link: http://testserver/staff/invited/" in told(response)[-1]


def test_superusers_keep_the_dashboard_without_a_manager_row():
    boss = make_user("boss", is_superuser=True, is_staff=True)

    people.follow_manager_rows(boss.pk)

    assert User.objects.get(pk=boss.pk).is_staff is True
