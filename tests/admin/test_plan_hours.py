"""The hours of a plan: from and to belong together, at stores of the card's club alone."""

import re
from datetime import time

import pytest

from cards.models import PlanHours
from tests.admin.desk import at_desk, submit
from tests.admin.plan_forms import advanced, new_hours, only_plan, page, row_errors

pytestmark = pytest.mark.django_db


@pytest.mark.req("IV7.10")
@pytest.mark.parametrize(
    ("start", "end", "refused"),
    [
        ("18:00", "", ["end_time"]),
        ("", "20:00", ["start_time"]),
        ("18:00", "18:00", ["end_time"]),
        ("00:00", "00:00", []),
        ("22:00", "02:00", []),
    ],
)
def test_from_and_to_belong_together_and_may_pass_midnight(start, end, refused):
    cast = advanced()

    response = submit(
        at_desk(cast.petra),
        page(only_plan(cast.card)),
        **new_hours(store="", weekday="", start_time=start, end_time=end),
    )

    assert row_errors(response, "hours") == refused


@pytest.mark.req("IV7.11", "IV8.12", "IV8.13")
def test_where_days_count_together_hours_are_shut_and_purchases_are_not_counted():
    cast = advanced(award_criteria="CUMULATIVE", cumulative_days=30)
    plan = only_plan(cast.card)
    row = PlanHours.objects.create(
        plan=plan, store=cast.old_port, weekday=5, start_time=time(18), end_time=time(20)
    )
    client = at_desk(cast.petra)

    body = client.get(page(plan)).content.decode()
    submit(client, page(plan), **{"hours-0-weekday": "1", "hours-0-store": ""})

    row.refresh_from_db()
    disabled = [name for name in ("store", "weekday", "start_time") if _is_shut(body, name)]
    assert disabled == ["weekday", "start_time"]
    assert (row.weekday, row.store_id) == (5, None)
    assert "lines-0-transaction_c" not in body


def _is_shut(body, name):
    at = body.index(f'name="hours-0-{name}"')
    return " disabled" in re.sub(r'"[^"]*"', "", body[at : body.index(">", at)])


def test_hours_name_the_stores_of_the_card_s_club_alone():
    cast = advanced()

    response = submit(
        at_desk(cast.petra), page(only_plan(cast.card)), **new_hours(store=cast.hilltop.pk)
    )

    assert row_errors(response, "hours") == ["store"]
