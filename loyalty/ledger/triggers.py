"""The last line of defence: triggers that refuse every write that would lose or make points.

They are installed after every migrate, because SQLite rebuilds tables and drops them silently.
"""

from typing import TYPE_CHECKING, Any

from django.db import connections

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
# The columns of the same tables that never change; SQLite must be told each by name.
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

POSTGRESQL_FUNCTIONS = """
CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE FUNCTION ledger_refuse_other_columns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF to_jsonb(NEW) - TG_ARGV[0] IS DISTINCT FROM to_jsonb(OLD) - TG_ARGV[0] THEN
    RAISE EXCEPTION 'only % of % may change', TG_ARGV[0], TG_TABLE_NAME
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION ledger_entry_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last_sequence bigint; last_balance bigint;
BEGIN
  SELECT sequence, balance_after INTO last_sequence, last_balance FROM ledger_entry
    WHERE account_id = NEW.account_id AND unit = NEW.unit ORDER BY sequence DESC LIMIT 1;
  IF NEW.sequence <> coalesce(last_sequence, 0) + 1
     OR NEW.balance_after <> coalesce(last_balance, 0) + NEW.amount THEN
    RAISE EXCEPTION 'entry does not follow on account %', NEW.account_id
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION ledger_account_matches() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wanted bigint; held record; one record;
BEGIN
  IF TG_TABLE_NAME = 'members_account' THEN wanted := NEW.id; ELSE wanted := NEW.account_id; END IF;
  SELECT points, points_sequence, credit_minor, credit_sequence INTO held
    FROM members_account WHERE id = wanted;
  FOR one IN
    SELECT unit, amount, sequence,
      coalesce((SELECT balance_after FROM ledger_entry e WHERE e.account_id = wanted
        AND e.unit = u.unit ORDER BY e.sequence DESC LIMIT 1), 0) AS booked,
      coalesce((SELECT max(e.sequence) FROM ledger_entry e WHERE e.account_id = wanted
        AND e.unit = u.unit), 0) AS booked_sequence,
      coalesce((SELECT sum(l.remaining) FROM ledger_lot l WHERE l.account_id = wanted
        AND l.unit = u.unit AND l.remaining > 0), 0) AS in_lots
    FROM (VALUES ('POINTS', held.points, held.points_sequence),
                 ('CREDIT', held.credit_minor, held.credit_sequence)) AS u(unit, amount, sequence)
  LOOP
    IF one.amount <> one.booked OR one.amount <> one.in_lots
       OR one.sequence <> one.booked_sequence THEN
      RAISE EXCEPTION 'account % %: holds % at %, booked % at %, lots %', wanted, one.unit,
        one.amount, one.sequence, one.booked, one.booked_sequence, one.in_lots
        USING ERRCODE = 'check_violation';
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
"""


def postgresql_triggers() -> dict[str, tuple[str, str]]:
    """Return name -> (table, definition) of every trigger on PostgreSQL."""
    found: dict[str, tuple[str, str]] = {}
    for table in APPEND_ONLY:
        found[f"{table}_append_only"] = (
            table,
            f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
            " EXECUTE FUNCTION ledger_refuse_change()",
        )
    for table, column in ONE_COLUMN.items():
        found[f"{table}_one_column"] = (
            table,
            f"BEFORE UPDATE ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION ledger_refuse_other_columns('{column}')",
        )
        found[f"{table}_stays"] = (
            table,
            f"BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change()",
        )
    for table in (*APPEND_ONLY, *ONE_COLUMN):
        found[f"{table}_no_truncate"] = (
            table,
            f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"
            " EXECUTE FUNCTION ledger_refuse_change()",
        )
    found["ledger_entry_follows"] = (
        "ledger_entry",
        "BEFORE INSERT ON ledger_entry FOR EACH ROW EXECUTE FUNCTION ledger_entry_follows()",
    )
    deferred = (
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_account_matches()"
    )
    for table, when in (
        (
            "members_account",
            "INSERT OR UPDATE OF points, credit_minor, points_sequence, credit_sequence",
        ),
        ("ledger_entry", "INSERT"),
        ("ledger_lot", "INSERT OR UPDATE OF remaining"),
    ):
        found[f"{table}_balance"] = (table, f"AFTER {when} ON {table} {deferred}")
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
        changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in names)
        found[f"{table}_one_column"] = (table, f"BEFORE UPDATE ON {table} WHEN {changed} {refuse}")
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
            what = "CONSTRAINT TRIGGER" if "DEFERRABLE" in definition else "TRIGGER"
            cursor.execute(f"CREATE {what} {name} {definition}")
