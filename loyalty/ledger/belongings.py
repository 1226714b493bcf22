"""What must always hold around the ledger: whose rows are whose, tiers, vouchers, receipts."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Max, OuterRef, QuerySet, Subquery

from cards import terms
from cards.models import TermsVersion
from loyalty.ledger.models import Kind, Transaction
from loyalty.ledger.verification import Scope, check, offending
from loyalty.members.models import Account, TierSource
from loyalty.rules import tiers
from loyalty.rules.terms import Terms, TierBasis, TierManagement, TierWindow

# Deeds after which the automatic tier is judged.
JUDGING_KINDS = (
    Kind.ENROLMENT,
    Kind.PURCHASE,
    Kind.POINTS,
    Kind.ADJUSTMENT,
    Kind.TIER_CHANGE,
    Kind.TRANSFER,
)


@check("entry and transaction are of one partner and account", table="ledger_entry")
def entry_belongs(scope: Scope) -> Iterable[int]:
    """Return entries whose partner, account or card is another than their transaction's."""
    return offending(
        scope,
        "SELECT e.id, e.partner_id, e.account_id FROM ledger_entry e"
        " JOIN ledger_transaction t ON t.id = e.transaction_id"
        " JOIN members_account a ON a.id = e.account_id"
        " WHERE e.partner_id <> t.partner_id OR e.partner_id <> a.partner_id"
        " OR a.card_id <> t.card_id OR (e.account_id <> t.account_id AND t.kind <> 'TRANSFER')",
    )


@check("membership is as active as its latest deed", table="members_membership")
def membership_is_active(scope: Scope) -> Iterable[int]:
    """Return memberships with a deed of their own after their last activity (CU4)."""
    return offending(
        scope,
        "SELECT m.id, m.partner_id, m.account_id FROM members_membership m"
        " WHERE EXISTS (SELECT 1 FROM ledger_transaction t WHERE t.membership_id = m.id"
        " AND t.source <> 'SYSTEM' AND t.kind <> 'REVERSAL' AND t.occurred_at > m.active_at"
        " AND NOT EXISTS (SELECT 1 FROM ledger_transaction c WHERE c.id = t.caused_by_id"
        " AND coalesce(c.membership_id, 0) <> m.id))",
    )


@check("lot is of the account and partner of its entry", table="ledger_lot")
def lot_belongs(scope: Scope) -> Iterable[int]:
    """Return lots of another account, unit or partner than the entry that made them."""
    return offending(
        scope,
        "SELECT l.id, l.partner_id, l.account_id FROM ledger_lot l"
        " JOIN ledger_entry e ON e.id = l.entry_id WHERE l.partner_id <> e.partner_id"
        " OR l.account_id <> e.account_id OR l.unit <> e.unit",
    )


@check("use of a lot is by an entry of its account", table="ledger_lotuse")
def lot_use_belongs(scope: Scope) -> Iterable[int]:
    """Return uses of a lot by an entry of another account, unit or partner."""
    return offending(
        scope,
        "SELECT u.id, u.partner_id, l.account_id FROM ledger_lotuse u"
        " JOIN ledger_lot l ON l.id = u.lot_id JOIN ledger_entry e ON e.id = u.entry_id"
        " WHERE u.partner_id <> l.partner_id OR u.partner_id <> e.partner_id"
        " OR l.account_id <> e.account_id OR l.unit <> e.unit",
    )


@check("transaction is of one partner, club and card", table="ledger_transaction")
def transaction_belongs(scope: Scope) -> Iterable[int]:
    """Return transactions that mix partners or cards, or happened in a store of another club."""
    return offending(
        scope,
        "SELECT t.id, t.partner_id, t.account_id FROM ledger_transaction t"
        " JOIN cards_card c ON c.id = t.card_id JOIN clubs_club b ON b.id = c.club_id"
        " JOIN members_account a ON a.id = t.account_id"
        " LEFT JOIN members_membership m ON m.id = t.membership_id"
        " LEFT JOIN clubs_store s ON s.id = t.store_id"
        " WHERE t.partner_id <> c.partner_id OR c.partner_id <> b.partner_id"
        " OR a.partner_id <> t.partner_id OR a.card_id <> t.card_id"
        " OR m.partner_id <> t.partner_id OR m.card_id <> t.card_id"
        " OR s.partner_id <> t.partner_id OR s.club_id <> c.club_id",
    )


