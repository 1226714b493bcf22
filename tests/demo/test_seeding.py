"""The demo: made once into an empty database, believable, and sound."""

from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import Schedule
from PIL import Image

from cards.models import Card, Reward, TermsVersion
from clubs.models import Club, Manager, Partner, StaffMember, Store
from loyalty import schedules
from loyalty.analytics.models import CardView, DayView
from loyalty.demo import people, seeding, shops
from loyalty.demo.chance import Chance
from loyalty.ledger import verification
from loyalty.ledger.models import Kind, ParkedRefund, Transaction
from loyalty.ledger.verification import Scope
from loyalty.members.models import Account, Member, Membership, MemberTag, Scan
from loyalty.users.models import User
from tests.cast import make_partner, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def seed_demo(**options) -> str:
    out = StringIO()
    call_command("seed_demo", stdout=out, **options)
    return out.getvalue()


@pytest.mark.slow
def test_the_demo_is_a_year_of_a_street_of_shops_and_its_ledger_is_sound(media):
    said = seed_demo(members=20)

    assert said.startswith(f"The demo is made: 20 members, {Transaction.objects.count()} trans")
    counts = {
        model: model.objects.count() for model in (Partner, Club, Store, Card, Reward, Member)
    }
    assert counts == {Partner: 1, Club: 3, Store: 5, Card: 5, Reward: 8, Member: 20}
    assert verification.verify(Scope(at=timezone.now())) == []
    _the_year_is_whole()
    _each_kind_of_rule_has_been_at_work()
    _the_named_have_something_to_show()
    _everybody_can_sign_in()
    _cards_are_looked_at()
    for reward in Reward.objects.all():
        with reward.image.open() as file, Image.open(BytesIO(file.read())) as picture:
            assert picture.size == (1200, 900)
    assert set(Schedule.objects.values_list("name", flat=True)) == set(schedules.SCHEDULES)

    rows = Transaction.objects.count()
    assert seed_demo() == "The demo is here already; nothing was changed.\n"
    assert Transaction.objects.count() == rows
    table = seed_demo(show=True).splitlines()
    assert table[0].split() == ["Who", "E-mail", "Password", "PIN", "May"]
    assert [line.split()[2] for line in table[1:]] == [
        f"{name}@lantern.example"
        for name in (
            *("petra", "kofi", "sam", "aiko", "tess", "omar", "lina", "marco"),
            *("mia", "noor", "jonas"),
        )
    ]


def _the_year_is_whole():
    now, done = timezone.now(), Transaction.objects.order_by("pk")
    times = list(done.values_list("occurred_at", flat=True))
    assert now - timedelta(days=366) < times[0] < now - timedelta(days=300)
    assert now - timedelta(minutes=30) < times[-1] <= now
    assert times == sorted(times)
    first_deed = Transaction.objects.order_by("occurred_at")[0].occurred_at
    first_versions = TermsVersion.objects.filter(number=1)
    assert first_versions.count() == Card.objects.count()
    assert all(version.published_at < first_deed for version in first_versions)
    kinds = set(Transaction.objects.values_list("kind", flat=True))
    assert kinds == set(Kind) - {"OPENING"}
    statuses = set(Membership.objects.values_list("status", flat=True))
    assert statuses == {"ACTIVE", "REMOVED", "BLOCKED"}
    assert Account.objects.exclude(tier=None).exists()
    guests = Member.objects.filter(user=None)
    assert guests.exclude(phone="").count() == guests.count() > 0
    counter = Transaction.objects.filter(source="SCAN", kind__in=["PURCHASE", "REDEMPTION"])
    assert Scan.objects.filter(outcome="OK").count() > counter.count() // 3


