"""A customer is erased while somebody answers what was asked for them: neither breaks the other."""

import threading

import pytest
from django.db import transaction

from clubs.models import Manager, Role
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Source, Unit
from loyalty.operations import customers, erasing, waiting_adjustments
from tests.cast import deed, make_cast, make_manager, make_user
from tests.races.crowd import refusals, somebody_waits, together

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.postgresql,
]


@pytest.mark.parametrize("answer", ["approve", "decline", "withdraw"])
def test_who_answers_for_a_customer_just_being_erased_waits_and_learns_it(answer):
    cast = make_cast()
    rita = make_user("rita")
    make_manager(rita, cast.partner, Role.SUPPORT)
    Manager.objects.filter(user=rita).update(adjust_cap=1)
    asked = waiting_adjustments.ask(
        deed=deed(rita, Source.ADMIN),
        membership_id=cast.membership.pk,
        unit=Unit.POINTS,
        amount=5,
        note=Note(internal="words"),
    )
    by = deed(rita if answer == "withdraw" else cast.petra, Source.ADMIN)
    more = {"words": "no"} if answer == "decline" else {}
    answers = []

    with transaction.atomic():
        customers.lock(deed=deed(cast.petra, Source.ADMIN), membership_ids=[cast.membership.pk])
        waiting = threading.Thread(
            target=lambda: answers.extend(
                together(
                    lambda: getattr(waiting_adjustments, answer)(
                        deed=by, waiting_id=asked.pk, **more
                    )
                )
            )
        )
        waiting.start()
        while waiting.is_alive() and not somebody_waits():
            pass
        erasing.erase_member(deed=deed(cast.petra, Source.ADMIN), membership_id=cast.membership.pk)
    waiting.join()

    assert refusals(answers) == (["MembershipNotActiveError"] if answer == "approve" else [])
    asked.refresh_from_db()
    assert asked.internal == ""
