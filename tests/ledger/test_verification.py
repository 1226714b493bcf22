"""verify_ledger: silent on a sound ledger, and naming each corruption with the keys concerned."""

import inspect
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from cards.models import Card
from loyalty.ledger import verification
from loyalty.ledger.management.commands.verify_ledger import _line
from loyalty.ledger.verification import Mismatch, Scope
from loyalty.members.models import Account, RewardCounter, Voucher
from loyalty.operations import expiries, redemptions
from tests.cast import NOON, deed, make_cast, make_partner, make_reward, make_tier, publish
from tests.ledger.corrupting import without_guards
from tests.ledger.planted import AT, PLANTED
from tests.operations.counter import (
    adjust,
    buy,
    days,
    issue,
    place,
    redeem,
    remove,
    roll_back,
    undo,
)

pytestmark = pytest.mark.django_db
TABLES = [
    "ledger_transaction",
    "ledger_entry",
    "ledger_lot",
    "ledger_lotuse",
    "ledger_receiptuse",
    "ledger_tierchange",
    "ledger_vouchermove",
    "members_account",
]


@pytest.fixture
def cast():
    """A ledger with every kind of deed, some undone, some expired."""
    cast = make_cast(expiry_days=30, welcome_points=5)
    make_tier(cast.card, "Silver", 500, entry_reward=make_reward(cast.card, "Mug", 900))
    first = buy(cast, 40_000, receipt="77")
    got = redeem(cast)
    undo(cast, got)
    undo(cast, first)
    buy(cast, 45_000, receipt="77")
    claim = redemptions.start_claim(
        deed=deed(cast.mia, source="WALLET"),
        membership_id=cast.membership.pk,
        reward_id=cast.reward.pk,
    ).claim
    redemptions.redeem_claim(
        deed=deed(cast.sam),
        claim_id=claim.pk,
        membership_id=cast.membership.pk,
        scan_id=cast.scan(),
    )
    buy(cast, 100_000, at=NOON + days(20))
    issue(cast, at=NOON + days(20))
    remove(cast, Voucher.objects.order_by("-pk")[0].pk, at=NOON + days(20))
    adjust(cast, -3, at=NOON + days(20))
    expiries.book_expiry(at=NOON + days(35))
    return cast


def found(**scope) -> dict[str, tuple[int | str, ...]]:
    mismatches = verification.verify(Scope(**({"at": AT} | scope)))
    return {mismatch.check: mismatch.keys for mismatch in mismatches}


def test_a_sound_ledger_has_no_mismatch(cast):
    assert found() == {}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__.replace("_", " "))
def test_a_planted_corruption_is_named_with_its_key(cast, plant):
    with transaction.atomic():
        with without_guards(*TABLES, bounds=True):
            check, key = plant(cast)
            mismatches = found()
        transaction.set_rollback(True)

    assert key in mismatches[check]


def test_every_check_has_a_corruption_that_it_finds():

    sources = "".join(inspect.getsource(plant) for plant in PLANTED)
    unproven = [name for name in verification.names() if f'"{name}"' not in sources]

    assert unproven == ["every trigger is there"]


def test_a_missing_trigger_is_named():
    table = " ON ledger_entry" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER ledger_entry_follows{table}")

    assert found() == {"every trigger is there": ("ledger_entry_follows",)}


def test_a_tier_held_by_hand_and_rules_published_since_are_no_mismatch(cast):
    gold = make_tier(cast.card, "Gold", 100_000)
    place(cast, gold, at=NOON + days(36))
    assert found() == {}
    place(cast, None, at=NOON + days(36))
    gold.min_value = 10
    gold.save()
    publish(cast.card, NOON + days(37))

    # Under the new rules it would be Gold, but no deed has judged the account by them.
    assert found() == {}
    done = adjust(cast, 5, at=NOON + days(38))
    assert done.lifetime_points == 5
    roll_back(cast, done, at=NOON + days(38))
    assert found() == {}


def test_an_account_that_no_deed_judged_is_below_all_tiers(cast):
    account = Account.objects.create(partner=cast.partner, card=cast.card)
    assert found() == {}
    Account.objects.filter(pk=account.pk).update(tier=cast.card.tiers.get())

    assert "account is in the tier of its last tier change" in found()


def test_the_command_is_quiet_about_a_sound_ledger_and_loud_about_another(cast):
    expiries.book_expiry(at=timezone.now())
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    assert out.getvalue() == (
        f"The ledger is sound: {len(verification.names())} checks, no mismatch.\n"
    )

    RewardCounter.objects.filter(reward=cast.reward).update(issued=7)
    out = StringIO()
    with pytest.raises(CommandError) as ended:
        call_command("verify_ledger", stdout=out)

    assert out.getvalue() == (
        f"NOT TRUE: reward counter is what is out\n  cards_reward: {cast.reward.pk}\n"
    )
    assert ended.value.returncode == 1


def test_a_long_list_of_keys_is_cut_short():

    line = _line(Mismatch(check="c", table="t", keys=tuple(range(25))))

    assert line == (
        "NOT TRUE: c\n  t: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19"
        " and 5 more"
    )


def test_one_partner_or_the_last_days_can_be_verified_alone(cast):
    other = make_partner("Other")
    account = cast.membership.account_id
    RewardCounter.objects.filter(reward=cast.reward).update(issued=7)
    Account.objects.filter(pk=account).update(lifetime_points=3)
    lifetime = "what was awarded and is owed is what the deeds say"
    counter = "reward counter is what is out"
    tomorrow = timezone.now() + days(1)

    assert set(found(partner_id=cast.partner.pk)) == {lifetime, counter}
    assert found(partner_id=other.pk) == {}
    assert set(found(since=timezone.now() - days(1))) == {lifetime, counter}
    assert set(found(since=tomorrow)) == {counter}
    out = StringIO()
    call_command("verify_ledger", partner=other.pk, since=timezone.now().date(), stdout=out)
    assert "sound" in out.getvalue()


def test_who_waits_for_a_large_ledger_hears_of_each_check_that_has_run(cast):
    expiries.book_expiry(at=timezone.now())
    out = StringIO()
    call_command("verify_ledger", verbosity=2, stdout=out)

    *told, verdict = out.getvalue().splitlines()
    names = verification.names()
    assert [line.partition(" s  ")[2] for line in told] == names
    assert verdict == f"The ledger is sound: {len(names)} checks, no mismatch."


def test_upper_layers_register_checks_of_their_own(monkeypatch):
    monkeypatch.setattr(verification, "_checks", {})

    @verification.check("every card has a name", table="cards_card")
    def every_card_has_a_name(scope):
        return Card.objects.filter(name="").values_list("pk", flat=True)

    cast = make_cast()
    assert found() == {}
    Card.objects.filter(pk=cast.card.pk).update(name="")
    assert found() == {"every card has a name": (cast.card.pk,)}


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_check_of_a_large_ledger_may_take_longer_than_a_page():
    def limit():
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            return cursor.fetchone()

    usual = limit()

    found = verification.offending(
        Scope(at=NOON),
        "SELECT current_setting('statement_timeout') AS id, 1 AS partner_id, 1 AS account_id",
    )

    assert (found, limit()) == (["0"], usual)
    assert usual != ("0",)