@check("membership, member, card and account are of one partner", table="members_membership")
def membership_belongs(scope: Scope) -> Iterable[int]:
    """Return memberships that mix partners or cards."""
    return offending(
        scope,
        "SELECT m.id, m.partner_id, m.account_id FROM members_membership m"
        " JOIN members_member p ON p.id = m.member_id JOIN cards_card c ON c.id = m.card_id"
        " JOIN members_account a ON a.id = m.account_id"
        " WHERE m.partner_id <> p.partner_id OR m.partner_id <> c.partner_id"
        " OR m.partner_id <> a.partner_id OR a.card_id <> m.card_id",
    )


@check("members of a group share its account", table="members_membership")
def group_shares_its_account(scope: Scope) -> Iterable[int]:
    """Return memberships in a closed or foreign group, off its account, or sharing one in none."""
    return offending(
        scope,
        "SELECT m.id, m.partner_id, m.account_id FROM members_membership m"
        " LEFT JOIN members_membershipgroup g ON g.id = m.group_id WHERE (m.group_id IS NOT NULL"
        " AND (g.account_id <> m.account_id OR g.card_id <> m.card_id OR g.closed_at IS NOT NULL))"
        " OR (m.group_id IS NULL AND EXISTS (SELECT 1 FROM members_membership o"
        " WHERE o.account_id = m.account_id AND o.id <> m.id))",
    )


@check("open group is led by one of its members", table="members_membershipgroup")
def group_is_led_by_a_member(scope: Scope) -> Iterable[int]:
    """Return open groups whose head is not among their members."""
    return offending(
        scope,
        "SELECT g.id, g.partner_id, g.account_id FROM members_membershipgroup g"
        " JOIN members_membership h ON h.id = g.head_id"
        " WHERE g.closed_at IS NULL AND coalesce(h.group_id, 0) <> g.id",
    )


@check("account that a group took over rests empty", table="members_account")
def absorbed_account_rests(scope: Scope) -> Iterable[int]:
    """Return accounts taken over that hold something, are in use, or were taken over twice."""
    return offending(
        scope,
        "SELECT a.id, a.partner_id, a.id AS account_id FROM members_account a"
        " JOIN members_account b ON b.id = a.absorbed_by_id WHERE a.points <> 0"
        " OR a.credit_minor <> 0 OR a.lifetime_points <> 0 OR a.lifetime_credit_minor <> 0"
        " OR a.shortfall_points <> 0 OR a.shortfall_credit_minor <> 0 OR a.card_id <> b.card_id"
        " OR b.absorbed_by_id IS NOT NULL"
        " OR EXISTS (SELECT 1 FROM members_membership m WHERE m.account_id = a.id)",
    )


@check("voucher stands where its last move left it", table="members_voucher")
def voucher_stands_where_moved(scope: Scope) -> Iterable[int]:
    """Return vouchers whose status is not the end of an unbroken chain of moves."""
    return offending(
        scope,
        "SELECT v.id, v.partner_id, v.account_id FROM members_voucher v WHERE v.status <>"
        " coalesce((SELECT m.to_status FROM ledger_vouchermove m WHERE m.voucher_id = v.id"
        " ORDER BY m.id DESC LIMIT 1), '')"
        " UNION ALL SELECT v.id, v.partner_id, v.account_id FROM members_voucher v"
        " JOIN (SELECT voucher_id, from_status, lag(to_status, 1, '') OVER"
        " (PARTITION BY voucher_id ORDER BY id) AS earlier FROM ledger_vouchermove) m"
        " ON m.voucher_id = v.id WHERE m.from_status <> m.earlier",
    )


@check("reward counter is what is out", table="cards_reward")
def counter_is_what_is_out(scope: Scope) -> Iterable[int]:
    """Return rewards whose counter is not the redemptions and vouchers that stand."""
    return offending(
        scope,
        "SELECT w.id, w.partner_id, CAST(NULL AS bigint) AS account_id FROM cards_reward w"
        " LEFT JOIN members_rewardcounter n ON n.reward_id = w.id"
        " WHERE coalesce(n.issued, 0) <>"
        " (SELECT count(*) FROM ledger_transaction t WHERE t.reward_id = w.id"
        " AND t.kind = 'REDEMPTION' AND NOT EXISTS"
        " (SELECT 1 FROM ledger_transaction r WHERE r.reverses_id = t.id))"
        " + (SELECT count(*) FROM members_voucher v WHERE v.reward_id = w.id"
        " AND v.status NOT IN ('REMOVED', 'EXPIRED'))",
    )


@check("receipt in use is of a deed that stands", table="ledger_receiptuse")
def receipt_is_of_a_standing_deed(scope: Scope) -> Iterable[int]:
    """Return receipts in use by an undone deed, released by one that stands, or of no such deed."""
    return offending(
        scope,
        "SELECT u.id, u.partner_id, t.account_id FROM ledger_receiptuse u"
        " JOIN ledger_transaction t ON t.id = u.transaction_id"
        " LEFT JOIN ledger_transaction r ON r.reverses_id = t.id"
        " WHERE (u.released_at IS NULL) <> (r.id IS NULL) OR t.receipt_number <> u.number"
        " OR t.store_id <> u.store_id OR t.store_id IS NULL OR t.partner_id <> u.partner_id",
    )


