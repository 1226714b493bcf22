"""Book expired lots inside the database: a night's work is too much to carry row by row.

Besides posting the only writer of the ledger. What it writes is what posting would write of one
EXPIRY for each account and moment: the tests hold one against the other.
"""

import json
from collections.abc import Sequence

from django.db import connection
from django.utils import timezone

from loyalty.outbox.models import EventType

# What an expiry's result tells; credit only where some of it ended.
_RESULT = """CASE WHEN b.credit > 0 THEN {json}('points', -b.points,
    'balance_before', b.points_after + b.points, 'balance_after', b.points_after,
    'credit_minor', -b.credit,
    'credit_before', b.credit_after + b.credit, 'credit_after', b.credit_after)
  ELSE {json}('points', -b.points,
    'balance_before', b.points_after + b.points, 'balance_after', b.points_after) END"""

# One row for each account and moment, with what is left after it and how many entries came before.
_BOOKED = """SELECT m.account_id, m.expires_at, m.first_lot, m.points, m.credit,
    a.partner_id, a.card_id,
    a.points - sum(m.points) OVER w AS points_after,
    a.credit_minor - sum(m.credit) OVER w AS credit_after,
    a.points_sequence + sum(m.has_points) OVER w AS points_sequence,
    a.credit_sequence + sum(m.has_credit) OVER w AS credit_sequence,
    {key} AS transaction_id
  FROM (SELECT d.account_id, d.expires_at, min(d.id) AS first_lot,
      CAST(sum(CASE WHEN d.unit = 'POINTS' THEN d.remaining ELSE 0 END) AS bigint) AS points,
      CAST(sum(CASE WHEN d.unit = 'CREDIT' THEN d.remaining ELSE 0 END) AS bigint) AS credit,
      max(CASE WHEN d.unit = 'POINTS' THEN 1 ELSE 0 END) AS has_points,
      max(CASE WHEN d.unit = 'CREDIT' THEN 1 ELSE 0 END) AS has_credit
    FROM {due} d GROUP BY d.account_id, d.expires_at) m
  JOIN members_account a ON a.id = m.account_id AND {known}
  WINDOW w AS (PARTITION BY m.account_id ORDER BY m.expires_at)"""

_TRANSACTIONS = """INSERT INTO ledger_transaction (id, partner_id, card_id, account_id, kind,
    source, request_id, fingerprint, receipt_number, points, credit_minor, lifetime_points,
    lifetime_credit_minor, shortfall_points, shortfall_credit_minor, result, facts, occurred_at,
    recorded_at)
  SELECT b.transaction_id, b.partner_id, b.card_id, b.account_id, 'EXPIRY', 'SYSTEM',
    'expiry:' || b.account_id || ':' || b.first_lot, '', '', -b.points, -b.credit, 0, 0, 0, 0,
    {result}, '{{}}', b.expires_at, %(now)s
  FROM {booked} b"""

_ENTRIES = """SELECT b.partner_id, b.transaction_id, b.account_id, b.expires_at, 'POINTS' AS unit,
    -b.points AS amount, b.points_sequence AS sequence, b.points_after AS balance_after
  FROM {booked} b WHERE b.points > 0
  UNION ALL SELECT b.partner_id, b.transaction_id, b.account_id, b.expires_at, 'CREDIT',
    -b.credit, b.credit_sequence, b.credit_after FROM {booked} b WHERE b.credit > 0"""

_EVENTS = f"""INSERT INTO outbox_event (event_id, partner_id, transaction_id, type, data,
    occurred_at, recorded_at)
  SELECT {{uuid}}, b.partner_id, b.transaction_id, '{EventType.POINTS_EXPIRED.value}',
    {{json}}('card_id', b.card_id, 'membership_id', NULL, 'kind', 'EXPIRY', 'points', -b.points,
      'credit_minor', -b.credit), b.expires_at, %(now)s
  FROM {{booked}} b"""

_DUE = "SELECT l.id, l.account_id, l.unit, l.remaining, l.expires_at FROM ledger_lot l"
_NEW_KEY = "nextval('ledger_transaction_id_seq'::regclass)"
# Named by their keys, so that indexes are used whatever the statistics say.
_OWN = "a.id = ANY(%(accounts)s)"

