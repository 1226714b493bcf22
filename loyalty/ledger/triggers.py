"""The last line of defence: triggers that refuse every write that would lose or make points.

They are installed after every migrate, because SQLite rebuilds tables and drops them silently.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import connections

from cards.models import NUMBERING

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

APPEND_ONLY = (
    "ledger_transaction",
    "ledger_entry",
    "ledger_lotuse",
    "ledger_tierchange",
    "ledger_vouchermove",
    "ledger_linematch",
    "cards_termsversion",
    "audit_auditevent",
)
# Rows that stay, and the only column of each that may change.
ONE_COLUMN = {
    "ledger_lot": "remaining",
    "ledger_receiptuse": "released_at",
    "ledger_firing": "released_at",
}
# The columns of the same tables that never change.
FIXED_COLUMNS = {
    "ledger_lot": ("id", "partner_id", "entry_id", "account_id", "unit", "earned", "expires_at"),
    "ledger_receiptuse": ("id", "partner_id", "store_id", "number", "period", "transaction_id"),
    "ledger_firing": (
        "id",
        "partner_id",
        "membership_id",
        "transaction_id",
        "kind",
        "rule_key",
        "occurrence",
        "occurred_at",
    ),
}

# Posting writes all of a deed in one statement, so what a statement wrote is looked at as a whole,
# after it: once for each balance touched, however many rows. Plans are kept for a session, and
# tables that were empty when one was made would be read from end to end ever after.
POSTGRESQL_FUNCTIONS = """
CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE FUNCTION ledger_entries_follow() RETURNS trigger LANGUAGE plpgsql
  SET enable_seqscan = off AS $$
DECLARE wrong bigint;
BEGIN
  SELECT n.account_id INTO wrong FROM written n LEFT JOIN LATERAL (
      SELECT e.balance_after FROM ledger_entry e WHERE e.account_id = n.account_id
        AND e.unit = n.unit AND e.sequence = n.sequence - 1) before ON true
    WHERE n.balance_after <> coalesce(before.balance_after, 0) + n.amount
      OR (before.balance_after IS NULL AND n.sequence <> 1) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'entry does not follow on account %', wrong USING ERRCODE = 'check_violation';
  END IF;
  PERFORM ledger_match(array_agg(account_id), array_agg(unit)) FROM written;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION cards_numbers_stand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM members_membership WHERE card_id = NEW.id) THEN
    RAISE EXCEPTION 'card % has members, so its numbers stand', NEW.id
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION ledger_lots_match() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ledger_match(array_agg(account_id), array_agg(unit))
    FROM (SELECT DISTINCT account_id, unit FROM written) n;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION ledger_new_accounts_match() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ledger_match(array_agg(n.id), array_agg(u.unit))
    FROM written n CROSS JOIN (VALUES ('POINTS'), ('CREDIT')) u(unit);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION ledger_accounts_match() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ledger_match(array_agg(n.id), array_agg(u.unit))
    FROM written n LEFT JOIN replaced o ON o.id = n.id
    CROSS JOIN LATERAL (VALUES
      ('POINTS', n.points, n.points_sequence, o.points, o.points_sequence),
      ('CREDIT', n.credit_minor, n.credit_sequence, o.credit_minor, o.credit_sequence)
    ) u(unit, amount, sequence, old_amount, old_sequence)
    WHERE (u.amount, u.sequence) IS DISTINCT FROM (u.old_amount, u.old_sequence);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION ledger_match(accounts bigint[], units text[]) RETURNS void
  LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE wrong record;
