"""What must always hold of entries, lots and balances, each as one statement in SQL."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import connection

from loyalty.ledger import triggers
from loyalty.ledger.verification import Scope, check, offending

# The job runs hourly; a day late, somebody should look.
LATEST_BOOKING = timedelta(days=1)
UNITS = (("POINTS", "points", "points_sequence"), ("CREDIT", "credit_minor", "credit_sequence"))


def _accounts_where(differs: str, scope: Scope) -> list[int]:
    """Return the accounts of which a condition on one unit is true, for either unit."""
    parts = (
        "SELECT a.id, a.partner_id, a.id AS account_id FROM members_account a WHERE "
        + differs.format(unit=unit, balance=balance, sequence=sequence)
        for unit, balance, sequence in UNITS
    )
    return offending(scope, " UNION ALL ".join(parts))


@check("balance is the sum of its entries", table="members_account")
def balance_is_sum_of_entries(scope: Scope) -> Iterable[int]:
    """Return accounts whose balance is not what their entries add up to."""
    return _accounts_where(
        "a.{balance} <> coalesce((SELECT sum(e.amount) FROM ledger_entry e"
        " WHERE e.account_id = a.id AND e.unit = '{unit}'), 0)",
        scope,
    )


@check("balance is that of its last entry", table="members_account")
def balance_is_last_entry(scope: Scope) -> Iterable[int]:
    """Return accounts whose balance is not the one after their last entry."""
    return _accounts_where(
        "a.{balance} <> coalesce((SELECT e.balance_after FROM ledger_entry e"
        " WHERE e.account_id = a.id AND e.unit = '{unit}' ORDER BY e.sequence DESC LIMIT 1), 0)",
        scope,
    )


@check("balance is the sum of its open lots", table="members_account")
def balance_is_sum_of_lots(scope: Scope) -> Iterable[int]:
    """Return accounts whose lots hold more or less than their balance."""
    return _accounts_where(
        "a.{balance} <> coalesce((SELECT sum(l.remaining) FROM ledger_lot l"
        " WHERE l.account_id = a.id AND l.unit = '{unit}' AND l.remaining > 0), 0)",
        scope,
    )


@check("sequence of an account is that of its last entry", table="members_account")
def sequence_is_last_entry(scope: Scope) -> Iterable[int]:
    """Return accounts that count more or fewer entries than they have."""
    return _accounts_where(
        "a.{sequence} <> coalesce((SELECT max(e.sequence) FROM ledger_entry e"
        " WHERE e.account_id = a.id AND e.unit = '{unit}'), 0)",
        scope,
    )


@check("entries of an account have no gap", table="ledger_entry")
def entries_have_no_gap(scope: Scope) -> Iterable[int]:
    """Return entries whose sequence is not their place in the account's row of entries."""
    return offending(
        scope,
        "SELECT id, partner_id, account_id FROM (SELECT id, partner_id, account_id, sequence,"
        " row_number() OVER (PARTITION BY account_id, unit ORDER BY sequence) AS place"
        " FROM ledger_entry) e WHERE e.sequence <> e.place",
    )


@check("balance after an entry is the running sum", table="ledger_entry")
def entries_run_up(scope: Scope) -> Iterable[int]:
    """Return entries whose balance is not the sum of all entries up to them."""
    return offending(
        scope,
        "SELECT id, partner_id, account_id FROM (SELECT id, partner_id, account_id,"
        " balance_after, sum(amount) OVER (PARTITION BY account_id, unit ORDER BY sequence"
        " ROWS UNBOUNDED PRECEDING) AS running"
        " FROM ledger_entry) e WHERE e.balance_after <> e.running",
    )


@check("entry is carried by its lots", table="ledger_entry")
def entry_is_carried_by_lots(scope: Scope) -> Iterable[int]:
    """Return entries that moved other amounts than their lots and uses of lots say."""
    return offending(
        scope,
        "SELECT e.id, e.partner_id, e.account_id FROM ledger_entry e WHERE e.amount <>"
        " coalesce((SELECT sum(l.earned) FROM ledger_lot l WHERE l.entry_id = e.id), 0)"
        " - coalesce((SELECT sum(u.amount) FROM ledger_lotuse u WHERE u.entry_id = e.id), 0)",
    )


@check("lot has left what was not taken", table="ledger_lot")
def lot_has_left_what_was_not_taken(scope: Scope) -> Iterable[int]:
    """Return lots that hold more or less than was earned and not used."""
    return offending(
        scope,
        "SELECT l.id, l.partner_id, l.account_id FROM ledger_lot l WHERE l.remaining <> l.earned"
        " - coalesce((SELECT sum(u.amount) FROM ledger_lotuse u WHERE u.lot_id = l.id), 0)",
    )


@check("no account is negative", table="members_account")
def no_account_is_negative(scope: Scope) -> Iterable[int]:
    """Return accounts that owe through a negative column."""
    return offending(
        scope,
        "SELECT id, partner_id, id AS account_id FROM members_account WHERE points < 0"
        " OR credit_minor < 0 OR lifetime_points < 0 OR lifetime_credit_minor < 0"
        " OR shortfall_points < 0 OR shortfall_credit_minor < 0",
    )


@check("no entry leaves a debt or moves nothing", table="ledger_entry")
def no_entry_leaves_a_debt(scope: Scope) -> Iterable[int]:
    """Return entries below zero, of nothing, or before the first."""
    return offending(
        scope,
        "SELECT id, partner_id, account_id FROM ledger_entry"
        " WHERE balance_after < 0 OR amount = 0 OR sequence < 1",
    )


