"""Raw SQL against the ledger, after all migrations: every write that would cheat is refused."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from cards.models import Card, NumberMode
from loyalty.audit import record
from loyalty.ledger import triggers
from loyalty.ledger.apps import check_triggers
from loyalty.ledger.models import (
    Entry,
    Firing,
    FiringKind,
    LineMatch,
    Lot,
    LotUse,
    ReceiptUse,
    TierChange,
    Transaction,
)
from loyalty.members.models import Account
from tests.cast import make_cast, make_tier
from tests.operations.counter import adjust, buy, issue, redeem, undo

pytestmark = pytest.mark.django_db
KEPT = [
    "ledger_transaction",
    "ledger_entry",
    "ledger_lotuse",
    "ledger_tierchange",
    "ledger_vouchermove",
    "cards_termsversion",
    "audit_auditevent",
    "ledger_linematch",
]


@dataclass(frozen=True)
class Attack:
    """A statement and the word by which it must be refused; ``on`` names the only database."""

    sql: str
    word: str
    on: str = ""


def copied(model, **changes: str) -> str:
    """Return SQL that inserts a copy of the newest row under a new key, with changes."""
    table = model._meta.db_table
    names = [field.column for field in model._meta.concrete_fields]
    changes = {"id": f"(SELECT max(id) + 1 FROM {table})"} | changes
    values = [changes.get(name, name) for name in names]
    newest = f"WHERE id = (SELECT max(id) FROM {table})"
    return (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table} {newest}"
    )


def replacing(model, **changes: str) -> str:
    return copied(model, id="id", **changes).replace("INSERT", "INSERT OR REPLACE", 1)


def entry(amount: str = "5", balance: str = "balance_after + 5", by: int = 1) -> str:
    """Return SQL for one more entry on the newest entry's account."""
    return copied(Entry, amount=amount, balance_after=balance, sequence=f"sequence + {by}")


