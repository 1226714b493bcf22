"""verify_ledger: silent on a sound ledger, and naming each corruption with the keys concerned."""

import inspect
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from cards.models import Card
from clubs.models import Club, Store
from loyalty.ledger import verification
from loyalty.ledger.management.commands.verify_ledger import _line
from loyalty.ledger.models import Entry, Kind, Lot, LotUse, ReceiptUse, Transaction, VoucherMove
from loyalty.ledger.verification import Mismatch, Scope
from loyalty.members.models import (
    Account,
    Claim,
    Membership,
    MembershipGroup,
    RewardCounter,
    Voucher,
)
from loyalty.operations import expiries, redemptions
from tests.cast import NOON, deed, make_cast, make_partner, make_reward, make_tier, publish
from tests.ledger.corrupting import without_guards
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
AT = NOON + days(40)
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


def plus(model, name, pk, by=1):
    model.objects.filter(pk=pk).update(**{name: getattr(model.objects.get(pk=pk), name) + by})


def last(model, **which):
    return model.objects.filter(**which).order_by("-pk")[0]


def balance_of_an_account(cast):
    plus(Account, "points", cast.membership.account_id)
    return "balance is the sum of its entries", cast.membership.account_id


def balance_and_last_entry(cast):
    plus(Account, "points", cast.membership.account_id)
    return "balance is that of its last entry", cast.membership.account_id


def something_in_a_lot(cast):
    plus(Lot, "remaining", last(Lot, remaining__gt=0).pk, by=-1)
    return "balance is the sum of its open lots", cast.membership.account_id


def sequence_of_an_account(cast):
    plus(Account, "points_sequence", cast.membership.account_id)
    return "sequence of an account is that of its last entry", cast.membership.account_id


def gap(cast):
    entry = last(Entry)
    plus(Entry, "sequence", entry.pk)
    return "entries of an account have no gap", entry.pk


def balance_after_an_entry(cast):
    entry = Entry.objects.order_by("pk")[1]
    plus(Entry, "balance_after", entry.pk)
    return "balance after an entry is the running sum", entry.pk


def activity_forgotten(cast):
    Membership.objects.filter(pk=cast.membership.pk).update(active_at=NOON - days(400))
    return "membership is as active as its latest deed", cast.membership.pk


def amount_of_an_entry(cast):
    entry = last(Entry)
    plus(Entry, "amount", entry.pk)
    return "entry is carried by its lots", entry.pk


def use_of_a_lot_lost(cast):
    use = last(LotUse)
    LotUse.objects.filter(pk=use.pk)._raw_delete("default")  # noqa: SLF001 - past the model's guards
    return "lot has left what was not taken", use.lot_id


def debt(cast):
    Account.objects.filter(pk=cast.membership.account_id).update(lifetime_points=-1)
    return "no account is negative", cast.membership.account_id


def entry_of_nothing(cast):
    entry = last(Entry)
    Entry.objects.filter(pk=entry.pk).update(amount=0)
    return "no entry leaves a debt or moves nothing", entry.pk


def lot_above_earned(cast):
    lot = last(Lot)
    Lot.objects.filter(pk=lot.pk).update(remaining=lot.earned + 1)
    return "no lot holds less than nothing or more than earned", lot.pk


def lot_that_outlived_its_date(cast):
    lot = last(Lot, remaining__gt=0)
    Lot.objects.filter(pk=lot.pk).update(expires_at=AT - days(1) - timedelta(seconds=1))
    return "no lot can be used a day after its date", lot.pk


def total_of_a_transaction(cast):
    done = last(Transaction, kind=Kind.ADJUSTMENT)
    plus(Transaction, "points", done.pk)
    return "transaction is the sum of its entries", done.pk


def half_a_reversal(cast):
    done = last(Transaction, kind=Kind.REVERSAL)
    plus(Transaction, "points", done.pk)
    return "reversal mirrors what it reverses", done.pk


def reversal_of_a_reversal(cast):
    one, other = Transaction.objects.filter(kind=Kind.REVERSAL).order_by("pk")[:2]
    Transaction.objects.filter(pk=other.pk).update(reverses=one.pk)
    return "reversal mirrors what it reverses", other.pk


def what_an_undone_deed_caused(cast):
    rise = Transaction.objects.get(result__new_tier="Silver")
    reversal = last(Transaction, kind=Kind.REVERSAL)
    Transaction.objects.filter(pk=reversal.pk).update(reverses=rise.pk)
    return "what is undone is undone with all it caused", Transaction.objects.get(caused_by=rise).pk


def half_a_transfer(cast):
    done = last(Transaction, kind=Kind.ADJUSTMENT)
    Transaction.objects.filter(pk=done.pk).update(kind=Kind.TRANSFER)
    return "transfers sum to zero", done.pk


def amount_of_an_award(cast):
    done = last(Transaction, kind=Kind.PURCHASE)
    plus(Transaction, "amount_minor", done.pk, by=100)
    return "each award follows from its terms and facts", done.pk


def points_awarded(cast):
    plus(Account, "lifetime_points", cast.membership.account_id)
    return "what was awarded and is owed is what the deeds say", cast.membership.account_id


def entry_of_another_partner(cast):
    entry = last(Entry)
    Entry.objects.filter(pk=entry.pk).update(partner=make_partner("Other"))
    return "entry and transaction are of one partner and account", entry.pk


