"""A file is tried row by row, then booked as a whole or in chunks, once (CU7)."""

import re

import pytest
from django.db import transaction

from clubs.models import Manager, Role
from loyalty.imports import booking, columns, erasing, intake
from loyalty.imports.models import StopReason, Upload, UploadKind, UploadState
from loyalty.imports.problems import Problem
from loyalty.jobs.models import Job, JobState
from loyalty.ledger.models import Kind, Source, Transaction, TransactionNote
from loyalty.members.models import Member, Membership, MembershipStatus
from tests.cast import NOON, join, make_cast, make_tier, make_user
from tests.imports.files import booked, checked, confirm, job_of, told, upload, work
from tests.operations.counter import adjust, balance, days, mismatches
from tests.operations.test_mass_adjustments import books

pytestmark = [pytest.mark.django_db, pytest.mark.req("CU7")]

MINUS, ARABIC_TWELVE = "\u2212", "\u0661\u0662"


@pytest.fixture
def cast():
    """Mia has 50 points; Noor has a confirmed phone and holds the card too."""
    cast = make_cast()
    adjust(cast, 50, at=NOON - days(1))
    noor = join(cast.noor, cast.card)
    Member.objects.filter(pk=noor.member_id).update(
        phone="+351912345678", phone_confirmed_at=NOON, email="Noor@Example.org"
    )
    return cast


def of_noor(cast):
    return Membership.objects.select_related("member").get(card=cast.card, member__user=cast.noor)


def test_a_member_is_named_by_whatever_is_known_of_them(cast, tmp_path):
    noor = of_noor(cast)
    keys = [
        noor.number.lower(),
        f"{noor.code[:4]}-{noor.code[4:8]} {noor.code[8:]}",
        noor.member.code,
        "noor@example.ORG",
        "912 345 678",
        "+351 (912) 345-678",
    ]

    taken = checked(cast, tmp_path, "member;points", *(f"{key};1" for key in keys))

    assert told(taken, "membership", "error", "after") == [
        (number, noor.pk, "", number - 1) for number in range(2, 8)
    ]


ROWS = [
    # member, points, credit, reason: what is in the way, and the balance before and after
    (("{mia}", f"{MINUS}20", "", ""), ("", 50, 30)),
    (("{mia}", ARABIC_TWELVE, "", "goodwill"), ("", 30, 42)),
    (("{mia}", "-43", "", ""), (Problem.NOT_ENOUGH, 42, 42)),
    (("{mia}", "", "12.5", "STAMP_CARD"), ("", 0, 1250)),
    (("{mia}", "", "-0.505", ""), (Problem.TOO_FINE, None, None)),
    (("{mia}", "1.5", "", ""), (Problem.NOT_WHOLE, None, None)),
    (("{mia}", "", "much", ""), (Problem.NOT_MONEY, None, None)),
    (("{mia}", "0", "", ""), (Problem.ZERO, 42, 42)),
    (("{mia}", "1", "1", ""), (Problem.TWO_AMOUNTS, None, None)),
    (("{mia}", "", "", "OTHER"), (Problem.NO_AMOUNT, None, None)),
    (("{mia}", "1", "", "because"), (Problem.REASON, None, None)),
    (("", "1", "", ""), (Problem.NO_MEMBER, None, None)),
    (("nobody@example.org", "1", "", ""), (Problem.NOT_FOUND, None, None)),
    (("{kim}", "1", "", ""), (Problem.REMOVED, 0, 0)),
    (("{lee}", "1", "", ""), (Problem.BLOCKED, 0, 0)),
    (("{petra}", "1", "", ""), (Problem.OWN, 0, 0)),
    (("{ana}", "1", "", ""), (Problem.MERGED, None, None)),
]


def test_each_row_of_the_dry_run_tells_its_outcome_and_nothing_is_booked(cast, tmp_path):
    people = {"mia": cast.membership, "petra": join(cast.petra, cast.card)}
    people |= {name: join(make_user(name), cast.card) for name in ("kim", "lee", "ana")}
    for name, status in (("kim", MembershipStatus.REMOVED), ("lee", MembershipStatus.BLOCKED)):
        Membership.objects.filter(pk=people[name].pk).update(status=status)
    Member.objects.filter(pk=people["ana"].member_id).update(merged_into=cast.membership.member_id)
    numbers = {name: held.number for name, held in people.items()}
    before = Transaction.objects.count()

    taken = checked(
        cast,
        tmp_path,
        "Member,Points,Credit,Reason,Internal note",
        *(",".join([*cells, "hush"]).format(**numbers) for cells, _ in ROWS),
        is_whole=False,
    )

    assert told(taken, "error", "before", "after") == [
        (number, *expected) for number, (_, expected) in enumerate(ROWS, start=2)
    ]
    assert taken.rows.get(error=Problem.NOT_ENOUGH).facts == {"available": 42}
    assert (taken.state, taken.row_count, taken.error_count) == ("CHECKED", len(ROWS), 14)
    assert (taken.points_added, taken.points_taken, taken.credit_added) == (12, 20, 1250)
    assert (Transaction.objects.count(), taken.parts.count()) == (before, 0)


