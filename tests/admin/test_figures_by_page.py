"""What each page of figures tells."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clubs.models import Weekday
from loyalty.analytics import card_views, rollups
from loyalty.analytics.card_views import Viewer
from loyalty.analytics.models import AtRisk, RiskCount, Signal, SignalKind
from loyalty.ledger.models import Source
from loyalty.members.models import Account
from staff.admin import figures_customers
from tests.admin.desk import at_desk
from tests.admin.telling import address, busy, buy, chart, counted_members, shown, table
from tests.analytics import raw
from tests.cast import join, make_cast, make_user
from tests.operations.counter import adjust, roll_back

pytestmark = pytest.mark.django_db


@pytest.mark.req("PA4.1")
def test_the_share_of_awards_that_nobody_typed_is_told_with_where_they_came_from():
    cast = make_cast()
    for source in (Source.SCAN, Source.API, Source.API, Source.FEED):
        buy(cast, source=source)

    page = at_desk(cast.petra).get(address("sources"))

    assert shown(page, "Awards that nobody typed")[0] == "75 %"
    assert table(page, "sources") == [
        ["API", "not typed", "2", "50 %"],
        ["Feed", "not typed", "1", "25 %"],
        ["Counter", "typed", "1", "25 %"],
    ]


@pytest.mark.req("PA4.1")
def test_months_without_an_award_have_no_share():
    cast = make_cast()
    adjust(cast, 7, at=timezone.now())
    client = at_desk(cast.petra)
    without = chart(client.get(address("sources", days="90")), "untyped")
    buy(cast, days=70)
    buy(cast, source=Source.API)

    page = client.get(address("sources", days="90"))

    assert [row[1] for row in table(page, "untyped")] == ["0 %", "100 %"]
    told = chart(page, "untyped")
    assert (len(told.plot.parts), told.help) == (2, "Months without an award are left out.")
    assert (without.plot, without.empty) == (None, "No award in these days.")


def test_the_rewards_chosen_most_are_named():
    page = at_desk(busy().petra).get(address("rewards"))

    assert table(page, "top-rewards") == [["Croissant", "1"]]


@pytest.mark.req("R6.5")
def test_what_is_owed_ties_to_the_ledger_on_the_page():
    cast = busy()
    roll_back(cast, buy(cast), at=timezone.now())

    page = at_desk(cast.petra).get(address("owed", days="7"))

    (part,) = page.context["content"].parts
    held = sum(Account.objects.values_list("points", flat=True))
    assert (part.begin[1], [line[::2] for line in part.lines], part.end[1]) == (
        "100",
        [("Earned", "+210"), ("Redeemed", "\u2212200"), ("Adjusted", "+7"), ("Undone", "\u221210")],
        str(held),
    )
    rows = table(page, "roll-points")
    assert [row[1] for row in rows[1:]] == [row[-1] for row in rows[:-1]]
    assert (rows[0][1], rows[-1][-1]) == ("100", str(held))


def test_what_is_open_is_told_by_card_age_and_end_as_of_the_count():
    cast = busy()
    rollups.rebuild(partner=cast.partner, at=raw.soon())

    page = at_desk(cast.petra).get(address("owed", days="7"))

    assert table(page, "cards") == [["Harbour Coffee", "points", "107"]]
    assert [
        sum(int(row[1]) for row in table(page, name)) for name in ("age-points", "end-points")
    ] == [
        107,
        107,
    ]
    assert page.context["content"].counted_at is not None


def test_a_store_owes_nothing_of_its_own():
    cast = busy()

    page = at_desk(cast.petra).get(address("owed", of=f"store-{cast.old_port.pk}"))

    (question,) = page.context["content"].questions
    assert (question.help, question.more) == (
        "A store or a person has no members or balances of its own: they belong to cards.",
        address("owed", of="all"),
    )


@pytest.mark.req("R6.5")
def test_the_busiest_hour_is_told_and_the_week_begins_where_the_business_begins_it():
    cast = make_cast()
    cast.partner.week_start = Weekday.SUNDAY
    cast.partner.save()
    purchase = buy(cast, days=1)
    local = timezone.localtime(purchase.occurred_at, cast.partner.zone())

    page = at_desk(cast.petra).get(address("times", days="7"))

    assert shown(page, "Busiest hour")[0] == f"{local:%a} {local:%H}:00"
    heat = next(chart.heat for chart, _ in page.context["charts"] if chart.name == "hours")
    assert heat.rows[0][1] == "Sun"
    assert table(page, "hours")[local.hour][1 + (local.weekday() + 1) % 7] == "1"


def test_each_person_is_told_what_they_did_and_undid_and_leads_to_their_own_figures():
    cast = busy()
    roll_back(cast, buy(cast), at=timezone.now())
    Signal.objects.create(
        partner=cast.partner,
        actor=cast.sam,
        kind=SignalKind.values[0],
        key="one",
        day=timezone.localtime(timezone.now(), cast.partner.zone()).date(),
        found_at=timezone.now(),
    )

    page = at_desk(cast.petra).get(address("staff", days="7"))

    assert table(page, "people") == [
        ["Sam", "2", "210", "1", "0", "0", "0 %", "1"],
        ["Petra", "0", "0", "0", "1", "1", "100 %", "0"],
    ]
    (people,) = (chart for chart, _ in page.context["charts"])
    assert [row[0].address for row in people.table.rows] == [
        address("overview", days="7", of=f"person-{one.pk}") for one in (cast.sam, cast.petra)
    ]


@pytest.mark.req("R6.5")
def test_the_best_customers_are_named_and_lead_to_their_accounts():
    cast = counted_members()

    page = at_desk(cast.petra).get(address("customers", days="30"))

    account = reverse("admin:members_membership_account", args=[cast.membership.pk])
    assert (table(page, "spent-eur"), table(page, "often")) == (
        [["Mia", "\u20ac300.00"]],
        [["Mia", "2"]],
    )
    assert shown(page, "Spent most, in EUR")[0] == "\u20ac300.00"
    assert f'href="{account}"' in page.content.decode()


@pytest.mark.req("R6.5")
def test_it_is_said_how_many_at_risk_stand_on_the_page_and_in_the_file(monkeypatch):
    cast = counted_members()
    held = [cast.membership, join(cast.noor, cast.card), join(make_user("ines"), cast.card)]
    of = {"partner": cast.partner, "card": cast.card}
    day = timezone.localdate() - timedelta(days=60)
    AtRisk.objects.bulk_create(
        AtRisk(**of, membership=one, visit_count=5, gap_days=3, last_date=day) for one in held
    )
    RiskCount.objects.update_or_create(**of, defaults={"member_count": len(held)})
    monkeypatch.setattr(figures_customers, "MOST_SHOWN", 1)
    client = at_desk(cast.petra)

    whole = client.get(address("customers")).content.decode()
    monkeypatch.setattr(figures_customers, "MOST_MISSED", 2)
    page = client.get(address("customers"))

    assert "The first 1 of 3; the file has all of them." in whole
    said = "The first 1 of 3; the file has the 2 who came most often."
    assert (len(table(page, "at-risk")), said in page.content.decode()) == (2, True)


@pytest.mark.req("R6.5")
def test_who_comes_back_is_told_by_month_and_by_how_often():
    cast = counted_members()

    page = at_desk(cast.petra).get(address("habits", days="30"))

    assert table(page, "frequency") == [
        ["1", "0", "0"],
        ["2", "1", "2"],
        ["3\u20135", "0", "0"],
        ["6\u201310", "0", "0"],
        ["11+", "0", "0"],
    ]
    joined = timezone.localtime(cast.membership.joined_at, cast.partner.zone())
    assert [row[:2] for row in table(page, "cohorts")] == [[f"{joined:%B %Y}", "1"]]


@pytest.mark.req("R6.5")
def test_tiers_are_told_with_who_stands_there():
    cast = counted_members()

    page = at_desk(cast.petra).get(address("tiers"))

    assert table(page, "tiers") == [["no tier", "Harbour Coffee", "1"]]


@pytest.mark.req("R6.5")
def test_what_a_programme_costs_is_held_against_what_it_sells():
    cast = counted_members()

    page = at_desk(cast.petra).get(address("worth", days="7"))

    assert [row[1] for row in table(page, "worth-eur")] == [
        "\u20ac200.00",
        "\u20ac0.00",
        "\u20ac0.00",
        "\u20ac200.00",
    ]
    assert page.context["content"].notes == [
        "200 points were redeemed on cards in EUR that give a point no worth in money."
        " They cost nothing here."
    ]


@pytest.mark.req("R6.2")
def test_looks_at_a_card_are_told_with_the_other_figures():
    cast = busy()
    card_views.count(card_id=cast.card.pk, viewer=Viewer(key="a"), at=timezone.now())

    page = at_desk(cast.petra).get(address("overview", days="7"))

    assert shown(page, "Card views")[:2] == ("1", "+1, up from 0")
    assert table(page, "views")[-1][1] == "1"
