"""Many at the same moment: nothing is lost, doubled or overspent, and nobody waits for ever."""

import threading
from collections import Counter

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

from loyalty.ledger import verification
from loyalty.ledger.models import Lot, ReceiptUse, Source, Transaction
from loyalty.ledger.verification import Scope
from loyalty.members import codes
from loyalty.members.models import Member, Membership, RewardCounter, Scan
from loyalty.operations import (
    drafting,
    enrolments,
    expiries,
    purchases,
    receipts,
    redemptions,
    rollbacks,
    scans,
)
from loyalty.operations.deeds import BusyError
from loyalty.operations.enrolments import Consent, Person
from loyalty.operations.purchases import Bill
from loyalty.operations.scans import Looker
from tests.cast import NOON, deed, join, make_cast, make_reward, make_staff, make_user
from tests.operations.counter import account_of, adjust, balance, buy, days, redeem, undo
from tests.races.crowd import refusals, somebody_waits, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
CROWD = 32


def sound() -> bool:
    return verification.verify(Scope(at=NOON)) == []


@pytest.fixture
def rich():
    """Mia has points for five rewards of 200."""
    cast = make_cast()
    adjust(cast, 1000)
    return cast


@pytest.mark.req("R4.6", "R10.2")
def test_of_many_redemptions_at_once_exactly_those_that_are_covered_succeed(rich):
    scan = rich.scan()

    answers = together(*[lambda: redeem(rich, scan=scan)] * CROWD)

    done = [answer for answer in answers if isinstance(answer, Transaction)]
    assert len(done) == 5
    assert refusals(answers) == ["NotEnoughPointsError"] * (CROWD - 5)
    assert (balance(rich), RewardCounter.objects.get().issued) == (0, 5)
    assert sound()


def test_without_the_lock_the_database_itself_refuses_to_overspend(rich, monkeypatch):
    # SQLite lets one writer in at a time; there the balance is read before the write lock.
    monkeypatch.setattr(models.QuerySet, "select_for_update", lambda self, **_: self)
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "transaction_mode", "DEFERRED")
    scan = rich.scan()
    RewardCounter.objects.create(reward=rich.reward)
    both_have_read = threading.Barrier(2, timeout=30)
    real = drafting.spent

    def read_and_wait(*args):
        move = real(*args)
        both_have_read.wait()
        return move

    monkeypatch.setattr(drafting, "spent", read_and_wait)

    answers = together(*[lambda: redeem(rich, scan=scan)] * 2)

    assert sum(isinstance(answer, DatabaseError | BusyError) for answer in answers) >= 1
    monkeypatch.undo()
    assert sound()


def test_many_redemptions_without_the_lock_never_overspend(rich, monkeypatch):
    monkeypatch.setattr(models.QuerySet, "select_for_update", lambda self, **_: self)
    scan = rich.scan()

    answers = together(*[lambda: redeem(rich, scan=scan)] * CROWD)

    monkeypatch.undo()
    done = sum(isinstance(answer, Transaction) for answer in answers)
    assert balance(rich) == 1000 - 200 * done >= 0
    if connection.vendor == "postgresql":
        assert set(refusals(answers)) & {"IntegrityError", "BusyError", "DatabaseError"}
    assert sound()


def test_parallel_repeats_of_one_award_book_it_once():
    cast = make_cast()
    scan = cast.scan()

    answers = together(*[lambda: buy(cast, 1240, key="one key", scan=scan, receipt="77")] * 20)

    assert {answer.pk for answer in answers} == {Transaction.objects.get(kind="PURCHASE").pk}
    assert {answer.result["balance_after"] for answer in answers} == {12}
    assert (balance(cast), Lot.objects.count()) == (12, 1)
    assert sound()


def test_one_key_for_different_awards_at_once_books_one():
    cast = make_cast()
    scan = cast.scan()

    answers = together(
        *[lambda minor=minor: buy(cast, minor, key="k", scan=scan) for minor in (100, 200) * 8]
    )

    done = [answer for answer in answers if isinstance(answer, Transaction)]
    assert len({answer.pk for answer in done}) == 1
    assert refusals(answers) == ["RepeatDiffersError"] * 8