@check("no lot holds less than nothing or more than earned", table="ledger_lot")
def no_lot_is_out_of_bounds(scope: Scope) -> Iterable[int]:
    """Return lots outside their bounds."""
    return offending(
        scope,
        "SELECT id, partner_id, account_id FROM ledger_lot"
        " WHERE remaining < 0 OR remaining > earned OR earned <= 0",
    )


@check("no lot can be used a day after its date", table="ledger_lot")
def no_lot_outlives_its_date(scope: Scope) -> Iterable[int]:
    """Return lots whose expiry should have been booked a day ago."""
    return offending(
        scope,
        "SELECT id, partner_id, account_id FROM ledger_lot"
        " WHERE remaining > 0 AND expires_at < %(limit)s",
        limit=scope.at - LATEST_BOOKING,
    )


@check("transaction is the sum of its entries", table="ledger_transaction")
def transaction_is_sum_of_entries(scope: Scope) -> Iterable[int]:
    """Return transactions whose totals are not what their entries add up to."""
    parts = (
        "SELECT t.id, t.partner_id, t.account_id FROM ledger_transaction t"
        f" WHERE t.{column} <> coalesce((SELECT sum(e.amount) FROM ledger_entry e"
        f" WHERE e.transaction_id = t.id AND e.unit = '{unit}'), 0)"
        for unit, column, _ in UNITS
    )
    return offending(scope, " UNION ALL ".join(parts))


# What had expired, when the original was undone, from the lots that it made or filled, or from
# those to which they were moved to last longer.
_EXPIRED = """coalesce((WITH RECURSIVE given(lot_id) AS (
        SELECT l.id FROM ledger_lot l JOIN ledger_entry e ON e.id = l.entry_id
            WHERE e.transaction_id = o.id
        UNION SELECT f.lot_id FROM ledger_lotuse f JOIN ledger_entry e ON e.id = f.entry_id
            WHERE e.transaction_id = o.id AND f.amount < 0
        UNION SELECT m.id FROM given g JOIN ledger_lotuse v ON v.lot_id = g.lot_id
            JOIN ledger_entry y ON y.id = v.entry_id
            JOIN ledger_transaction w ON w.id = y.transaction_id AND w.kind = 'TRANSFER'
            JOIN ledger_entry z ON z.transaction_id = w.id AND z.account_id = y.account_id
            JOIN ledger_lot m ON m.entry_id = z.id)
    SELECT sum(u.amount) FROM ledger_lotuse u
    JOIN ledger_entry x ON x.id = u.entry_id AND x.unit = '{unit}'
    JOIN ledger_transaction t ON t.id = x.transaction_id AND t.kind = 'EXPIRY'
    WHERE t.id > o.id AND t.id < r.id AND u.lot_id IN (SELECT lot_id FROM given)), 0)"""


@check("reversal mirrors what it reverses", table="ledger_transaction")
def reversal_mirrors(scope: Scope) -> Iterable[int]:
    """Return reversals that take or give other than the original, less what expired from it."""
    parts = (
        "SELECT r.id, r.partner_id, r.account_id FROM ledger_transaction r"
        " JOIN ledger_transaction o ON o.id = r.reverses_id WHERE"
        f" o.kind = 'REVERSAL' OR o.account_id <> r.account_id OR (o.{column} + r.{column} <> 0"
        f" AND NOT (o.{column} > 0 AND r.{column} <= 0 AND o.{column} + r.{column} > 0"
        f" AND o.{column} + r.{column} <= {_EXPIRED.format(unit=unit)}))"
        for unit, column, _ in UNITS
    )
    return offending(scope, " UNION ALL ".join(parts))


@check("what is undone is undone with all it caused", table="ledger_transaction")
def causes_are_undone_together(scope: Scope) -> Iterable[int]:
    """Return transactions that stand although the deed that caused them was undone."""
    return offending(
        scope,
        "SELECT t.id, t.partner_id, t.account_id FROM ledger_transaction t"
        " JOIN ledger_transaction r ON r.reverses_id = t.caused_by_id"
        " WHERE t.kind <> 'REVERSAL' AND NOT EXISTS"
        " (SELECT 1 FROM ledger_transaction u WHERE u.reverses_id = t.id)",
    )


@check("transfers sum to zero", table="ledger_transaction")
def transfers_sum_to_zero(scope: Scope) -> Iterable[int]:
    """Return transfers that made or lost something; a transfer may be a deed and what it caused."""
    return offending(
        scope,
        "SELECT coalesce(t.caused_by_id, t.id) AS id, min(t.partner_id) AS partner_id,"
        " min(t.account_id) AS account_id FROM ledger_transaction t"
        " JOIN ledger_entry e ON e.transaction_id = t.id WHERE t.kind = 'TRANSFER'"
        " GROUP BY coalesce(t.caused_by_id, t.id), e.unit HAVING sum(e.amount) <> 0",
    )


# Sums that an account keeps beside its balances, each moved by its deeds alone.
_KEPT = (
    "lifetime_points",
    "lifetime_credit_minor",
    "shortfall_points",
    "shortfall_credit_minor",
)


@check("what was awarded and is owed is what the deeds say", table="members_account")
def sums_are_what_deeds_say(scope: Scope) -> Iterable[int]:
    """Return accounts whose sums of awards and debts are not what their deeds moved."""
    parts = (
        "SELECT a.id, a.partner_id, a.id AS account_id FROM members_account a"
        f" WHERE a.{column} <> coalesce((SELECT sum(t.{column}) FROM ledger_transaction t"
        " WHERE t.account_id = a.id), 0)"
        for column in _KEPT
    )
    return offending(scope, " UNION ".join(parts))


@check("every trigger is there", table="trigger")
def every_trigger_is_there(scope: Scope) -> Iterable[str]:
    """Return the names of triggers that the database lacks, whatever the scope."""
    del scope
    return triggers.missing(connection)
