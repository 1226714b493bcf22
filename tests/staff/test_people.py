"""Changing who works at a shared tablet: PIN, switch, lock."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user
from django.test import Client
from django.utils import timezone

from clubs.models import DeviceSignIn
from loyalty.audit.models import AuditEvent
from loyalty.operations import shared_devices
from loyalty.operations.shared_devices import PinNotUsableError, WrongPinError
from tests.cast import PASSWORD, make_user
from tests.staff.conftest import Counter

PIN = "2580"


@pytest.fixture
def ida(cast):
    found = make_user("ida")
    found.staff_rows.create(partner=cast.partner, club=cast.harbour)
    return found


@pytest.fixture
def tablet(cast, ida):
    """A tablet where Sam and then Ida signed in fully; both have the same easy PIN."""
    client = Client()
    for person in (cast.sam, ida):
        shared_devices.set_pin(user=person, pin=PIN)
        client.force_login(person)
        client.get("/staff/")
    return client


def who(client):
    return getattr(get_user(client), "name", None)


def switch(client, person, pin=PIN):
    return client.post("/staff/switch/", {"person": person.pk, "pin": pin})


def test_a_pin_switches_the_person_and_carries_the_store_over(cast, tablet):
    tablet.post("/staff/store/", {"store": cast.old_port.pk})

    answer = switch(tablet, cast.sam)

    assert (answer["Location"], who(tablet)) == ("/staff/", "Sam")
    assert tablet.session["by_pin"] is True
    assert tablet.get("/staff/").context["staff_store"] == cast.old_port


def test_a_scan_of_the_former_person_does_not_carry_over(cast, ida, tablet):
    theirs = Counter(cast=cast, client=tablet)
    scan_id = theirs.scan()

    switch(tablet, cast.sam)

    assert theirs.show("counter", scan_id).status_code == 404
    assert theirs.award(scan_id).status_code == 404


def test_the_switch_shows_who_signed_in_here_today(cast, ida, tablet):
    page = tablet.get("/staff/switch/")

    assert page.context["people"] == [cast.sam]
    assert tablet.get("/staff/switch/", {"person": cast.sam.pk}).context["chosen"] == cast.sam


def test_a_pin_is_worth_nothing_on_another_device(cast, tablet):
    stranger = Client()

    answer = switch(stranger, cast.sam)

    assert answer["Location"].startswith("/accounts/login/")
    assert who(stranger) is None


def test_a_pin_is_good_for_twelve_hours_after_the_sign_in(cast, ida, tablet, clock):
    clock.forward(hours=12)

    answer = switch(tablet, cast.sam)

    assert answer["Location"].startswith("/accounts/login/")
    assert who(tablet) is None


def test_a_pin_never_prolongs_itself(cast, tablet, clock):
    clock.forward(hours=11)
    switch(tablet, cast.sam)
    tablet.get("/staff/")

    assert set(DeviceSignIn.objects.values_list("signed_in_at", flat=True)) == {
        clock.now - timedelta(hours=11)
    }


def test_five_misses_ask_for_a_full_sign_in(cast, ida, tablet, clock):
    answers = [switch(tablet, cast.sam, "0000").context["form"].errors["pin"] for _ in range(5)]

    last = switch(tablet, cast.sam)

    assert [answer[0] for answer in answers] == [
        "This is not your PIN. 4 more tries.",
        "This is not your PIN. 3 more tries.",
        "This is not your PIN. 2 more tries.",
        "This is not your PIN. 1 more try.",
        "This is not your PIN. Sign in fully now.",
    ]
    assert last["Location"].startswith("/accounts/login/")
    clock.forward(minutes=1)
    tablet.force_login(cast.sam)
    tablet.get("/staff/")
    assert switch(tablet, ida)["Location"] == "/staff/"
    assert switch(tablet, cast.sam)["Location"] == "/staff/"


def test_a_right_pin_forgives_the_misses_before(cast, tablet):
    switch(tablet, cast.sam, "0000")

    switch(tablet, cast.sam)

    assert list(DeviceSignIn.objects.values_list("missed_pins", flat=True)) == [0, 0]


def test_somebody_who_left_the_club_does_not_come_back_by_pin(cast, tablet):
    cast.sam.staff_rows.update(is_active=False)

    answer = switch(tablet, cast.sam)

    assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("pin", ["", "123", "1234567", "12a4", "-123", "1e33", "1\x00", "1" * 400])
def test_a_nonsense_pin_is_refused_and_not_counted(cast, tablet, pin):
    answer = switch(tablet, cast.sam, pin)

    assert "pin" in answer.context["form"].errors
    assert list(DeviceSignIn.objects.values_list("missed_pins", flat=True)) == [0, 0]


def test_arabic_digits_are_the_same_pin(cast, tablet):
    switch(tablet, cast.sam, "٢٥٨٠")

    assert who(tablet) == "Sam"


@pytest.mark.parametrize("person", ["", "0", "x", "9" * 400])
def test_a_nonsense_person_is_nobody(tablet, person):
    answer = tablet.post("/staff/switch/", {"person": person, "pin": PIN})

    assert answer.status_code == 422
    assert who(tablet) == "Ida"


def test_locking_signs_out_and_the_same_person_comes_back_to_the_same_page(cast, ida, tablet):
    scan_id = Counter(cast=cast, client=tablet).scan()
    path = f"/staff/counter/{scan_id}/"

    locked = tablet.post("/staff/lock/", {"next": path})
    assert (locked["Location"], who(tablet)) == ("/staff/switch/", None)
    assert tablet.get(path)["Location"] == "/staff/switch/"
    back = switch(tablet, ida)

    assert (back["Location"], who(tablet)) == (path, "Ida")
    assert tablet.get(path).status_code == 200


def test_after_a_lock_somebody_else_starts_at_the_start(cast, tablet):
    tablet.post("/staff/lock/", {"next": "/staff/slip/"})

    assert switch(tablet, cast.sam)["Location"] == "/staff/"


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example/staff/", "/wallet/", ""])
def test_a_lock_leads_back_to_the_counter_alone(ida, tablet, path):
    tablet.post("/staff/lock/", {"next": path})

    assert switch(tablet, ida)["Location"] == "/staff/"


def test_the_only_one_who_may_come_back_is_asked_for_the_pin_at_once(cast):
    client = Client()
    shared_devices.set_pin(user=cast.sam, pin=PIN)
    client.force_login(cast.sam)
    client.get("/staff/")

    client.post("/staff/lock/")

    assert client.get("/staff/switch/").context["chosen"] == cast.sam


def test_looking_at_the_switch_signs_nobody_out(cast):
    client = Client()
    client.force_login(cast.sam)

    page = client.get("/staff/switch/")

    assert (page.context["people"], who(client)) == ([], "Sam")


def test_without_a_pin_a_lock_asks_for_a_full_sign_in(cast):
    client = Client()
    client.force_login(cast.sam)
    client.get("/staff/")

    answer = client.post("/staff/lock/", follow=True)

    assert answer.redirect_chain == [
        ("/staff/switch/", 302),
        ("/accounts/login/?next=/staff/", 302),
    ]


def test_the_time_of_the_sign_in_is_that_of_the_session(cast):
    client = Client()
    EmailAddress.objects.create(user=cast.sam, email=cast.sam.email, verified=True, primary=True)

    client.post("/accounts/login/", {"login": cast.sam.email, "password": PASSWORD})
    client.get("/staff/")

    at = client.session["account_authentication_methods"][0]["at"]
    assert DeviceSignIn.objects.get().signed_in_at.timestamp() == pytest.approx(at)


def test_locking_twice_is_no_harm(tablet):
    tablet.post("/staff/lock/")

    assert tablet.post("/staff/lock/")["Location"] == "/staff/switch/"


def test_a_tablet_left_alone_is_locked_by_the_server_too(cast, ida, tablet, booked):
    counter = Counter(cast=cast, client=tablet)
    scan_id = counter.scan()
    counter.show("counter", scan_id)
    del tablet.cookies["loyalty_counter"]  # As after its time.

    answer = counter.award(scan_id)

    assert (answer["Location"], who(tablet), booked()) == ("/staff/switch/", None, [])
    assert switch(tablet, ida)["Location"] == f"/staff/counter/{scan_id}/"


def test_the_lock_of_somebody_who_wrote_an_enrolment_leads_home(ida, tablet):
    del tablet.cookies["loyalty_counter"]

    tablet.post("/staff/enrol/")

    assert switch(tablet, ida)["Location"] == "/staff/"


def test_only_a_device_with_a_pin_locks_itself(cast, tablet):
    phone = Client()
    phone.force_login(cast.tess)

    own, shared = phone.get("/staff/"), tablet.get("/staff/")

    assert (own.context["idle_seconds"], shared.context["idle_seconds"]) == (0, 300)


def test_a_pin_is_chosen_after_a_full_sign_in_and_kept_hashed(cast):
    client = Client()
    client.force_login(cast.sam)

    before = client.get("/staff/pin/").context["has_pin"]
    client.post("/staff/pin/", {"pin": PIN, "again": PIN})

    row = cast.sam.staff_rows.get()
    assert (before, row.pin_is(PIN), PIN in row.pin_hash) == (False, True, False)
    assert client.get("/staff/pin/").context["has_pin"]
    event = AuditEvent.objects.get(action="set PIN")
    assert (event.object_id, event.before, event.after) == (row.pk, {}, {})


@pytest.mark.parametrize(
    ("pin", "again", "errors"),
    [
        ("1111", "1111", {"pin": ["Too easy to guess. Choose another."]}),
        ("1234", "1234", {"pin": ["Too easy to guess. Choose another."]}),
        ("9876", "9876", {"pin": ["Too easy to guess. Choose another."]}),
        ("2580", "2581", {"again": ["This is another PIN. Type the same one twice."]}),
        ("25", "25", {"pin": ["Four to six digits."], "again": ["Four to six digits."]}),
    ],
)
def test_a_poor_pin_is_refused(cast, pin, again, errors):
    client = Client()
    client.force_login(cast.sam)

    answer = client.post("/staff/pin/", {"pin": pin, "again": again})

    assert dict(answer.context["form"].errors) == errors
    assert cast.sam.staff_rows.get().pin_hash == ""


def test_a_session_by_pin_cannot_choose_another_pin(cast, tablet):
    switch(tablet, cast.sam)

    answer = tablet.post("/staff/pin/", {"pin": "9753", "again": "9753"})

    assert answer["Location"] == "/staff/"
    assert cast.sam.staff_rows.get().pin_is(PIN)


def test_a_session_by_pin_does_not_open_the_dashboard(cast, tablet):
    shared_devices.set_pin(user=cast.petra, pin=PIN)
    cast.petra.staff_rows.create(partner=cast.partner, club=cast.harbour)
    shared_devices.set_pin(user=cast.petra, pin=PIN)
    tablet.force_login(cast.petra)
    tablet.get("/staff/")
    switch(tablet, cast.sam)
    switch(tablet, cast.petra)

    assert who(tablet) == "Petra"
    assert tablet.session["by_pin"] is True
    assert tablet.get("/admin/").status_code != 200


def test_an_earlier_sign_in_told_late_changes_nothing(cast):
    now = timezone.now()
    shared_devices.note_sign_in(user=cast.sam, device="d", signed_in_at=now)
    DeviceSignIn.objects.update(missed_pins=5)

    shared_devices.note_sign_in(user=cast.sam, device="d", signed_in_at=now - timedelta(hours=1))

    row = DeviceSignIn.objects.get()
    assert (row.signed_in_at, row.missed_pins) == (now, 5)


def test_the_operation_itself_counts_each_guess(cast):
    now = timezone.now()
    shared_devices.set_pin(user=cast.sam, pin=PIN)
    shared_devices.note_sign_in(user=cast.sam, device="d", signed_in_at=now)

    left = []
    for _ in range(5):
        with pytest.raises(WrongPinError) as refused:
            shared_devices.person_by_pin(user_id=cast.sam.pk, device="d", pin="0000", at=now)
        left.append(refused.value.left)

    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(PinNotUsableError):
        shared_devices.person_by_pin(user_id=cast.sam.pk, device="d", pin=PIN, at=now)