ONE_COLUMN = ("ledger_lot", "ledger_receiptuse", "ledger_firing")
FRESH = {"request_id": "'fresh'", "caused_by_id": "NULL"}
ATTACKS = {
    **{f"change {table}": Attack(f"UPDATE {table} SET id = id", "append-only") for table in KEPT},
    **{
        f"delete from {table}": Attack(f"DELETE FROM {table}", "append-only")
        for table in (*KEPT, *ONE_COLUMN)
    },
    **{
        f"truncate {table}": Attack(f"TRUNCATE {table} CASCADE", "append-only", on="postgresql")
        for table in (*KEPT, *ONE_COLUMN)
    },
    "upsert": Attack(
        copied(Transaction, id="id") + " ON CONFLICT (id) DO UPDATE SET points = 1", "append-only"
    ),
    "upsert of an entry": Attack(
        copied(Entry, id="id") + " ON CONFLICT (id) DO UPDATE SET amount = 1", "follow|append-only"
    ),
    "upsert on the sequence": Attack(
        copied(Entry) + " ON CONFLICT (account_id, unit, sequence) DO UPDATE SET amount = 1",
        "follow|append-only",
    ),
    "replace an entry": Attack(replacing(Entry, amount="1"), "follow", on="sqlite"),
    "replace a transaction": Attack(
        replacing(Transaction, points="999"), "append-only", on="sqlite"
    ),
    "replace a lot": Attack(replacing(Lot, earned="999"), "append-only", on="sqlite"),
    "replace an account by an empty one": Attack(
        replacing(Account, points="0", points_sequence="0"), "last entry", on="sqlite"
    ),
    "gap in the sequence": Attack(entry(by=2), "follow"),
    "sequence once more": Attack(entry(by=0), "follow|sequence_is_unique"),
    "balance out of thin air": Attack(entry(balance="balance_after + 6"), "follow"),
    "debt": Attack(entry("-balance_after - 1", "-1"), "entry_leaves_no_debt"),
    "entry of nothing": Attack(entry("0", "balance_after"), "entry_moves_something"),
    "half a point": Attack(entry("0.5", "balance_after + 0.5"), "follow", on="sqlite"),
    "points as text": Attack(entry("'five'", "balance_after"), "follow", on="sqlite"),
    "more than a number holds": Attack(
        entry("99999999999999999999", "1"), "out of range", on="postgresql"
    ),
    "entry without its account": Attack(entry(), "holds", on="postgresql"),
    "balance alone": Attack("UPDATE members_account SET points = points + 5", "last entry|holds"),
    "sequence alone": Attack(
        "UPDATE members_account SET points_sequence = points_sequence + 1", "last entry|holds"
    ),
    "credit alone": Attack("UPDATE members_account SET credit_minor = 5", "last entry|holds"),
    "negative balance": Attack(
        "UPDATE members_account SET points = -5", "last entry|account_is_never_negative"
    ),
    "negative points awarded": Attack(
        "UPDATE members_account SET lifetime_points = -1", "account_is_never_negative"
    ),
    "account that starts rich": Attack(
        copied(Account, points="7", tier_id="NULL"), "last entry|holds"
    ),
    "lot above what was earned": Attack(
        "UPDATE ledger_lot SET remaining = earned + 1", "lot_holds_no_more_than_earned"
    ),
    "lot below nothing": Attack(
        "UPDATE ledger_lot SET remaining = -1", "lot_holds_no_more_than_earned"
    ),
    "lot filled up": Attack("UPDATE ledger_lot SET remaining = earned", "holds", on="postgresql"),
    "lot out of thin air": Attack(copied(Lot, earned="5", remaining="5"), "holds", on="postgresql"),
    **{
        f"{column} of a lot": Attack(f"UPDATE ledger_lot SET {change}", "append-only")
        for column, change in {
            "key": "id = id + 1000",
            "earned": "earned = earned + 1",
            "expiry": "expires_at = '2099-01-01 00:00:00+00:00'",
            "account": "account_id = account_id + 1",
            "partner": "partner_id = partner_id + 1",
            "entry": "entry_id = entry_id + 1",
            "unit": "unit = 'CREDIT'",
        }.items()
    },
    **{
        f"{column} of a receipt": Attack(f"UPDATE ledger_receiptuse SET {change}", "append-only")
        for column, change in {
            "key": "id = id + 1000",
            "number": "number = 'other'",
            "period": "period = '1999'",
            "store": "store_id = store_id + 1",
            "partner": "partner_id = partner_id + 1",
            "transaction": "transaction_id = transaction_id - 1",
        }.items()
    },
    **{
        f"{column} of a firing": Attack(f"UPDATE ledger_firing SET {change}", "append-only")
        for column, change in {
            "rule": "rule_key = rule_key + 1",
            "membership": "membership_id = membership_id + 1",
            "occurrence": "occurrence = '1999'",
        }.items()
    },
    "firing twice": Attack(copied(Firing), "rule_fires_once|rule_key"),
    "receipt twice": Attack(
        copied(ReceiptUse, released_at="NULL", transaction_id="transaction_id + 1"),
        "receipt_is_used_once|store_id",
    ),
    "reverse twice": Attack(copied(Transaction, request_id="'fresh'"), "reverses"),
    "reversal of nothing": Attack(
        copied(Transaction, **FRESH, reverses_id="NULL"), "reversal_names_what_it_reverses"
    ),
    "same request key": Attack(
        copied(Transaction, kind="'BONUS'", reverses_id="NULL"),
        "request_is_done_once|request_id",
    ),
    "use of a lot of nothing": Attack(copied(LotUse, amount="0"), "lot_use_takes_something"),
    "second tier change of a deed": Attack(copied(TierChange), "transaction_id"),
}


@pytest.fixture
def cast():
    """A ledger in which every table has rows, and whose newest transaction is a reversal."""
    cast = make_cast()
    make_tier(cast.card, "Silver", 50)
    adjust(cast, 600)
    redeem(cast)
    issue(cast)
    record.record(action="try", subject=cast.card, partner_id=cast.partner.pk, actor_id=None)
    undo(cast, buy(cast, 1000, receipt="77"))
    buy(cast, 1000, receipt="78")
    bought = buy(cast, 500)
    facts = {
        "partner": cast.partner,
        "transaction": bought,
        "membership": cast.membership,
        "occurred_at": bought.occurred_at,
    }
    LineMatch.objects.create(line_key=1, basis=500, given=5, **facts)
    Firing.objects.create(kind=FiringKind.MILESTONE, rule_key=1, occurrence="1", **facts)
    undo(cast, buy(cast, 1000))
    Account.objects.exclude(memberships=cast.membership).delete()
    return cast