@check("receipt of a deed is in use", table="ledger_transaction")
def receipt_of_a_deed_is_in_use(scope: Scope) -> Iterable[int]:
    """Return deeds with a receipt number that is kept nowhere, so it could be used again."""
    return offending(
        scope,
        "SELECT t.id, t.partner_id, t.account_id FROM ledger_transaction t"
        " WHERE t.receipt_number <> '' AND t.kind IN ('PURCHASE', 'BUY', 'POINTS')"
        " AND NOT EXISTS (SELECT 1 FROM ledger_receiptuse u WHERE u.transaction_id = t.id)",
    )


@check("used claim has its redemption", table="members_claim")
def used_claim_has_its_redemption(scope: Scope) -> Iterable[int]:
    """Return claims marked as used for which nothing was handed out at that moment."""
    return offending(
        scope,
        "SELECT c.id, c.partner_id, m.account_id FROM members_claim c"
        " JOIN members_membership m ON m.id = c.membership_id"
        " WHERE c.used_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ledger_transaction t"
        " WHERE t.membership_id = c.membership_id AND t.reward_id = c.reward_id"
        " AND t.kind = 'REDEMPTION' AND t.occurred_at = c.used_at)",
    )


@check("account is in the tier of its last tier change", table="members_account")
def tier_is_that_of_the_last_change(scope: Scope) -> Iterable[int]:
    """Return accounts whose tier, or why they have it, no tier change explains."""
    return offending(
        scope,
        "SELECT a.id, a.partner_id, a.id AS account_id FROM members_account a"
        " LEFT JOIN ledger_tierchange c ON c.id ="
        " (SELECT max(l.id) FROM ledger_tierchange l WHERE l.account_id = a.id)"
        " WHERE coalesce(a.tier_id, 0) <> coalesce(c.to_tier_id, 0)"
        " OR a.tier_source <> coalesce(c.to_source, 'AUTOMATIC')",
    )


@check("automatic tier is not below what was awarded", table="members_account")
def tier_is_reached(scope: Scope) -> Iterable[int]:
    """Return accounts below the tier that all they were ever awarded reaches; held ones left out.

    Only where cards judge tiers so, after each deed. Rules may have been published since the last
    deed that judged the tier, so any version between that deed's and the account's newest will do.
    """
    versions: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for card_id, number, pk in TermsVersion.objects.values_list("card_id", "number", "pk"):
        versions[card_id].append((number, pk))
    found = []
    for account in _judged(scope).iterator():
        could_judge = [
            terms.of_version(pk)
            for number, pk in versions[account.card_id]
            if account.oldest is not None and account.oldest <= number <= account.newest
        ]
        if could_judge and all(_is_below(account, rules) for rules in could_judge):
            found.append(account.pk)
    return found


def _judged(scope: Scope) -> "QuerySet[Any]":
    """Return accounts under the automatic rule with the versions that may have judged them."""
    done = Transaction.objects.filter(account=OuterRef("pk")).order_by()
    stands = done.filter(kind__in=JUDGING_KINDS, reversal=None).order_by("-pk")
    newest = done.values("account").annotate(last=Max("terms__number")).values("last")
    found = Account.objects.filter(tier_source=TierSource.AUTOMATIC).annotate(
        oldest=Subquery(stands.values("terms__number")[:1]), newest=Subquery(newest)
    )
    if scope.partner_id is not None:
        found = found.filter(partner=scope.partner_id)
    if scope.since is not None:
        recent = Transaction.objects.filter(recorded_at__gte=scope.since)
        found = found.filter(pk__in=recent.values("account"))
    return found.order_by("pk")


def _is_below(account: Account, rules: Terms) -> bool:
    """Return whether these rules would have put the account into a higher tier."""
    if (
        rules.tier_management != TierManagement.AUTOMATIC
        or rules.tier_window != TierWindow.LIFETIME
        or rules.tier_basis not in tiers.AWARDED_BASES
    ):
        return False
    is_points = rules.tier_basis == TierBasis.AWARDED_POINTS
    awarded = account.lifetime_points if is_points else account.lifetime_credit_minor
    reached, here = tiers.reached(awarded, rules.tiers), rules.tier(account.tier_id)
    if reached is None or (account.tier_id is not None and here is None):
        return False  # A tier that these rules do not know was given by others.
    return here is None or here.min_value < reached.min_value