def _each_kind_of_rule_has_been_at_work():
    told = list(Transaction.objects.values_list("result", flat=True))
    reasons = {reason for result in told for reason in _reasons(result.get("explanation", []))}
    assert reasons >= {"PLAN", "STEPS", "AT_LEAST", "NOT_THIS_TIME", "EXEMPT", "MUST_PROCESS"}
    assert reasons >= {"CONFLICT", "TIER", "LOYALTY_TENDER", "ENTERED"}
    bonuses = {result.get("reason") for result in told} - {None}
    assert bonuses >= {"WELCOME", "REFERRAL", "VISITS", "CHECK_IN", "BIRTHDAY", "FULL_CARD"}
    assert TermsVersion.objects.filter(card__code="KITCHEN").count() == 2
    parked = ParkedRefund.objects.order_by("pk")
    assert [one.settled_by is not None for one in parked] == [True, True, False]
    assert MemberTag.objects.filter(is_set=True, tag__applies_on="EACH").exists()


def _reasons(steps):
    for step in steps:
        yield step["reason"]
        yield from _reasons(step.get("children", []))


def _the_named_have_something_to_show():
    held = {
        (row.member.first_name, row.card.code): row
        for row in Membership.objects.filter(member__user__email__in=_NAMED_EMAILS).select_related(
            "member", "card", "account", "group"
        )
    }
    mia, noor = held["Mia", "KITCHEN"], held["Noor", "BARBER"]
    assert mia.group
    assert [mia.group.head, mia.group.memberships.count()] == [mia, 3]
    assert held["Noor", "KITCHEN"].referred_by == mia
    assert noor.account.points == noor.card.stamps_per_card - 1
    assert held["Jonas", "BASKET"].account.credit_minor > 500


def _cards_are_looked_at():
    today = timezone.localdate()
    for card in Card.objects.all():
        month = DayView.objects.filter(card=card, day__gt=today - timedelta(days=34))
        assert 20 < sum(month.values_list("view_count", flat=True)) < 200
        assert CardView.objects.filter(card=card, viewed_at__lte=timezone.now()).exists()


_NAMED_EMAILS = [f"{name}@{shops.HOST}" for name in people.NAMED]


def _everybody_can_sign_in():
    proven = set(EmailAddress.objects.filter(verified=True, primary=True).values_list("email"))
    assert proven == set(User.objects.values_list("email"))
    for name in people.NAMED:
        user = User.objects.get(email=f"{name}@{shops.HOST}")
        assert user.check_password(shops.PASSWORD)
        assert user.member_rows.get().memberships.count() == len(people.NAMED[name])
    assert set(Manager.objects.values_list("role", flat=True)) == {"OWNER", "SUPPORT"}
    for row in StaffMember.objects.select_related("user"):
        assert row.pin_is(shops.PINS[row.user.email.partition("@")[0]])


@pytest.mark.parametrize("make", [make_partner, lambda: make_user("somebody")])
def test_a_database_in_use_is_refused_and_left_as_it_is(make):
    make()

    with pytest.raises(CommandError) as refused:
        seed_demo()

    assert "nothing was changed" in str(refused.value)
    assert not seeding.is_there()


def test_without_the_demo_there_is_nothing_to_show():
    with pytest.raises(CommandError):
        seed_demo(show=True)


def test_a_demo_of_almost_nobody_is_refused():
    with pytest.raises(CommandError):
        seed_demo(members=2)


def test_chance_is_the_same_every_time_and_keeps_its_bounds():
    def drawn(seed):
        chance = Chance(seed)
        return [chance.between(3, 9) for _ in range(200)] + [chance.around(1, 5) for _ in range(99)]

    assert drawn("a") == drawn("a") != drawn("b")
    assert set(drawn("a")[:200]) == set(range(3, 10))
    chance = Chance("c")
    assert [chance.happens(0), chance.happens(100), chance.one_of("x")] == [False, True, "x"]


def test_the_schedules_are_told_to_the_queue_once_and_lost_ones_are_taken_away():
    Schedule.objects.create(name="old", func="loyalty.schedules.gone", schedule_type="H")
    out = StringIO()

    call_command("sync_schedules", stdout=out)
    call_command("sync_schedules", stdout=out)

    first, second = out.getvalue().splitlines()
    assert first == f"Schedules: {len(schedules.SCHEDULES) + 1} changed."
    assert second == "Schedules: as they are."
    rows = Schedule.objects.order_by("name").values_list("name", "func", "schedule_type", "repeats")
    told = sorted(schedules.SCHEDULES.items())
    assert list(rows) == [(name, func, "H", -1) for name, func in told]