def test_one_receipt_at_two_members_at_once_earns_once():
    cast = make_cast()
    held = [cast.membership, join(cast.noor, cast.card)]
    scanned = [cast.scan(membership=one) for one in held]

    answers = together(
        *[
            lambda one=one, scan=scan: buy(cast, 1000, receipt="77", membership=one, scan=scan)
            for one, scan in zip(held, scanned, strict=True)
        ]
        * 4
    )

    assert sum(isinstance(answer, Transaction) for answer in answers) == 1
    assert refusals(answers) == ["ReceiptAlreadyUsedError"] * 7
    assert ReceiptUse.objects.count() == 1


def test_the_last_piece_of_a_reward_goes_to_one_of_many(rich):
    rare = make_reward(rich.card, "Poster", 10, stock=3)
    noors = join(rich.noor, rich.card)
    adjust(rich, 500, membership=noors)
    scanned = {one.pk: rich.scan(membership=one) for one in (rich.membership, noors)}

    answers = together(
        *[
            lambda one=one: redeem(rich, rare, membership=one, scan=scanned[one.pk])
            for one in (rich.membership, noors)
        ]
        * 8
    )

    assert Counter(refusals(answers)) == {"RewardNotAvailableError": 13}
    assert RewardCounter.objects.get(reward=rare).issued == 3
    assert sound()


def test_one_claim_shown_on_two_screens_is_handed_out_once(rich):
    claim = redemptions.start_claim(
        deed=deed(rich.mia, Source.WALLET),
        membership_id=rich.membership.pk,
        reward_id=rich.reward.pk,
    ).claim
    scan = rich.scan()

    answers = together(
        *[
            lambda: redemptions.redeem_claim(
                deed=deed(rich.sam),
                claim_id=claim.pk,
                membership_id=rich.membership.pk,
                scan_id=scan,
            )
        ]
        * 8
    )

    assert refusals(answers) == ["ClaimUsedError"] * 7
    assert balance(rich) == 800


def test_one_code_read_by_two_tablets_at_once_is_the_right_of_one(rich):
    cleo = make_user("cleo")
    make_staff(cleo, rich.harbour)
    digits = codes.rotating_code(rich.membership.totp_key, codes.step_at(NOON))

    def show(user, session):
        return scans.show_card(
            looker=Looker(user=user, session_hash=session, store=None),
            code=rich.membership.code,
            digits=digits,
            at=NOON,
        )

    answers = together(
        *[
            lambda user=user, session=session: show(user, session)
            for user in (rich.sam, cleo)
            for session in ("one", "two")
        ]
        * 3
    )

    fresh = {answer.scan_id for answer in answers if answer.is_fresh}
    assert fresh == {Scan.objects.get(outcome="OK").pk}


def test_one_deed_is_undone_once_by_two_people():
    cast = make_cast()
    done = buy(cast, 1000)

    answers = together(
        *[lambda: undo(cast, done)] * 4,
        *[
            lambda: rollbacks.roll_back_latest(
                deed=deed(cast.petra, Source.ADMIN),
                membership_id=cast.membership.pk,
                transaction_id=done.pk,
            )
        ]
        * 4,
    )

    assert refusals(answers) == ["AlreadyUndoneError"] * 7
    assert balance(cast) == 0


def test_expiry_and_spending_at_the_same_second_take_no_point_twice():
    cast = make_cast(expiry_days=10)
    buy(cast, 40_000)
    buy(cast, 20_000, at=NOON + days(5))
    at = NOON + days(12)
    scan = cast.scan(at=at)

    answers = together(
        *[lambda: redeem(cast, scan=scan, at=at)] * 4, *[lambda: expiries.book_expiry(at=at)] * 4
    )

    assert refusals(answers) == ["NotEnoughPointsError"] * 3
    expiries.book_expiry(at=at)
    assert balance(cast) == 0
    assert sound()


