"""Corruptions to plant in a ledger: each returns the check that must name it, and the key."""

from datetime import timedelta

from clubs.models import Club, Store
from loyalty.ledger.models import Entry, Kind, Lot, LotUse, ReceiptUse, Transaction, VoucherMove
from loyalty.members.models import (
    Account,
    Claim,
    Membership,
    MembershipGroup,
    RewardCounter,
    Voucher,
)
from tests.cast import NOON, make_partner
from tests.operations.counter import days

AT = NOON + days(40)


def plus(model, name, pk, by=1):
    model.objects.filter(pk=pk).update(**{name: getattr(model.objects.get(pk=pk), name) + by})


def lose(row):
    rows = type(row).objects.filter(pk=row.pk)
    rows._raw_delete(rows.db)  # noqa: SLF001 - what the product offers refuses to delete these


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
    lose(use)
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
    lose(use)
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