def test_a_confirmed_file_books_its_good_rows_with_their_words(cast, tmp_path):
    taken = booked(
        cast,
        tmp_path,
        "member,points,reason,internal note,comment",
        f"{cast.membership.number},5,GOODWILL,from the desk,Thank you",
        "nobody,5,,,",
        f"{of_noor(cast).number},7,,,",
        is_whole=False,
        internal="spring",
        comment="A gift",
    )

    deeds = Transaction.objects.filter(source=Source.IMPORT).order_by("request_id")
    assert list(deeds.values_list("request_id", "kind", "points", "result__reason", "actor")) == [
        (f"import:{taken.pk}:2", Kind.ADJUSTMENT, 5, "GOODWILL", cast.petra.pk),
        (f"import:{taken.pk}:4", Kind.ADJUSTMENT, 7, "PROMOTION", cast.petra.pk),
    ]
    notes = TransactionNote.objects.filter(transaction__in=deeds).order_by("transaction")
    assert list(notes.values_list("internal", "comment")) == [
        ("from the desk", "Thank you"),
        ("spring", "A gift"),
    ]
    assert (taken.state, taken.booked_count, taken.error_count) == (UploadState.DONE, 2, 1)
    assert (balance(cast), mismatches(NOON)) == (55, [])


def test_the_same_file_is_refused_once_it_is_booked(cast, tmp_path):
    lines = ("member,points", f"{cast.membership.number},5")
    twice = [checked(cast, tmp_path, *lines) for _ in range(2)]
    work(confirm(twice[0], cast.petra))

    with pytest.raises(intake.AlreadyBookedError) as late:
        confirm(twice[1], cast.petra)
    with pytest.raises(intake.AlreadyBookedError) as again:
        upload(cast, tmp_path, *lines)

    assert (late.value.upload, again.value.upload) == (twice[0], twice[0])
    assert (late.value.upload.confirmed_by, balance(cast)) == (cast.petra, 55)
    upload(cast, tmp_path, *lines, kind=UploadKind.OPENING)
    upload(cast, tmp_path, *lines, card=cast.hill_card)


def test_all_or_nothing_is_not_confirmed_with_an_error(cast, tmp_path):
    taken = checked(cast, tmp_path, "member,points", f"{cast.membership.number},5", "nobody,5")

    with pytest.raises(booking.HasErrorsError):
        confirm(taken, cast.petra)


def test_all_or_nothing_books_nothing_when_a_row_became_impossible(cast, tmp_path, monkeypatch):
    monkeypatch.setattr(booking, "CHUNK", 1)
    numbers = (of_noor(cast).number, cast.membership.number)
    taken = checked(cast, tmp_path, "member,points", f"{numbers[0]},5", f"{numbers[1]},-50")
    confirm(taken, cast.petra)
    adjust(cast, -1)

    work(taken)

    assert (taken.state, taken.was_refused, taken.confirmed_at) == ("CHECKED", True, None)
    assert told(taken, "error", "facts") == [(2, "", {}), (3, "NOT_ENOUGH", {"available": 49})]
    assert not Transaction.objects.filter(source=Source.IMPORT).exists()


def test_in_chunks_a_row_that_became_impossible_is_left_out(cast, tmp_path, monkeypatch):
    monkeypatch.setattr(booking, "CHUNK", 1)
    lines = [f"{cast.membership.number},-50", f"{of_noor(cast).number},5"]
    taken = checked(cast, tmp_path, "member,points", *lines, is_whole=False)
    confirm(taken, cast.petra)
    adjust(cast, -1)

    work(taken)

    assert (taken.state, taken.booked_count, taken.error_count) == ("DONE", 1, 1)
    assert (taken.points_added, taken.points_taken) == (5, 0)