def test_accounts_booked_from_two_ends_at_once_make_no_deadlock():
    cast = make_cast(expiry_days=10)
    held = [cast.membership] + [join(make_user(f"m{n}"), cast.card) for n in range(7)]
    for one in held:
        adjust(cast, 50, membership=one)

    def work(order):
        def run():
            for _ in range(6):
                for one in order:
                    with transaction.atomic():
                        adjust(cast, 1, membership=one)
                expiries.book_expiry(at=NOON)
            return "done"

        return run

    assert together(work(held), work(held[::-1])) == ["done", "done"]
    assert {account_of(one).points for one in held} == {62}


def test_many_accounts_in_one_transaction_from_two_ends_wait_and_tell():
    # Two bookings of one transaction lock as they go: the database ends one, nobody hangs.
    cast = make_cast()
    held = [cast.membership, join(cast.noor, cast.card)]

    def work(order):
        def run():
            with transaction.atomic():
                for one in order:
                    adjust(cast, 1, membership=one)
            return "done"

        return run

    answers = together(work(held), work(held[::-1]))

    assert "done" in answers
    assert set(refusals(answers)) <= {"BusyError"}
    assert sound()


def test_a_person_who_joins_two_cards_at_once_has_one_record():
    cast = make_cast()
    kim = make_user("kim")

    answers = together(
        *[lambda card=card: join(kim, card) for card in (cast.card, cast.hill_card)] * 4
    )

    assert refusals(answers) == []
    assert Member.objects.filter(user=kim).count() == 1
    assert Membership.objects.filter(member__user=kim).count() == 2


def test_the_last_free_place_of_a_plan_goes_to_one():
    cast = make_cast()
    cast.partner.max_members = 2
    cast.partner.save()

    def enrol(number):
        return enrolments.enrol_at_counter(
            deed=deed(cast.sam),
            card_id=cast.card.pk,
            person=Person(first_name=f"Guest {number}"),
            consent=Consent(version="2026-11", source="COUNTER"),
        )

    answers = together(*[lambda number=number: enrol(number) for number in range(6)])

    assert refusals(answers) == ["MemberQuotaError"] * 5
    assert Member.objects.count() == 2


@pytest.mark.postgresql
def test_a_receipt_that_another_desk_is_just_booking_is_refused_when_it_is_done():
    cast = make_cast()
    noors = join(cast.noor, cast.card)
    scan, other = cast.scan(), cast.scan(membership=noors)
    answers = []

    with transaction.atomic():
        buy(cast, 1000, receipt="77", scan=scan)
        waiting = threading.Thread(
            target=lambda: answers.extend(
                together(lambda: buy(cast, 1000, receipt="77", membership=noors, scan=other))
            )
        )
        waiting.start()
        while not somebody_waits():
            pass
    waiting.join()

    assert isinstance(answers[0], receipts.ReceiptAlreadyUsedError)


@pytest.mark.postgresql
def test_a_lock_that_is_held_too_long_is_told_as_busy():
    cast = make_cast()
    scan = cast.scan()

    def impatient():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        return buy(cast, 1000, scan=scan)

    with transaction.atomic():
        Membership.objects.select_for_update().get(pk=cast.membership.pk)
        answers = together(impatient)

    assert refusals(answers) == ["BusyError"]
    assert buy(cast, 1000, scan=scan).points == 10


def test_awards_to_many_members_at_once_all_arrive():
    cast = make_cast()
    held = [join(make_user(f"m{n}"), cast.card) for n in range(16)]
    scanned = [cast.scan(membership=one) for one in held]

    answers = together(
        *[
            lambda one=one, scan=scan: purchases.award_purchase(
                deed=deed(cast.sam),
                membership_id=one.pk,
                bill=Bill(amount_minor=500, currency="EUR"),
                scan_id=scan,
            )
            for one, scan in zip(held, scanned, strict=True)
        ]
    )

    assert [answer.points for answer in answers] == [5] * 16
    assert Transaction.objects.filter(recorded_at__lte=timezone.now()).count() == 16 + 17