BEGIN
  SELECT a.id, t.unit, u.amount, u.sequence, coalesce(last.balance_after, 0) AS booked,
      coalesce(last.sequence, 0) AS booked_sequence, lots.remaining AS in_lots
    INTO wrong
    FROM unnest(accounts, units) AS t(account_id, unit)
    JOIN members_account a ON a.id = t.account_id
    CROSS JOIN LATERAL (SELECT
        CASE t.unit WHEN 'POINTS' THEN a.points WHEN 'CREDIT' THEN a.credit_minor END AS amount,
        CASE t.unit WHEN 'POINTS' THEN a.points_sequence WHEN 'CREDIT' THEN a.credit_sequence END
          AS sequence) u
    LEFT JOIN LATERAL (SELECT e.balance_after, e.sequence FROM ledger_entry e
        WHERE e.account_id = a.id AND e.unit = t.unit ORDER BY e.sequence DESC LIMIT 1) last ON true
    CROSS JOIN LATERAL (SELECT coalesce(sum(l.remaining), 0) AS remaining FROM ledger_lot l
        WHERE l.account_id = a.id AND l.unit = t.unit AND l.remaining > 0) lots
    WHERE u.amount IS DISTINCT FROM coalesce(last.balance_after, 0)
      OR u.sequence IS DISTINCT FROM coalesce(last.sequence, 0)
      OR u.amount IS DISTINCT FROM lots.remaining LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'account % %: holds % at %, booked % at %, lots %', wrong.id, wrong.unit,
      wrong.amount, wrong.sequence, wrong.booked, wrong.booked_sequence, wrong.in_lots
      USING ERRCODE = 'check_violation';
  END IF;
END $$;
"""


_DISTINCT = "IS DISTINCT FROM"


def _changed(names: Iterable[str], differs: str) -> str:
    """Return the condition that one of these columns changes, by the database's own operator."""
    return " OR ".join(f"NEW.{name} {differs} OLD.{name}" for name in names)


def postgresql_triggers() -> dict[str, tuple[str, str]]:
    """Return name -> (table, definition) of every trigger on PostgreSQL."""
    found: dict[str, tuple[str, str]] = {}
    refused = "EXECUTE FUNCTION ledger_refuse_change()"
    for table in APPEND_ONLY:
        found[f"{table}_append_only"] = (
            table,
            f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refused}",
        )
    for table, names in FIXED_COLUMNS.items():
        found[f"{table}_one_column"] = (
            table,
            f"BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({_changed(names, _DISTINCT)}) {refused}",
        )
        found[f"{table}_stays"] = (table, f"BEFORE DELETE ON {table} FOR EACH ROW {refused}")
    found["cards_card_numbers_stand"] = (
        "cards_card",
        f"BEFORE UPDATE ON cards_card FOR EACH ROW WHEN ({_changed(NUMBERING, _DISTINCT)})"
        " EXECUTE FUNCTION cards_numbers_stand()",
    )
    for table in (*APPEND_ONLY, *ONE_COLUMN):
        found[f"{table}_no_truncate"] = (
            table,
            f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refused}",
        )
    before = "OLD TABLE AS replaced"
    for name, table, event, tables, check in (
        ("ledger_entry_follows", "ledger_entry", "INSERT", "", "ledger_entries_follow"),
        ("ledger_lot_made", "ledger_lot", "INSERT", "", "ledger_lots_match"),
        ("ledger_lot_used", "ledger_lot", "UPDATE", "", "ledger_lots_match"),
        ("members_account_made", "members_account", "INSERT", "", "ledger_new_accounts_match"),
        ("members_account_moved", "members_account", "UPDATE", before, "ledger_accounts_match"),
    ):
        found[name] = (
            table,
            f"AFTER {event} ON {table} REFERENCING NEW TABLE AS written {tables}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {check}()",
        )
    return found


_LAST = (
    "(SELECT {column} FROM ledger_entry e WHERE e.account_id = {account} AND e.unit = {unit}"
    " ORDER BY e.sequence DESC LIMIT 1)"
)


def _last(column: str, account: str, unit: str) -> str:
    return f"coalesce({_LAST.format(column=column, account=account, unit=unit)}, 0)"


