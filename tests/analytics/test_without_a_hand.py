"""A programme that runs by itself: from joining on the web to the figures of a page."""

from datetime import timedelta

import pytest
from django.urls import reverse

from loyalty import schedules
from loyalty.analytics import figures, liability
from loyalty.analytics.liability import Held
from loyalty.analytics.spans import Span, Step
from loyalty.jobs import queue
from loyalty.jobs.models import Job, JobState
from loyalty.ledger.models import Source, Transaction, Unit
from loyalty.members.models import Membership, Voucher, VoucherStatus
from loyalty.operations import purchases
from loyalty.operations.purchases import Bill
from tests.analytics import comparing
from tests.cast import deed, make_cast, make_reward, publish

pytestmark = pytest.mark.django_db
POINTS = Held(unit=Unit.POINTS)
SCHEDULES = (
    schedules.give_birthdays,
    schedules.book_due_points,
    schedules.book_due_vouchers,
    schedules.review_tiers,
    schedules.roll_up_figures,
)


def stamps():
    """Return a cast whose card gives a stamp for 10.00, lasting ten days, and five fill it."""
    cast = make_cast(step_minor=1000, expiry_days=10)
    cast.card.stamps_per_card = 5
    cast.card.full_card_reward = make_reward(cast.card, "Haircut", 5)
    cast.card.save()
    publish(cast.card)
    return cast


def hour(monkeypatch, at):
    """Let the schedules of an hour run, and the workers do what they queue."""
    monkeypatch.setattr(schedules.timezone, "now", lambda: at)
    for each in SCHEDULES:
        each()
    for job in Job.objects.exclude(state=JobState.DONE):
        while Job.objects.get(pk=job.pk).state != JobState.DONE:
            queue.run(job.pk)


@pytest.mark.slow
@pytest.mark.req("PA1.2", "R6.3", "R6.4")
def test_without_a_human_hand_points_are_earned_redeemed_and_expire_and_the_figures_say_so(
    client, monkeypatch
):
    cast = stamps()
    client.force_login(cast.noor)
    page = reverse("site:join", args=[cast.card.pk])
    client.post(page, {"request_id": "a" * 32, "consent": "on"})
    noor = Membership.objects.get(member__user=cast.noor)
    joined = noor.joined_at
    for number, amount in enumerate((3500, 4000), 1):
        purchases.award_purchase(
            deed=deed(None, Source.FEED, store=cast.old_port, at=joined + timedelta(hours=number)),
            membership_id=noor.pk,
            bill=Bill(amount_minor=amount, currency="EUR"),
            receipt=f"till {number}",
        )

    for day in range(1, 14):
        hour(monkeypatch, joined + timedelta(days=day))

    assert not Transaction.objects.filter(source=Source.SCAN).exists()
    assert Voucher.objects.get(membership=noor).status == VoucherStatus.ISSUED
    zone = cast.partner.zone()
    first = joined.astimezone(zone).date()
    span = Span(first=first, until=first + timedelta(days=14))
    scope, at = comparing.whole(cast), joined + timedelta(days=13)
    found = figures.page(scope=scope, span=span, at=at)
    units = found.now.total.points
    assert (units.issued, units.redeemed, units.expired, units.net) == (7, 5, 2, 0)
    assert (found.now.total.joins, found.now.active, found.now.outstanding.points) == (1, 1, 0)
    assert found.now.total.money["EUR"].sales_minor == 7500
    (awards,) = {one.untyped_share for one in found.awards if one.by_source}
    assert awards == 1
    owed = liability.liability(scope=scope, span=span, step=Step.DAY, at=at)
    rolls = owed.rolls[POINTS]
    lines = {name: sum(getattr(one, name) for one in rolls) for name in ("earned", "redeemed")}
    assert (lines, sum(one.expired for one in rolls)) == ({"earned": 7, "redeemed": -5}, -2)
    assert (rolls[0].opening, rolls[-1].closing, POINTS in owed.open) == (0, 0, False)
    assert found.baskets_at is not None