_POSTGRESQL = f"""WITH
due AS MATERIALIZED ({_DUE} WHERE l.id = ANY(%(lots)s)),
booked AS MATERIALIZED ({_BOOKED.format(due="due", key=_NEW_KEY, known=_OWN)}),
entries AS MATERIALIZED (SELECT nextval('ledger_entry_id_seq'::regclass) AS id, n.*
  FROM (SELECT * FROM ({_ENTRIES.format(booked="booked")}) u
    ORDER BY u.account_id, u.unit, u.sequence) n),
written AS ({
    _TRANSACTIONS.format(booked="booked", result=_RESULT.format(json="jsonb_build_object"))
} RETURNING id),
moved AS (INSERT INTO ledger_entry (id, partner_id, transaction_id, account_id, unit, amount,
    sequence, balance_after)
  SELECT n.id, n.partner_id, n.transaction_id, n.account_id, n.unit, n.amount, n.sequence,
    n.balance_after FROM entries n ORDER BY n.account_id, n.unit, n.sequence),
used AS (INSERT INTO ledger_lotuse (partner_id, lot_id, entry_id, amount)
  SELECT n.partner_id, d.id, n.id, d.remaining FROM due d JOIN entries n
    ON n.account_id = d.account_id AND n.expires_at = d.expires_at AND n.unit = d.unit
  ORDER BY d.id),
emptied AS (UPDATE ledger_lot SET remaining = 0 WHERE id = ANY(%(lots)s)),
told AS ({_EVENTS.format(booked="booked", json="jsonb_build_object", uuid="gen_random_uuid()")}),
kept AS (UPDATE members_account a SET points = a.points - s.points,
    credit_minor = a.credit_minor - s.credit, points_sequence = s.points_sequence,
    credit_sequence = s.credit_sequence
  FROM (SELECT b.account_id, sum(b.points) AS points, sum(b.credit) AS credit,
      max(b.points_sequence) AS points_sequence, max(b.credit_sequence) AS credit_sequence
    FROM booked b GROUP BY b.account_id) s
  WHERE a.id = s.account_id)
SELECT id FROM written ORDER BY id"""

# A random identifier of the usual form, which SQLite cannot make itself.
_UUID = """lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2)
    || 'a' || substr(hex(randomblob(2)), 2) || hex(randomblob(6)))"""

_LOTS = "(SELECT value FROM json_each(%(lots)s))"
_KEY = """(SELECT coalesce(max(id), 0) FROM ledger_transaction)
    + row_number() OVER (ORDER BY m.account_id, m.expires_at)"""

# SQLite writes one table at a time, so what is booked is kept beside it until all is written.
_SQLITE = (
    "CREATE TEMP TABLE IF NOT EXISTS expiring (account_id, expires_at, first_lot, points, credit,"
    " partner_id, card_id, points_after, credit_after, points_sequence, credit_sequence,"
    " transaction_id)",
    "DELETE FROM expiring",
    "INSERT INTO expiring "
    + _BOOKED.format(due=f"(SELECT * FROM ledger_lot WHERE id IN {_LOTS})", key=_KEY, known="true"),
    _TRANSACTIONS.format(booked="expiring", result=_RESULT.format(json="json_object")),
    "INSERT INTO ledger_entry (partner_id, transaction_id, account_id, unit, amount, sequence,"
    " balance_after) SELECT partner_id, transaction_id, account_id, unit, amount, sequence,"
    f" balance_after FROM ({_ENTRIES.format(booked='expiring')})"
    " ORDER BY account_id, unit, sequence",
    "INSERT INTO ledger_lotuse (partner_id, lot_id, entry_id, amount)"
    " SELECT l.partner_id, l.id, e.id, l.remaining FROM ledger_lot l"
    " JOIN expiring b ON b.account_id = l.account_id AND b.expires_at = l.expires_at"
    # The plus keeps SQLite to the index of entries by transaction; otherwise it makes one of its
    # own over all of them, each time.
    " JOIN ledger_entry e ON e.transaction_id = b.transaction_id AND +e.unit = l.unit"
    f" WHERE l.id IN {_LOTS} ORDER BY l.id",
    f"UPDATE ledger_lot SET remaining = 0 WHERE id IN {_LOTS}",
    _EVENTS.format(booked="expiring", json="json_object", uuid=_UUID),
)


def book(*, lot_ids: Sequence[int], account_ids: Sequence[int]) -> list[int]:
    """Book these lots of these accounts as expired; return the transactions, account by account.

    The caller holds the locks on the accounts, in one database transaction, and read the lots
    after it: each has something left. Points and credit that end at the same moment are one
    transaction, and it carries that moment.
    """
    # The audit clock, not business time.
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                _POSTGRESQL, {"lots": list(lot_ids), "accounts": list(account_ids), "now": now}
            )
        else:
            for statement in _SQLITE:
                cursor.execute(statement, {"lots": json.dumps(list(lot_ids)), "now": now})
            cursor.execute("SELECT transaction_id FROM expiring ORDER BY transaction_id")
        return [row[0] for row in cursor.fetchall()]
