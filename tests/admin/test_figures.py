"""The pages of figures: whose, of which days, as a file, and for whom."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from clubs.models import Role
from loyalty.analytics import figures, reading, rollups
from loyalty.analytics.models import RollupMark
from staff.admin.analytics import PAGES
from staff.admin.figure_asks import PRESETS
from tests.admin.desk import at_desk
from tests.admin.telling import address, busy, buy, shown, table
from tests.analytics import raw
from tests.cast import make_card, make_cast, make_club, make_manager, make_partner, make_user
from tests.operations.test_statements import counted

pytestmark = pytest.mark.django_db
SLUGS = [page.slug for page in PAGES]
HOME = "/admin/analytics/"
# These pages read what a daily round counted, which no job moves while they do.
COUNTED = {"customers", "habits"}


@pytest.mark.req("R6.1", "R6.3", "R6.4", "R6.5")
def test_a_page_tells_a_week_beside_the_one_before():
    page = at_desk(busy().petra).get(address("overview", days="7"))

    assert {
        label: shown(page, label)
        for label in (
            "Transactions",
            "Sales in EUR",
            "Given: points",
            "Redeemed: points",
            "Redemption rate: points",
            "Rewards handed out",
            "Open: points",
        )
    } == {
        "Transactions": ("2", "+100 %, up from 1", "is-up"),
        "Sales in EUR": ("\u20ac200.00", "+100 %, up from \u20ac100.00", "is-up"),
        "Given: points": ("200", "+100 %, up from 100", "is-up"),
        "Redeemed: points": ("200", "+200, up from 0", "is-up"),
        "Redemption rate: points": ("100 %", "+100, up from 0 %", "is-up"),
        "Rewards handed out": ("1", "+1, up from 0", "is-up"),
        "Open: points": ("107", "+7 %, up from 100", "is-same"),
    }
    drawn = [int(row[1]) for row in table(page, "transactions")]
    assert (len(drawn), sum(drawn)) == (7, 2)


@pytest.mark.req("R6.1")
def test_active_members_among_many_deeds_are_told_up_to_yesterday_or_not_at_all(monkeypatch):
    cast = busy()
    buy(cast, days=1, amount=1000)
    rollups.rebuild(partner=cast.partner, at=raw.soon())
    monkeypatch.setattr(figures, "MOST_COUNTED", 0)
    client = at_desk(cast.petra)

    def told(of, **days):
        page = client.get(address("overview", of=of, **days))
        (found,) = (
            one
            for question in page.context["content"].questions
            for one in question.figures
            if one.label == "Active members"
        )
        return found.text, found.help

    store, today = f"store-{cast.old_port.pk}", timezone.localdate()
    days = {"first": str(today - timedelta(days=3)), "last": str(today - timedelta(days=1))}
    week = ("1", "bought or were given something in 7 days up to yesterday")
    assert told("all", days="1") == (
        "1",
        "bought or were given something in 1 day up to yesterday",
    )
    assert told("all", days="7") == told(store, days="7") == week
    assert told(store, days="own", **days) == (
        "\u2013",
        "told of the last 7, 30, 90 and 365 days, which are counted once a day",
    )
    RollupMark.objects.update(counted_date=today - timedelta(days=1))
    day = date_format(today - timedelta(days=2))
    assert told("all", days="7")[1] == f"bought or were given something in 7 days up to {day}"


@pytest.mark.req("R6.1")
def test_it_is_said_beside_a_comparison_that_today_is_not_over():
    client = at_desk(busy().petra)
    pages = [("overview", "7"), ("overview", "last-month"), ("customers", "7")]

    said = [
        "Today is not over yet." in client.get(address(slug, days=days)).content.decode()
        for slug, days in pages
    ]

    assert said == [True, False, False]


@pytest.mark.req("R6.1")
def test_a_file_holds_what_the_page_shows():
    cast = busy()
    client = at_desk(cast.petra)

    page = client.get(address("overview", days="7"))
    taken = client.get(reverse("admin:figures_overview_csv", args=["sales-eur"], query={"days": 7}))

    lines = taken.content.decode("utf-8-sig").splitlines()
    today = timezone.localtime(timezone.now(), cast.partner.zone()).date()
    amounts = dict(line.split(",") for line in lines[1:])
    assert lines[0] == '"Day","Sales in EUR"'
    assert amounts == {
        str(today - timedelta(days=back)): "200.00" if back == 2 else "0.00" for back in range(7)
    }
    assert [row[1] for row in table(page, "sales-eur")] == [
        f"\u20ac{amount}" for amount in amounts.values()
    ]
    assert taken["Content-Disposition"].startswith('attachment; filename="overview-sales-eur-')


@pytest.mark.req("R6.1")
def test_figures_are_those_of_the_place_that_is_asked_for():
    cast = busy()
    client = at_desk(cast.petra)

    pages = [client.get(address("overview", of=place, days=7)) for place in places(cast)]

    assert [
        None if page.context["content"].is_empty else shown(page, "Transactions")[0]
        for page in pages
    ] == ["2", "2", None, "2", "1", "2", None]


def places(cast):
    return [
        "all",
        f"club-{cast.harbour.pk}",
        f"club-{cast.hill.pk}",
        f"card-{cast.card.pk}",
        f"store-{cast.old_port.pk}",
        f"person-{cast.sam.pk}",
        f"person-{cast.petra.pk}",
    ]


def test_links_keep_what_was_asked():
    cast = busy()
    asked = {"of": f"club-{cast.harbour.pk}", "days": "90"}

    page = at_desk(cast.petra).get(address("overview", **asked))

    assert [tab["address"] for tab in page.context["tabs"]] == [
        address(slug, **asked) for slug in SLUGS
    ]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_sends_few_statements_whatever_it_is_about(slug):
    cast = busy()
    for number in range(3):
        make_card(cast.harbour, f"Card {number}")
    client = at_desk(cast.petra)
    client.get(HOME)
    sent = {}

    for place in (f"person-{cast.sam.pk}", f"store-{cast.old_port.pk}", "all&days=365"):
        with counted() as statements:
            assert client.get(f"{address(slug)}?of={place}").status_code == 200
        sent[place] = len(statements)

    assert max(sent.values()) <= 12, sent


@pytest.mark.req("R2.2")
def test_what_belongs_to_another_business_does_not_exist():
    cast = busy()
    nina = make_user("nina")
    make_manager(nina, make_partner("Stranger"))
    client = at_desk(nina)

    asked = [{"of": place} for place in places(cast) if place != "all"]
    asked += [{"business": cast.partner.pk}, {"of": "moon-1"}, {"of": "club-x"}, {"of": "club-"}]

    assert {client.get(address("overview", **one)).status_code for one in asked} == {404}
    assert client.get(HOME).status_code == 200


@pytest.mark.req("CU3")
def test_support_looks_at_figures_and_neither_takes_them_away_nor_sees_those_of_a_person():
    cast = busy()
    rita = make_user("rita")
    make_manager(rita, cast.partner, Role.SUPPORT)
    client = at_desk(rita)

    page = client.get(HOME)

    assert [file for _, file in page.context["charts"] if file] == []
    taken = reverse("admin:figures_overview_csv", args=["joins"])
    asked = [taken, address("overview", of=f"person-{cast.sam.pk}")]
    assert [client.get(one).status_code for one in asked] == [403, 403]


def test_a_file_that_no_page_has_is_missing():
    client = at_desk(busy().petra)

    files = [reverse("admin:figures_overview_csv", args=["moon"])]
    files.append(reverse("admin:figures_overview_csv", args=["joins"], query={"days": "own"}))

    assert [client.get(one).status_code for one in files] == [404, 404]


DAYS = [
    # first        last          field     words
    ("", "2026-05-01", "first", "Choose a day."),
    ("2026-05-01", "soon", "last", "Enter a valid date."),
    ("2026-05-02", "2026-05-01", "last", "The last day is before the first."),
    ("2026-05-02", "2999-05-01", "last", "This day is yet to come."),
    ("1999-12-31", "2026-05-01", "first", "Choose a day from 2000 on."),
    ("2010-05-02", "2026-05-01", "last", "Choose ten years at most."),
]


@pytest.mark.parametrize(("first", "last", "field", "words"), DAYS)
def test_days_that_are_no_span_are_refused_beside_their_field(first, last, field, words):
    client = at_desk(make_cast().petra)

    page = client.get(address("overview", days="own", first=first, last=last))

    assert (page.status_code, page.context["form"].errors[field]) == (200, [words])
    assert "content" not in page.context


@pytest.mark.parametrize("days", [key for key, _words in PRESETS if key != "own"])
def test_every_choice_of_days_ends_where_it_says(days):
    cast = make_cast()
    today = timezone.localtime(timezone.now(), cast.partner.zone()).date()
    ends = today.replace(day=1) if days == "last-month" else today + timedelta(days=1)

    span = at_desk(cast.petra).get(address("overview", days=days)).context["asked"].span

    assert (span.until, span.first.day if "month" in days else len(span.parts("DAY"))) == (
        ends,
        1 if "month" in days else int(days),
    )


def test_a_business_without_any_deed_is_told_how_figures_begin():
    partner = make_partner("New Place")
    nina = make_user("nina")
    make_manager(nina, partner)

    page = at_desk(nina).get(HOME)

    assert "Nothing to count yet" in page.content.decode()


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug not in COUNTED])
def test_sums_that_are_just_being_counted_are_no_error(slug, monkeypatch):
    client = at_desk(busy().petra)
    monkeypatch.setattr(reading, "MOST_TRIES", 0)

    page = client.get(address(slug))

    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert "Just being counted" in page.content.decode()


def test_whoever_runs_two_businesses_chooses_one():
    cast = busy()
    other = make_partner("Aardvark Bakery")
    make_manager(cast.petra, other)
    make_card(make_club(other, "Far"), "Far card")
    client = at_desk(cast.petra)

    first, chosen = client.get(HOME), client.get(f"{HOME}?business={cast.partner.pk}")

    assert [page.context["asked"].partner for page in (first, chosen)] == [other, cast.partner]
    assert {tab["address"] for tab in chosen.context["tabs"]} == {
        address(slug, business=cast.partner.pk) for slug in SLUGS
    }
