"""The dashboard asks what draft rules would have done, watches the run and reads its outcome."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from cards.models import WhatIf, WhatIfStatus
from clubs.models import Role
from loyalty.analytics import whatif
from loyalty.jobs.models import Job, JobState
from tests.admin.desk import at_desk, submit
from tests.analytics.runs import draft, finish, tried
from tests.cast import join, make_cast, make_manager, make_partner, make_tier, make_user
from tests.operations.counter import buy

pytestmark = pytest.mark.django_db


def page(card):
    return reverse("admin:cards_card_what_if", args=[card.pk])


def result(run):
    return reverse("admin:cards_card_what_if_result", args=[run.card_id, run.pk])


def text(response):
    """Return the words of a page, without tags and with single spaces."""
    assert response.status_code == 200, response.status_code
    main = response.content.decode().partition('<div class="d-stack">')[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


@pytest.fixture
def cast():
    """Mia just bought for 10.00; the draft doubles what it gives."""
    cast = make_cast()
    buy(cast, 1000, at=timezone.now())
    draft(cast.card, points_per_step=2)
    return cast


def test_an_owner_asks_and_is_led_to_the_run(cast):
    client = at_desk(cast.petra)

    response = submit(client, page(cast.card), days="7")

    run = WhatIf.objects.get()
    assert (response.status_code, response["Location"]) == (302, result(run))
    assert (run.card, run.days, run.asked_by, run.status) == (
        cast.card,
        7,
        cast.petra,
        WhatIfStatus.WAITING,
    )
    assert "Waiting for its turn" in text(client.get(result(run)))


def test_days_that_are_not_offered_are_refused_beside_the_field(cast):
    response = submit(at_desk(cast.petra), page(cast.card), days="8")

    assert list(response.context["form"].errors) == ["days"]
    assert WhatIf.objects.count() == 0


def test_before_the_first_run_the_page_says_what_to_do(cast):
    shown = text(at_desk(cast.petra).get(page(cast.card)))

    assert "No run yet. Choose the days and press Run." in shown


def test_a_run_that_goes_on_shows_how_far_it_is_and_asks_again(cast):
    client = at_desk(cast.petra)
    run = whatif.ask(card_id=cast.card.pk, days=30, at=timezone.now(), by_id=None)
    WhatIf.objects.update(status=WhatIfStatus.RUNNING, seen_count=1200, total_count=5000)

    whole, part = client.get(result(run)), client.get(f"{result(run)}?part=1")

    assert "1,200 of 5,000 purchases" in text(whole)
    assert "js/admin/progress.js" in whole.content.decode()
    assert '<progress class="d-progress" max="5000" value="1200"' in part.content.decode()
    assert "<html" not in part.content.decode()
    WhatIf.objects.update(status=WhatIfStatus.WAITING, seen_count=0)
    finish(run)
    assert "data-seen" not in client.get(f"{result(run)}?part=1").content.decode()


def test_the_outcome_shows_figures_tiers_and_both_explanations(cast):
    make_tier(cast.card, "Silver", 15)
    draft(cast.card, credit_per_step_minor=5)
    run = tried(cast.card, days=7, at=timezone.now(), by=cast.petra)

    shown = text(at_desk(cast.petra).get(result(run)))

    for words in (
        "Purchases 1 ",
        "Points by the draft 20 10 were booked (+100 %)",
        "Credit by the draft €0.50 €0.00 were booked",
        "Members with more 1 of 1 who bought",
        "Members with less 0 of 1 who bought",
        "no tier Silver 1 ",
        "€10.00 · today",
        "Booked 10 points 1 point per €1.00, rounded down",
        "Draft 20 points, €0.50 credit",
        "2 points per €1.00, rounded down",
        "Petra",
    ):
        assert words in shown
    assert f"card {cast.membership.number}" in shown
    assert "changed after this run" not in shown
    listed = text(at_desk(cast.petra).get(page(cast.card)))
    assert "10 points → 20 points, €0.50 credit" in listed


def test_the_outcome_names_what_the_draft_would_refuse_and_what_it_cannot_tell(cast):
    make_tier(cast.card, "Silver", 5, multiplier="1.00")
    buy(cast, 5000, at=timezone.now())
    draft(cast.card, points_per_step=1, credit_per_step_minor=0, max_amount_minor=2000)
    run = tried(cast.card, days=7, at=timezone.now())
    run.outcome |= {"unknown": 1, "mixed": 2, "kept": {"0>999999": 3}}
    run.save()

    shown = text(at_desk(cast.petra).get(result(run)))

    for words in (
        "1 purchase is above the draft's largest amount and would be refused.",
        "1 purchase holds too little",
        "refused: above the largest amount of one purchase",
        "Members with more and less 2 of 1 who bought",
        "(-83.3 %)",
        "no tier no tier keep theirs 3",
    ):
        assert words in shown.replace("&#x27;", "'")


def test_an_outcome_without_purchases_or_changes_says_so(cast):
    client = at_desk(cast.petra)
    empty = tried(cast.hill_card, days=7, at=timezone.now())
    draft(cast.card, points_per_step=1)
    same = tried(cast.card, days=7, at=timezone.now())

    assert "No purchases in these days" in text(client.get(result(empty)))
    shown = text(client.get(result(same)))
    assert "Nobody would have another tier." in shown
    assert "No purchase would have earned anything else." in shown


def test_a_draft_that_was_changed_since_is_pointed_out(cast):
    run = tried(cast.card, days=7, at=timezone.now())
    draft(cast.card, points_per_step=3)

    assert "changed after this run" in text(at_desk(cast.petra).get(result(run)))


@pytest.mark.parametrize(
    ("error", "words"),
    [("TypeError", "The run failed."), (whatif.REPLACED, "A newer run took the place")],
)
def test_a_run_that_failed_says_that_nothing_was_booked(cast, error, words):
    run = tried(cast.card, days=7, at=timezone.now())
    WhatIf.objects.update(status=WhatIfStatus.FAILED, outcome={"error": error})
    client = at_desk(cast.petra)

    assert f"{words}" in text(client.get(result(run)))
    assert "Nothing was booked" in text(client.get(result(run)))
    assert "failed" in text(client.get(page(cast.card)))


def test_a_run_that_the_queue_gave_up_has_failed(cast):
    run = whatif.ask(card_id=cast.card.pk, days=30, at=timezone.now(), by_id=None)
    Job.objects.update(state=JobState.DEAD)

    assert "The run failed." in text(at_desk(cast.petra).get(result(run)))


def test_a_card_on_which_staff_type_points_has_nothing_to_try():
    cast = make_cast(is_points_only=True)

    shown = text(at_desk(cast.petra).get(page(cast.card)))

    assert "there is nothing to try" in shown
    assert "No run yet." in shown
    assert "Choose the days" not in shown


def test_support_may_look_but_not_ask(cast):
    helper = make_user("helen")
    make_manager(helper, cast.partner, Role.SUPPORT)
    run = tried(cast.card, days=7, at=timezone.now())
    client = at_desk(helper)

    assert "Try the draft" not in text(client.get(page(cast.card)))
    assert client.post(page(cast.card), {"days": "7"}).status_code == 403
    assert "Booked 10 points" in text(client.get(result(run)))
    assert WhatIf.objects.count() == 1


def test_runs_of_others_do_not_exist(cast):
    run = tried(cast.card, days=7, at=timezone.now())
    stranger = make_user("sten")
    make_manager(stranger, make_partner("Other Group"))
    client = at_desk(stranger)
    elsewhere = reverse("admin:cards_card_what_if_result", args=[cast.hill_card.pk, run.pk])

    assert [client.get(address).status_code for address in (page(cast.card), result(run))] == [
        404,
        404,
    ]
    assert client.post(page(cast.card), {"days": "7"}).status_code == 404
    assert at_desk(cast.petra).get(elsewhere).status_code == 404


def test_the_publish_page_leads_to_the_runs(cast):
    shown = at_desk(cast.petra).get(reverse("admin:cards_card_publish", args=[cast.card.pk]))

    assert f'href="{page(cast.card)}"' in shown.content.decode()


def test_an_outcome_takes_as_many_statements_for_one_purchase_as_for_three(
    cast, django_assert_max_num_queries
):
    client = at_desk(cast.petra)
    counts = []
    for more in ([], [cast.membership, join(cast.noor, cast.card)]):
        for holder in more:
            buy(cast, 700, at=timezone.now(), membership=holder)
        run = tried(cast.card, days=7, at=timezone.now())
        client.get(result(run))
        with django_assert_max_num_queries(40) as asked:
            client.get(result(run))
        counts.append(len(asked))

    assert counts[0] == counts[1]