def test_a_stopped_booking_goes_on_where_it_was(cast, tmp_path, monkeypatch):
    monkeypatch.setattr(booking, "CHUNK", 2)
    lines = [f"{cast.membership.number},{number}" for number in range(1, 6)]
    taken = checked(cast, tmp_path, "member,points", *lines, is_whole=False)
    confirm(taken, cast.petra)
    booking.book_some(upload_id=taken.pk)
    booking.cancel(upload_id=taken.pk, at=NOON)

    stopped = work(taken)
    assert (stopped.state, stopped.booked_count, balance(cast)) == ("STOPPED", 2, 53)
    with pytest.raises(booking.WrongStateError):
        booking.discard(upload_id=taken.pk, at=NOON)
    with pytest.raises(intake.AlreadyBookedError):
        upload(cast, tmp_path, "member,points", *lines)

    done = work(booking.go_on(upload_id=taken.pk, by=cast.petra, at=NOON))
    assert (done.state, done.booked_count, balance(cast)) == ("DONE", 5, 65)


@pytest.mark.parametrize("kind", UploadKind)
def test_what_goes_on_later_is_booked_then_and_nothing_of_it_twice(
    cast, tmp_path, monkeypatch, kind
):
    monkeypatch.setattr(booking, "CHUNK", 2)
    make_tier(cast.card, "Silver", 55)
    lines = [f"{cast.membership.number},{number}" for number in range(1, 6)]
    taken = checked(cast, tmp_path, "member,points", *lines, kind=kind, is_whole=False)
    confirm(taken, cast.petra)
    with transaction.atomic():
        work(taken)
        uninterrupted = (timeless(books()), taken.booked_count, taken.error_count)
        transaction.set_rollback(True)
    later = NOON + days(2)

    booking.book_some(upload_id=taken.pk)
    booking.cancel(upload_id=taken.pk, at=NOON)
    # As if nobody had noted what is booked, so that it comes again.
    Upload.objects.filter(pk=taken.pk).update(booked_to=0, booked_count=0)
    work(booking.go_on(upload_id=taken.pk, by=cast.petra, at=later))

    assert (timeless(books()), taken.booked_count, taken.error_count) == uninterrupted
    deeds = Transaction.objects.filter(kind=kind, source=Source.IMPORT).order_by("request_id")
    times = [NOON] * 2 + [later] * 3
    assert list(deeds.values_list("occurred_at", flat=True)) == times
    assert mismatches(later) == []


def timeless(told):
    """Return what books tell, but for the times."""
    return re.sub(r"datetime\.datetime\([^()]*\)|\d{4}-\d\d-\d\d[T ][\d:.+Z]+", "then", str(told))


def test_who_lost_the_right_books_nothing_more(cast, tmp_path):
    taken = checked(cast, tmp_path, "member,points", f"{cast.membership.number},5")
    confirm(taken, cast.petra)
    Manager.objects.filter(user=cast.petra).update(role=Role.SUPPORT)

    work(taken)

    assert (taken.state, taken.stopped_by) == (UploadState.STOPPED, StopReason.NOT_ALLOWED)
    assert balance(cast) == 50


def test_a_file_that_the_queue_gave_up_goes_on_by_hand(cast, tmp_path):
    taken = upload(cast, tmp_path, "member,points", f"{cast.membership.number},5")
    Job.objects.filter(pk=job_of(taken).pk).update(state=JobState.DEAD)

    found = work(booking.go_on(upload_id=taken.pk, by=cast.petra, at=NOON))

    assert (found.state, found.checked_count, found.tries) == (UploadState.CHECKED, 1, 2)


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (("member,pionts", "1,1"), columns.UnknownColumnError),
        (("points", "1"), columns.MissingColumnError),
        (("member,reason", "1,1"), columns.MissingColumnError),
        (("member,points,expires", "1,1,"), columns.UnknownColumnError),
        (("member,points",), intake.NoRowsError),
        (("member,points", *["1,1"] * 5_001), intake.TooManyForWholeError),
    ],
)
def test_a_file_that_is_no_such_table_is_not_taken_in(cast, tmp_path, lines, error):
    with pytest.raises(error):
        upload(cast, tmp_path, *lines)

    assert not Upload.objects.exists()


def test_opening_balances_may_name_their_last_day(cast, tmp_path):
    taken = checked(
        cast,
        tmp_path,
        "member,points,expires,row,what is wrong",
        f"{cast.membership.number},5,2027-12-31,,",
        f"{cast.membership.number},5,2027-12-31 00:00:00,,",
        f"{cast.membership.number},5,31.12.2027,9,no date",
        f"{cast.membership.number},5,2026-05-13,,",
        f"{cast.membership.number},-5,,,",
        kind=UploadKind.OPENING,
        is_whole=False,
    )

    assert [error for _, error in told(taken, "error")] == [
        "",
        "",
        Problem.DATE,
        Problem.DATE_PASSED,
        Problem.TAKES,
    ]


