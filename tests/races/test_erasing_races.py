"""What is being erased is not written again by whoever read it before."""

import threading

import pytest
from django.db import transaction

from loyalty.imports import checking
from loyalty.ledger.models import Source
from loyalty.members.models import Member
from loyalty.operations import erasing
from tests.cast import NOON, deed, join, make_cast
from tests.imports.files import told, upload
from tests.races.crowd import somebody_waits, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.mark.postgresql
@pytest.mark.req("CU7", "CU1")
def test_a_check_that_meets_an_erasure_writes_no_row_about_the_person(tmp_path):
    cast = make_cast()
    noors = join(cast.noor, cast.card)
    Member.objects.filter(pk=noors.member_id).update(email="noor@example.org")
    lines = ("member,points,comment", "noor@example.org,5,Dear Noor")
    taken = upload(cast, tmp_path, *lines, is_whole=False)
    answers = []

    with transaction.atomic():
        erasing.erase_member(deed=deed(cast.petra, Source.ADMIN, at=NOON), membership_id=noors.pk)
        checker = threading.Thread(
            target=lambda: answers.extend(
                together(lambda: checking.check_part(upload_id=taken.pk, at=NOON))
            )
        )
        checker.start()
        while not somebody_waits():
            pass
    checker.join()

    assert answers == [1]
    assert told(taken, "key", "comment", "membership") == [(2, "", "", None)]
