"""Above the own limit a colleague is asked: approved it is booked once, by two people."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction

from clubs.models import Manager, Role
from loyalty.audit.models import AuditEvent
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Answer, Source, Transaction, Unit, WaitingAdjustment
from loyalty.members.models import Account, MembershipStatus
from loyalty.operations import adjustments, drafting, memberships, standing, waiting_adjustments
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.operations.deeds import RepeatDiffersError
from tests.cast import NOON, deed, join, make_cast, make_manager, make_user

pytestmark = pytest.mark.django_db
CAP = 100


@pytest.fixture
def cast():
    """Rita of support adjusts up to 100 alone; Petra owns."""
    made = make_cast(adjust_cap=1000)
    rita = make_user("rita")
    make_manager(rita, made.partner, Role.SUPPORT)
    Manager.objects.filter(user=rita).update(adjust_cap=CAP)
    return SimpleNamespace(**vars(made), rita=rita)


def at_desk(person, **more):
    return deed(person, Source.ADMIN, **more)


def ask(cast, amount=150, *, person=None, unit=Unit.POINTS, **more):
    given = {"deed": at_desk(person or cast.rita), "membership_id": cast.membership.pk} | more
    return waiting_adjustments.ask(unit=unit, amount=amount, **given)


def points(cast):
    return Account.objects.get(pk=cast.membership.account_id).points


@pytest.mark.req("CU3", "CU17", "CU18")
def test_what_was_asked_for_is_booked_by_the_second_person_with_both_of_them_and_all_words(cast):
    note = Note(internal="called twice", comment="Sorry")
    waiting = ask(cast, reason=AdjustmentReason.GOODWILL, note=note, is_counted_for_tier=False)
    before = points(cast)

    done = waiting_adjustments.approve(deed=at_desk(cast.petra), waiting_id=waiting.pk)

    booked = done.booked
    assert (before, points(cast)) == (0, 150)
    assert (booked.actor_id, booked.result["asked_by_id"], booked.result["reason"]) == (
        cast.petra.pk,
        cast.rita.pk,
        "GOODWILL",
    )
    assert (booked.note.internal, booked.note.comment) == ("called twice", "Sorry")
    assert (done.answer, done.answered_by_id, booked.account.lifetime_points) == (
        Answer.APPROVED,
        cast.petra.pk,
        0,
    )
    assert [(event.action, event.actor_id) for event in AuditEvent.objects.order_by("pk")] == [
        ("ask for adjustment", cast.rita.pk),
        ("adjustment", cast.petra.pk),
        ("approve adjustment", cast.petra.pk),
    ]


@pytest.mark.req("CU3", "IV9.7")
def test_credit_is_asked_for_and_approved_alike(cast):
    waiting = ask(cast, 20_000, unit=Unit.CREDIT)

    done = waiting_adjustments.approve(deed=at_desk(cast.petra), waiting_id=waiting.pk)

    assert (done.booked.credit_minor, done.booked.points) == (20_000, 0)


def test_a_repeat_asks_and_books_once_and_other_content_is_refused(cast):
    first = ask(cast, deed=at_desk(cast.rita, key="same"))
    again = ask(cast, deed=at_desk(cast.rita, key="same"))
    with pytest.raises(RepeatDiffersError):
        ask(cast, 151, deed=at_desk(cast.rita, key="same"))

    for _time in range(2):
        waiting_adjustments.approve(deed=at_desk(cast.petra, key="yes"), waiting_id=first.pk)

    assert (again.pk, WaitingAdjustment.objects.count(), points(cast)) == (first.pk, 1, 150)


@pytest.mark.req("CU3")
def test_nobody_approves_what_they_asked_for_nor_what_is_for_themselves(cast):
    Manager.objects.filter(user=cast.petra).update(adjust_cap=CAP)
    olga = make_user("olga")
    make_manager(olga, cast.partner)
    own = join(olga, cast.card)

    with pytest.raises(waiting_adjustments.OwnRequestError):
        waiting_adjustments.approve(
            deed=at_desk(cast.petra), waiting_id=ask(cast, person=cast.petra).pk
        )
    with pytest.raises(standing.OwnMembershipError):
        waiting_adjustments.approve(
            deed=at_desk(olga), waiting_id=ask(cast, membership_id=own.pk).pk
        )

    assert Transaction.objects.filter(kind="ADJUSTMENT").count() == 0


# who may not approve, what they read
REFUSED = [
    ("support", standing.NotAllowedError),
    ("small cap", adjustments.AboveCapError),
    ("stranger", waiting_adjustments.WaitingNotFoundError),
]


@pytest.mark.req("CU3")
@pytest.mark.parametrize(("who", "error"), REFUSED)
def test_only_an_owner_or_manager_whose_own_limit_reaches_it_approves(cast, who, error):
    waiting = ask(cast)
    other = make_user("other")
    if who != "stranger":
        make_manager(other, cast.partner, Role.SUPPORT if who == "support" else Role.MANAGER)
        Manager.objects.filter(user=other).update(adjust_cap=149 if who == "small cap" else None)

    with pytest.raises(error):
        waiting_adjustments.approve(deed=at_desk(other), waiting_id=waiting.pk)

    waiting.refresh_from_db()
    assert (waiting.answer, points(cast)) == ("", 0)


def test_a_balance_that_no_longer_allows_it_is_told_and_nothing_is_booked(cast):
    adjustments.adjust_points(
        deed=at_desk(cast.petra), membership_id=cast.membership.pk, points=200
    )
    waiting = ask(cast, -150)
    adjustments.adjust_points(
        deed=at_desk(cast.petra), membership_id=cast.membership.pk, points=-100
    )

    with pytest.raises(drafting.NotEnoughPointsError):
        waiting_adjustments.approve(deed=at_desk(cast.petra), waiting_id=waiting.pk)

    waiting.refresh_from_db()
    assert (waiting.answer, points(cast)) == ("", 100)


def test_a_card_that_was_blocked_meanwhile_takes_nothing(cast):
    waiting = ask(cast)
    memberships.change_status(
        deed=at_desk(cast.petra),
        membership_id=cast.membership.pk,
        status=MembershipStatus.BLOCKED,
    )

    with pytest.raises(standing.MembershipNotActiveError):
        waiting_adjustments.approve(deed=at_desk(cast.petra), waiting_id=waiting.pk)


@pytest.mark.req("CU3")
def test_after_fourteen_days_nobody_books_it_any_more(cast):
    waiting = ask(cast)
    late = at_desk(cast.petra, at=NOON + timedelta(days=14))

    with pytest.raises(waiting_adjustments.WaitingExpiredError):
        waiting_adjustments.approve(deed=late, waiting_id=waiting.pk)
    with pytest.raises(waiting_adjustments.WaitingExpiredError):
        waiting_adjustments.decline(deed=late, waiting_id=waiting.pk, words="late")

    assert points(cast) == 0


def test_a_declined_or_withdrawn_one_keeps_the_words_and_is_answered_once(cast):
    declined, withdrawn = ask(cast), ask(cast, 160)

    waiting_adjustments.decline(
        deed=at_desk(cast.petra), waiting_id=declined.pk, words="no receipt"
    )
    with pytest.raises(standing.NotAllowedError):
        waiting_adjustments.withdraw(deed=at_desk(cast.petra), waiting_id=withdrawn.pk)
    waiting_adjustments.withdraw(deed=at_desk(cast.rita), waiting_id=withdrawn.pk)

    for row in (declined, withdrawn):
        with pytest.raises(waiting_adjustments.WaitingAnsweredError):
            waiting_adjustments.approve(deed=at_desk(cast.petra), waiting_id=row.pk)
    rows = WaitingAdjustment.objects.order_by("pk").values_list("answer", "answer_note", "booked")
    assert list(rows) == [("DECLINED", "no receipt", None), ("WITHDRAWN", "", None)]
    assert points(cast) == 0


# amount, what is in the way of asking
UNASKABLE = [
    (0, adjustments.NothingToAdjustError),
    (1001, adjustments.AboveCapError),
    (-150, drafting.NotEnoughPointsError),
    (600, waiting_adjustments.NobodyMayApproveError),
]


@pytest.mark.parametrize(("amount", "error"), UNASKABLE)
def test_what_nobody_could_book_is_not_asked_for(cast, amount, error):
    Manager.objects.filter(user=cast.petra).update(adjust_cap=500)

    with pytest.raises(error):
        ask(cast, amount)

    assert WaitingAdjustment.objects.count() == 0


def test_the_database_itself_wants_two_people(cast):
    waiting = ask(cast)
    done = waiting_adjustments.approve(deed=at_desk(cast.petra), waiting_id=waiting.pk)

    with pytest.raises(IntegrityError), transaction.atomic():
        WaitingAdjustment.objects.filter(pk=done.pk).update(answered_by=cast.rita)


def test_staff_of_a_club_and_strangers_cannot_ask(cast):
    for person in (cast.sam, cast.noor):
        with pytest.raises(standing.MembershipNotFoundError):
            ask(cast, person=person)
    with pytest.raises(waiting_adjustments.WaitingNotFoundError):
        waiting_adjustments.withdraw(deed=at_desk(cast.sam), waiting_id=ask(cast).pk)


def test_an_answer_that_is_sent_twice_is_the_same_answer(cast):
    declined, taken_back = ask(cast), ask(cast, 151)
    answers = [
        waiting_adjustments.decline(
            deed=at_desk(cast.petra, key="no"), waiting_id=declined.pk, words="too much"
        )
        for _ in range(2)
    ]
    withdrawn = [
        waiting_adjustments.withdraw(deed=at_desk(cast.rita, key="back"), waiting_id=taken_back.pk)
        for _ in range(2)
    ]

    assert [one.answer for one in (*answers, *withdrawn)] == [
        *[Answer.DECLINED] * 2,
        *[Answer.WITHDRAWN] * 2,
    ]
    assert (answers[0].answered_at, withdrawn[0].answered_at) == (
        answers[1].answered_at,
        withdrawn[1].answered_at,
    )
    told = AuditEvent.objects.exclude(action="ask for adjustment").values_list("action", flat=True)
    assert sorted(told) == ["decline adjustment", "withdraw adjustment"]


def test_a_superuser_answers_like_an_owner(cast):
    root = make_user("root", is_superuser=True)
    waiting = ask(cast)

    done = waiting_adjustments.approve(deed=at_desk(root), waiting_id=waiting.pk)

    assert (done.answer, points(cast)) == (Answer.APPROVED, 150)
