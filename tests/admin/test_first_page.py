"""The first page: four figures, one chart, first steps that tick themselves off; and posters."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from cards.models import Card, CardStatus, Reward
from clubs.models import Club, Manager, Partner, Role, Store
from loyalty.analytics import reading, rollups
from loyalty.audit.models import AuditEvent
from loyalty.ledger.models import Source
from loyalty.members.models import RewardCounter
from loyalty.operations import adjustments, purchases
from loyalty.operations.purchases import Bill
from loyalty.users.models import User
from staff import posters
from staff.posters import Invitation
from tests.admin.desk import at_desk, submit
from tests.analytics import raw
from tests.cast import deed, make_cast, make_manager, make_partner, make_user, publish
from tests.operations.test_statements import counted

pytestmark = pytest.mark.django_db
INDEX = "/admin/"
STATEMENTS = 19
WORDS = Invitation(
    title="Harbour Coffee", place="Harbour Group", address="http://x.example/join/1/"
)


def buy(cast, at, amount=1000):
    purchases.award_purchase(
        deed=deed(cast.sam, store=cast.old_port, at=at),
        membership_id=cast.membership.pk,
        bill=Bill(amount_minor=amount, currency="EUR"),
        scan_id=cast.scan(at=at),
    )


def test_the_figures_compare_the_week_with_the_one_before():
    cast = make_cast()
    now = timezone.now()
    buy(cast, now - timedelta(days=10), 3000)
    buy(cast, now - timedelta(days=2), 5000)
    adjustments.adjust_points(
        deed=deed(cast.petra, Source.ADMIN, at=now - timedelta(days=1)),
        membership_id=cast.membership.pk,
        points=-4,
    )
    rollups.rebuild(partner=cast.partner, at=raw.soon())

    page = at_desk(cast.petra).get(INDEX)

    story = page.context["story"]
    assert "Today is not over yet." in page.content.decode()
    assert [(one.label, one.text, one.change, one.tone) for one in story.figures] == [
        ("Members", "1", "as before", "is-same"),
        ("Active members", "1", "as before", "is-same"),
        ("Points given", "50", "+66.7 %, up from 30", "is-up"),
        ("Rewards handed out", "0", "as before", "is-same"),
    ]
    drawn = [int(row[1].text) for row in story.chart.table.rows]
    assert (len(drawn), sum(drawn)) == (14, 2)


def test_the_figures_of_the_first_page_are_those_of_the_pages_they_lead_to():
    cast = make_cast()
    buy(cast, timezone.now() - timedelta(days=2), 5000)
    rollups.rebuild(partner=cast.partner, at=raw.soon())
    client = at_desk(cast.petra)
    story = client.get(INDEX).context["story"]
    there = {"Active members": "Members who came", "Points given": "Given: points"}

    for figure in story.figures[1:]:
        questions = client.get(figure.address).context["content"].questions
        texts = {one.label: one.text for question in questions for one in question.figures}
        assert texts[there.get(figure.label, figure.label)] == figure.text
    lines = client.get(story.file).content.decode("utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == [
        row[1].text for row in story.chart.table.rows
    ]


def test_before_the_first_count_the_first_page_does_not_say_that_nobody_is_active():
    cast = make_cast()
    buy(cast, timezone.now() - timedelta(days=2))

    story = at_desk(cast.petra).get(INDEX).context["story"]

    assert [(one.label, one.text, one.change) for one in story.figures[:2]] == [
        ("Members", "1", "as before"),
        ("Active members", "\u2013", ""),
    ]


def test_the_first_page_costs_the_same_with_few_and_with_many_deeds():
    cast = make_cast()
    client = at_desk(cast.petra)
    buy(cast, timezone.now())
    raw.roll(cast.partner, counts=True)
    client.get(INDEX)
    with counted() as few:
        client.get(INDEX)
    for hours in range(1, 6):
        buy(cast, timezone.now() - timedelta(hours=hours))

    with counted() as many:
        client.get(INDEX)

    assert (len(few), len(many)) == (STATEMENTS, STATEMENTS)


def test_the_first_page_opens_while_its_figures_are_just_being_counted(monkeypatch):
    client = at_desk(make_cast().petra)
    monkeypatch.setattr(reading, "MOST_TRIES", 0)

    page = client.get(INDEX)

    assert (page.status_code, page.context["story"].is_moving) == (200, True)
    assert "just being counted" in page.content.decode()


def test_the_first_steps_tick_themselves_off_and_go_when_all_are_done():
    partner = make_partner("New Place")
    nina = make_user("nina")
    make_manager(nina, partner)
    client = at_desk(nina)
    club = Club.objects.create(partner=partner, code="main", name="Main")

    def steps():
        return [step.is_done for step in client.get(INDEX).context["steps"]]

    seen = [steps()]
    Store.objects.create(partner=partner, club=club, code="main", name="Main")
    card = Card.objects.create(partner=partner, club=club, code="main", name="Main")
    publish(card)
    seen.append(steps())
    Reward.objects.create(partner=partner, card=card, code="a", name="A", cost=1)
    seen.append(steps())
    Card.objects.update(status=CardStatus.ACTIVE)
    seen.append(steps())
    submit(client, "/admin/clubs/staffmember/add/", email="ida@example.org", club=club.pk)
    seen.append(steps())
    client.post(reverse("admin:cards_card_poster", args=[card.pk, "poster"]))
    seen.append(steps())

    assert seen == [
        [False, False, False, False, False],
        [True, False, False, False, False],
        [True, True, False, False, False],
        [True, True, True, False, False],
        [True, True, True, True, False],
        [],
    ]


@pytest.mark.req("IV1.7")
def test_a_plan_that_is_nearly_full_and_a_reward_that_runs_out_need_a_person():
    cast = make_cast()
    Partner.objects.update(max_members=1)
    Reward.objects.filter(pk=cast.reward.pk).update(stock=10)
    RewardCounter.objects.update_or_create(reward=cast.reward, defaults={"issued": 9})

    page = at_desk(cast.petra).get(INDEX)

    assert [step.words for step in page.context["needed"]] == [
        "Croissant: 1 left",
        "1 of 1 members",
    ]


@pytest.mark.parametrize(("kind", "size"), [("poster", (595, 841)), ("tent", (419, 595))])
def test_a_poster_is_a_pdf_of_its_paper(kind, size):
    cast = make_cast()

    response = at_desk(cast.petra).get(
        reverse("admin:cards_card_poster", args=[cast.card.pk, kind])
    )

    box = response.content.split(b"/MediaBox [")[1].split(b"]")[0].split()
    assert response["Content-Type"] == "application/pdf"
    assert (int(float(box[2])), int(float(box[3]))) == size


def test_a_poster_that_does_not_exist_is_missing():
    cast = make_cast()

    assert (
        at_desk(cast.petra)
        .get(reverse("admin:cards_card_poster", args=[cast.card.pk, "flag"]))
        .status_code
        == 404
    )


def test_opening_a_poster_by_button_is_noted_and_looking_at_it_is_not():
    cast = make_cast()
    client = at_desk(cast.petra)
    path = reverse("admin:cards_card_poster", args=[cast.card.pk, "poster"])

    client.get(path)
    before = AuditEvent.objects.count()
    client.post(path)

    assert (before, AuditEvent.objects.get().action) == (0, "print poster")


def test_the_screen_shows_the_code_and_the_cheapest_reward():
    cast = make_cast()

    body = (
        at_desk(cast.petra)
        .get(reverse("admin:cards_card_screen", args=[cast.card.pk]))
        .content.decode()
    )

    words = ["Harbour Coffee", "Croissant for 200 points", "<svg", "Harbour Group"]
    assert [word for word in words if word not in body] == []


def test_a_poster_leaves_out_words_it_has_no_letters_for():
    arabic = "\u0642\u0647\u0648\u0629"

    assert posters.can_print("Café Zażółć") in {True, False}
    assert posters.can_print("Cafe") is True
    assert posters.can_print(arabic) is False
    made = posters.poster(Invitation(title=arabic, place="", address=WORDS.address))
    assert made.startswith(b"%PDF-")


def test_card_sheets_hold_ten_cards_a_page():
    cards = [(f"{number:08}", f"HTTP://X.EXAMPLE/C/{number:012}") for number in range(11)]

    made = posters.card_sheet("Harbour", cards)

    assert made.count(b"/Type /Page\n") + made.count(b"/Type /Page ") == 2


@pytest.mark.req("IV3.1")
def test_a_new_business_opens_with_owner_club_store_and_draft_card():
    told = StringIO()

    call_command(
        "create_partner", name="Café Luz", owner="Luz@Example.org", currency="kwd", stdout=told
    )

    partner = Partner.objects.get()
    card = Card.objects.get()
    assert (partner.slug, partner.currency, partner.timezone, partner.country) == (
        "cafe-luz",
        "KWD",
        "Europe/Lisbon",
        "PT",
    )
    assert (card.code, card.status, card.step_minor, card.terms_versions.count()) == (
        "main",
        CardStatus.DRAFT,
        1000,
        1,
    )
    owner = User.objects.get()
    assert (owner.email, owner.is_staff, owner.has_usable_password()) == (
        "luz@example.org",
        True,
        False,
    )
    assert (Manager.objects.get().role, Club.objects.count(), Store.objects.count()) == (
        Role.OWNER,
        1,
        1,
    )
    assert "http://testserver/accounts/login/" in told.getvalue()
    assert at_desk(owner).get(INDEX).status_code == 200


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": "Café Luz"}, "There is a business called cafe-luz already."),
        ({"owner": "nobody"}, "nobody is no e-mail address."),
        ({"currency": "XXX"}, "Choose a currency out of"),
        ({"timezone": "Mars/Base"}, "Choose a time zone such as Europe/Lisbon."),
        ({"country": "XX"}, "Choose a country by its two letters, such as PT."),
        ({"name": "\u0642\u0647\u0648\u0629"}, "A name is needed"),
        ({"slug": "cafe-luz"}, "There is a business called cafe-luz already."),
    ],
)
def test_a_repeat_or_nonsense_is_refused_and_nothing_is_made(changed, words):
    Partner.objects.create(name="Café Luz", slug="cafe-luz", code="cafe-luz")
    answers = {"name": "Other", "owner": "luz@example.org"} | changed

    with pytest.raises(CommandError, match=words):
        call_command("create_partner", stdout=StringIO(), **answers)

    assert (Partner.objects.count(), User.objects.count()) == (1, 0)


def test_the_command_asks_for_what_it_was_not_told(monkeypatch):
    answers = iter(["Bar Sol", "sol@example.org", "", "Asia/Tokyo", "jp"])
    monkeypatch.setattr("builtins.input", lambda _question: next(answers))

    call_command("create_partner", stdout=StringIO())

    partner = Partner.objects.get()
    assert (partner.name, partner.currency, partner.timezone, partner.country) == (
        "Bar Sol",
        "EUR",
        "Asia/Tokyo",
        "JP",
    )


def test_the_command_says_what_is_missing_when_nobody_answers(monkeypatch):
    def nobody(_question):
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)

    with pytest.raises(CommandError, match="name is missing"):
        call_command("create_partner", stdout=StringIO())


def test_a_row_shows_its_own_part_of_the_audit_log():
    cast = make_cast()
    client = at_desk(cast.petra)
    submit(client, reverse("admin:clubs_club_change", args=[cast.harbour.pk]), name="Pier")

    own = client.get(reverse("admin:clubs_club_history", args=[cast.harbour.pk])).content.decode()
    other = client.get(reverse("admin:clubs_club_history", args=[cast.hill.pk])).content.decode()

    assert [word for word in ("Petra", "Harbour", "Pier", "Changed") if word not in own] == []
    assert "Nothing was changed yet." in other


@pytest.mark.req("CU3")
def test_support_does_not_read_the_audit_log():
    cast = make_cast()
    rita = make_user("rita")
    make_manager(rita, cast.partner, Role.SUPPORT)

    found = at_desk(rita).get(reverse("admin:clubs_club_history", args=[cast.harbour.pk]))

    assert found.status_code == 403