HERE = [name for name, attack in ATTACKS.items() if attack.on in {"", connection.vendor}]


@pytest.mark.parametrize("name", HERE)
def test_an_attack_on_the_ledger_is_refused(cast, name):
    attack = ATTACKS[name]
    before = contents()

    with pytest.raises(DatabaseError, match=attack.word), transaction.atomic():
        strike(attack.sql)

    assert contents() == before


def strike(sql: str) -> None:
    """Send the attack; on PostgreSQL foreign keys of what was made before are asked first."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(sql)


def contents() -> dict[str, list[Any]]:
    with connection.cursor() as cursor:
        found = {}
        for table in (*KEPT, *ONE_COLUMN, "members_account"):
            cursor.execute(f"SELECT * FROM {table} ORDER BY id")
            found[table] = cursor.fetchall()
        return found


def test_every_column_that_must_not_change_is_known():
    for table, free in triggers.ONE_COLUMN.items():
        (model,) = (one for one in apps.get_models() if one._meta.db_table == table)
        columns = {field.column for field in model._meta.concrete_fields}

        assert set(triggers.FIXED_COLUMNS[table]) == columns - {free}


@pytest.mark.req("IV3.6")
@pytest.mark.parametrize(
    "change",
    [
        "number_mode = 'TYPED'",
        "number_prefix = '7'",
        "number_width = number_width + 1",
        "number_has_check_digit = NOT number_has_check_digit",
    ],
)
def test_once_a_card_has_a_member_no_statement_changes_its_numbers(cast, change):
    with pytest.raises(DatabaseError, match="numbers stand"), transaction.atomic():
        strike(f"UPDATE cards_card SET {change} WHERE id = {cast.card.pk}")


@pytest.mark.req("IV3.6")
def test_the_numbers_of_a_card_without_members_may_change(cast):
    strike(f"UPDATE cards_card SET number_mode = 'TYPED' WHERE id = {cast.hill_card.pk}")

    assert Card.objects.get(pk=cast.hill_card.pk).number_mode == NumberMode.TYPED


def test_every_kept_table_is_attacked_and_has_rows(cast):
    assert set(KEPT) == set(triggers.APPEND_ONLY)
    assert [table for table, found in contents().items() if not found] == []


def test_no_trigger_is_missing_after_all_migrations():
    assert triggers.missing(connection) == []
    assert check_triggers(databases=["default"]) == []
    assert check_triggers() == []


def test_a_missing_trigger_is_an_error_of_the_system_check():
    name = "ledger_entry_follows"
    table = " ON ledger_entry" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{table}")

    found = check_triggers(databases=["default"])

    assert [(error.id, error.msg) for error in found] == [
        ("ledger.E001", "The trigger ledger_entry_follows is missing.")
    ]
    triggers.install()
    assert check_triggers(databases=["default"]) == []


@pytest.mark.postgresql
def test_a_switched_off_trigger_counts_as_missing():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_follows")

    assert triggers.missing(connection) == ["ledger_entry_follows"]


def test_migrating_asks_for_no_trigger_that_it_is_about_to_make(monkeypatch):
    monkeypatch.setattr("sys.argv", ["manage.py", "migrate"])

    assert check_triggers(databases=["default"]) == []


def test_an_empty_database_lacks_no_trigger(monkeypatch):
    monkeypatch.setattr(connection.introspection, "table_names", list)

    assert check_triggers(databases=["default"]) == []
    triggers.install()


def test_migrating_again_installs_what_was_lost():
    table = " ON ledger_lot" if connection.vendor == "postgresql" else ""
    name = next(name for name in triggers.expected(connection) if name.startswith("ledger_lot_"))
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{table}")

    call_command("migrate", verbosity=0)

    assert triggers.missing(connection) == []


def test_triggers_of_tables_that_are_not_there_yet_are_left_for_later(monkeypatch):
    before = triggers.installed(connection)
    monkeypatch.setattr(connection.introspection, "table_names", list)

    triggers.install()

    assert triggers.installed(connection) == before