def lot_of_another_account(cast):
    lot = last(Lot)
    stranger = Account.objects.create(partner=cast.partner, card=cast.card)
    Lot.objects.filter(pk=lot.pk).update(account=stranger)
    return "lot is of the account and partner of its entry", lot.pk


def use_by_another_partner(cast):
    use = last(LotUse)
    LotUse.objects.filter(pk=use.pk).update(partner=make_partner("Other"))
    return "use of a lot is by an entry of its account", use.pk


def store_of_another_club(cast):
    done = last(Transaction, store__isnull=False)
    Store.objects.filter(pk=cast.old_port.pk).update(club=cast.hill)
    return "transaction is of one partner, club and card", done.pk


def club_of_another_partner(cast):
    Club.objects.filter(pk=cast.harbour.pk).update(partner=make_partner("Other"))
    return "transaction is of one partner, club and card", last(Transaction).pk


def membership_of_another_partner(cast):
    Membership.objects.update(partner=make_partner("Other"))
    return "membership, member, card and account are of one partner", cast.membership.pk


def status_of_a_voucher(cast):
    voucher = last(Voucher)
    Voucher.objects.filter(pk=voucher.pk).update(status="ISSUED")
    return "voucher stands where its last move left it", voucher.pk


def chain_of_a_voucher(cast):
    move = last(VoucherMove)
    VoucherMove.objects.filter(pk=move.pk).update(from_status="USED")
    return "voucher stands where its last move left it", move.voucher_id


def reward_counter(cast):
    RewardCounter.objects.filter(reward=cast.reward).update(issued=7)
    return "reward counter is what is out", cast.reward.pk


def receipt_released(cast):
    use = last(ReceiptUse)
    ReceiptUse.objects.filter(pk=use.pk).update(released_at=NOON)
    return "receipt in use is of a deed that stands", use.pk


def receipt_in_use_again(cast):
    used, stands = ReceiptUse.objects.order_by("pk")
    ReceiptUse.objects.filter(pk=stands.pk).update(number="78")
    ReceiptUse.objects.filter(pk=used.pk).update(released_at=None)
    return "receipt in use is of a deed that stands", used.pk


def receipt_lost(cast):
    use = last(ReceiptUse)
    ReceiptUse.objects.filter(pk=use.pk)._raw_delete("default")  # noqa: SLF001 - past the model's guards
    return "receipt of a deed is in use", use.transaction_id


def claim_without_redemption(cast):
    claim = Claim.objects.get()
    Claim.objects.update(used_at=NOON + days(1))
    return "used claim has its redemption", claim.pk


def tier_by_nobody(cast):
    Account.objects.filter(pk=cast.membership.account_id).update(tier=None)
    return "account is in the tier of its last tier change", cast.membership.account_id


def tier_that_was_not_reached(cast):
    Account.objects.filter(pk=cast.membership.account_id).update(tier=None)
    return "automatic tier is not below what was awarded", cast.membership.account_id


def _group(cast, **more):
    return MembershipGroup.objects.create(
        partner=cast.partner,
        card=cast.card,
        account=cast.membership.account,
        head=cast.membership,
        name="Family",
        **more,
    )


def member_of_a_closed_group(cast):
    Membership.objects.update(group=_group(cast, closed_at=NOON))
    return "members of a group share its account", cast.membership.pk


def group_without_its_head(cast):
    return "open group is led by one of its members", _group(cast).pk


def account_taken_over_in_use(cast):
    stranger = Account.objects.create(partner=cast.partner, card=cast.card)
    Account.objects.filter(pk=cast.membership.account_id).update(absorbed_by=stranger)
    return "account that a group took over rests empty", cast.membership.account_id


PLANTED = [
    balance_of_an_account,
    balance_and_last_entry,
    something_in_a_lot,
    sequence_of_an_account,
    gap,
    balance_after_an_entry,
    activity_forgotten,
    amount_of_an_entry,
    use_of_a_lot_lost,
    debt,
    entry_of_nothing,
    lot_above_earned,
    lot_that_outlived_its_date,
    total_of_a_transaction,
    half_a_reversal,
    reversal_of_a_reversal,
    what_an_undone_deed_caused,
    half_a_transfer,
    amount_of_an_award,
    points_awarded,
    entry_of_another_partner,
    lot_of_another_account,
    use_by_another_partner,
    store_of_another_club,
    club_of_another_partner,
    membership_of_another_partner,
    status_of_a_voucher,
    chain_of_a_voucher,
    reward_counter,
    receipt_released,
    receipt_in_use_again,
    receipt_lost,
    claim_without_redemption,
    tier_by_nobody,
    tier_that_was_not_reached,
    member_of_a_closed_group,
    group_without_its_head,
    account_taken_over_in_use,
]


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


def test_upper_layers_register_checks_of_their_own(monkeypatch):
    monkeypatch.setattr(verification, "_checks", {})

    @verification.check("every card has a name", table="cards_card")
    def every_card_has_a_name(scope):
        return Card.objects.filter(name="").values_list("pk", flat=True)

    cast = make_cast()
    assert found() == {}
    Card.objects.filter(pk=cast.card.pk).update(name="")
    assert found() == {"every card has a name": (cast.card.pk,)}
