"""Merged, then erased: neither the closed card nor the contacts given up are kept anywhere."""

import pytest
from django.utils import timezone
from django_q.models import Task

from loyalty.ledger import verification
from loyalty.ledger.models import Transaction
from loyalty.members.models import Member
from loyalty.operations.merging import PersonalFact
from tests.cast import NOON, make_cast
from tests.imports.files import checked
from tests.operations.counter import adjust, days
from tests.privacy import dump
from tests.privacy.second_records import guest, merge
from tests.privacy.test_erasing import erase, work_off

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_folder(settings, tmp_path):
    """Keep files of other tests out of the dump."""
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()


@pytest.mark.req("CU1")
def test_of_two_cards_that_were_merged_a_dump_finds_neither_number_after_the_erasure():
    cast = make_cast()
    twice = guest(cast)
    numbers = {cast.membership.number, twice.number}
    adjust(cast, 40, membership=twice)
    merge(cast, cast.membership, twice)

    erase(cast, cast.membership, at=NOON + days(2))

    assert dump.found(numbers) == {}
    others = Transaction.objects.filter(result__step__startswith="MERGED").order_by("pk")
    assert [one.result["other_membership_id"] for one in others] == [
        twice.pk,
        cast.membership.pk,
        cast.membership.pk,
    ]
    assert verification.verify(verification.Scope(at=NOON + days(2))) == []


@pytest.mark.req("CU1")
@pytest.mark.parametrize("taken", [(), (PersonalFact.EMAIL, PersonalFact.PHONE)])
def test_contacts_that_a_merger_gives_up_are_forgotten_and_those_it_keeps_are_not(taken, tmp_path):
    cast = make_cast()
    own, theirs = ("Own@q.example", "+4915112345678"), ("second@q.example", "+4915187654321")
    rows = (f"{contact},5,asked,thanks" for contact in (*own, *theirs))
    checked(cast, tmp_path, "member,points,internal note,comment", *rows)
    Member.objects.filter(pk=cast.membership.member_id).update(email=own[0], phone=own[1])
    twice = guest(cast, email=theirs[0], phone=theirs[1])
    moment = {"started": timezone.now(), "stopped": timezone.now()}
    for number, contact in enumerate((*own, *theirs)):
        facts = {"name": "one", "func": "f", "success": False, **moment}
        Task.objects.create(id=str(number) * 32, result=f"Key ({contact}) exists.", **facts)

    merge(cast, cast.membership, twice, *taken)
    work_off()

    gone, kept = (own, theirs) if taken else (theirs, own)
    assert dump.found(gone) == {}
    assert {word for words in dump.found(kept).values() for word in words} == set(kept)
    erase(cast, cast.membership, at=NOON + days(2))
    work_off()
    assert dump.found([*own, *theirs]) == {}