def sqlite_triggers() -> dict[str, tuple[str, str]]:
    """Return name -> (table, definition) of every trigger on SQLite."""
    found: dict[str, tuple[str, str]] = {}
    refuse = "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
    for table in APPEND_ONLY:
        found[f"{table}_no_update"] = (table, f"BEFORE UPDATE ON {table} {refuse}")
    for table in (*APPEND_ONLY, *ONE_COLUMN):
        found[f"{table}_no_delete"] = (table, f"BEFORE DELETE ON {table} {refuse}")
    for table, names in FIXED_COLUMNS.items():
        found[f"{table}_one_column"] = (
            table,
            f"BEFORE UPDATE ON {table} WHEN {_changed(names, 'IS NOT')} {refuse}",
        )
    found["cards_card_numbers_stand"] = (
        "cards_card",
        f"BEFORE UPDATE ON cards_card WHEN ({_changed(NUMBERING, 'IS NOT')})"
        " AND EXISTS (SELECT 1 FROM members_membership WHERE card_id = NEW.id)"
        " BEGIN SELECT RAISE(ABORT, 'the card has members, so its numbers stand'); END",
    )
    found["ledger_entry_follows"] = (
        "ledger_entry",
        "BEFORE INSERT ON ledger_entry WHEN typeof(NEW.amount) <> 'integer'"
        f" OR NEW.sequence <> {_last('sequence', 'NEW.account_id', 'NEW.unit')} + 1"
        f" OR NEW.balance_after <> {_last('balance_after', 'NEW.account_id', 'NEW.unit')}"
        " + NEW.amount BEGIN SELECT RAISE(ABORT, 'entry does not follow'); END",
    )
    for unit, balance, sequence in (
        ("POINTS", "points", "points_sequence"),
        ("CREDIT", "credit_minor", "credit_sequence"),
    ):
        found[f"ledger_entry_moves_{balance}"] = (
            "ledger_entry",
            f"AFTER INSERT ON ledger_entry WHEN NEW.unit = '{unit}' BEGIN UPDATE members_account"
            f" SET {balance} = NEW.balance_after, {sequence} = NEW.sequence"
            " WHERE id = NEW.account_id; END",
        )
        refused = (
            f"NEW.{balance} <> {_last('balance_after', 'NEW.id', repr(unit))}"
            f" OR NEW.{sequence} <> {_last('sequence', 'NEW.id', repr(unit))}"
            " BEGIN SELECT RAISE(ABORT, 'balance must equal the last entry'); END"
        )
        found[f"members_account_{balance}"] = (
            "members_account",
            f"BEFORE UPDATE OF {balance}, {sequence} ON members_account WHEN {refused}",
        )
        # A new account has no entries, so it starts empty; REPLACE is an INSERT too.
        found[f"members_account_{balance}_new"] = (
            "members_account",
            f"BEFORE INSERT ON members_account WHEN {refused}",
        )
    return found


def expected(connection: "BaseDatabaseWrapper") -> dict[str, tuple[str, str]]:
    """Return the triggers that this database must have."""
    return postgresql_triggers() if connection.vendor == "postgresql" else sqlite_triggers()


def installed(connection: "BaseDatabaseWrapper") -> set[str]:
    """Return the names of the enabled triggers of this database."""
    sql = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {row[0] for row in cursor.fetchall()}


def missing(connection: "BaseDatabaseWrapper") -> list[str]:
    """Return the names of triggers that should be there and are not, sorted."""
    return sorted(expected(connection).keys() - installed(connection))


def install(*, using: str = "default", **_: Any) -> None:
    """Make every trigger anew on the database; nothing else changes."""
    connection = connections[using]
    is_postgresql = connection.vendor == "postgresql"
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if is_postgresql:
            cursor.execute(POSTGRESQL_FUNCTIONS)
        for name, (table, definition) in expected(connection).items():
            if table not in tables:
                continue
            on = f" ON {table}" if is_postgresql else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
            cursor.execute(f"CREATE TRIGGER {name} {definition}")