def test_rows_are_erased_after_thirty_days_and_the_file_stays_known(cast, tmp_path):
    lines = ("member,points", f"{cast.membership.number},5")
    done = booked(cast, tmp_path, *lines)
    open_one = checked(cast, tmp_path, "member,points", "nobody,1", is_whole=False)

    assert erasing.erase_old(at=NOON + days(30)) == 0
    while erasing.erase_old(at=NOON + days(31)):
        pass

    states = Upload.objects.order_by("pk").values_list("pk", "state", "rows_erased_at")
    gone = NOON + days(31)
    assert list(states) == [(done.pk, "DONE", gone), (open_one.pk, "DROPPED", gone)]
    assert (done.rows.count(), open_one.rows.count()) == (0, 0)
    with pytest.raises(intake.AlreadyBookedError):
        upload(cast, tmp_path, *lines)


def test_a_file_whose_rows_are_being_erased_is_booked_by_nobody(cast, tmp_path, monkeypatch):
    monkeypatch.setattr(erasing, "PER_COMMIT", 1)
    lines = [f"{cast.membership.number},{number}" for number in (1, 2)]
    taken = checked(cast, tmp_path, "member,points", *lines, is_whole=False)
    late = NOON + days(31)

    erased = [erasing.erase_old(at=late)]
    with pytest.raises(booking.WrongStateError):
        confirm(taken, cast.petra, at=late)
    while some := erasing.erase_old(at=late):
        erased.append(some)

    taken.refresh_from_db()
    assert (erased, taken.rows.count(), taken.state) == ([1, 1, 1], 0, UploadState.DROPPED)
    assert balance(cast) == 50


def test_a_booking_that_was_given_up_is_closed_after_thirty_days(cast, tmp_path, monkeypatch):
    monkeypatch.setattr(booking, "CHUNK", 1)
    late = NOON + days(31)
    started, unstarted, at_work = (
        confirm(checked(cast, tmp_path, "member,points", *rows, is_whole=False), cast.petra)
        for rows in (
            [f"{cast.membership.number},{number}" for number in numbers]
            for numbers in ((1, 2), (3, 4), (5, 6))
        )
    )
    booking.book_some(upload_id=started.pk)
    jobs = [job_of(given_up).pk for given_up in (started, unstarted)]
    Job.objects.filter(pk__in=jobs).update(state=JobState.DEAD)

    while erasing.erase_old(at=late):
        pass

    names = ("state", "stopped_by", "booked_count", "confirmed_at", "rows_erased_at")
    assert list(Upload.objects.order_by("pk").values_list("pk", *names)) == [
        (started.pk, UploadState.STOPPED, StopReason.GIVEN_UP, 1, NOON, late),
        (unstarted.pk, UploadState.DROPPED, "", 0, None, late),
        (at_work.pk, UploadState.BOOKING, "", 0, NOON, None),
    ]
    assert [one.rows.count() for one in (started, unstarted, at_work)] == [0, 0, 2]
    with pytest.raises(booking.WrongStateError):
        booking.go_on(upload_id=started.pk, by=cast.petra, at=late)
    assert (work(at_work).booked_count, balance(cast)) == (2, 62)


@pytest.mark.parametrize("is_discarded", [False, True])
def test_a_closed_file_keeps_no_words_that_may_name_somebody(cast, tmp_path, is_discarded):
    words = {"internal": "for Noor", "comment": "Dear Noor", "name": "Noor Silva.csv"}
    taken = checked(cast, tmp_path, "member,points", "nobody,1", is_whole=False, **words)

    if is_discarded:
        booking.discard(upload_id=taken.pk, at=NOON)
    else:
        erasing.erase_old(at=NOON + days(31))

    taken.refresh_from_db()
    assert (taken.file_name, taken.internal, taken.comment) == (f"import {taken.pk}", "", "")


def test_a_person_is_erased_from_rows_of_any_state(cast, tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "PART", 1)
    lines = (
        "member,points,internal note",
        "912 345 678,1,called Noor",
        "noor.old@example.org,1,her old address",
        f"{cast.membership.number},1,stays",
    )
    read = checked(cast, tmp_path, *lines, is_whole=False)
    waiting = upload(cast, tmp_path, *lines, is_whole=False)

    found = erasing.erase_person(
        partner_id=cast.partner.pk,
        member_ids=[of_noor(cast).member_id],
        words=["NOOR.old@example.org", "+351912345678"],
    )

    left = [("", ""), ("", ""), (cast.membership.number, "stays")]
    assert found == 4
    assert [row[1:] for row in told(read, "key", "internal")] == left
    assert [row[1:] for row in told(work(waiting), "key", "internal")] == left
