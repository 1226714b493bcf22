"""The special days of a card: once or every year, and what cannot work is refused."""

from datetime import date

import pytest

from cards.models import SpecialDay
from tests.admin.desk import at_desk, submit
from tests.admin.rule_rows import LATER, TYPED, YESTERDAY, add, adding, listed, make, page, wrong
from tests.cast import make_cast

pytestmark = pytest.mark.django_db


@pytest.mark.req("IV6.3")
def test_a_special_day_is_a_date_once_or_every_year():
    cast = make_cast()
    client = at_desk(cast.petra)

    once = add(client, "specialday", cast.card)
    yearly = add(
        client,
        "specialday",
        cast.card,
        name="Founding day",
        code="F-1",
        day="2001-12-24",
        is_yearly="on",
    )

    assert (once.status_code, yearly.status_code) == (302, 302)
    assert list(
        SpecialDay.objects.order_by("pk").values_list("code", "name", "day", "is_yearly")
    ) == [
        ("harvest", "Harvest", LATER, False),
        ("F-1", "Founding day", date(2001, 12, 24), True),
    ]
    assert "24 December, every year" in client.get(listed("specialday")).content.decode()


@pytest.mark.req("IV6.3")
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"day": YESTERDAY.isoformat()}, "day"),
        ({"day": "2026-02-30"}, "day"),
        ({"day": ""}, "day"),
        ({"code": "a b"}, "code"),
        ({"code": "x" * 21}, "code"),
        ({"code": "TAKEN"}, "code"),
        ({"name": "x" * 51}, "name"),
        ({"name": ""}, "name"),
        ({"card": ""}, "card"),
    ],
)
def test_a_special_day_that_cannot_work_is_refused_beside_its_field(changed, field):
    cast = make_cast()
    make("specialday", cast.card, code="taken")

    response = submit(
        at_desk(cast.petra),
        adding("specialday"),
        **{**TYPED["specialday"], "card": cast.card.pk, **changed},
    )

    assert list(wrong(response)) == [field]
    assert SpecialDay.objects.count() == 1


def test_a_special_day_that_has_passed_can_still_be_renamed():
    cast = make_cast()
    row = make("specialday", cast.card, day=YESTERDAY)

    response = submit(at_desk(cast.petra), page(row), name="Opening")

    assert response.status_code == 302
    assert SpecialDay.objects.get().name == "Opening"
