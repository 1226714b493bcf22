"""Fills PostgreSQL with a business of any size by set SQL, as the ledger would have booked it.

Two of three members hold tens of points, everybody's history is a joining, then purchases of ten
points each and after nine of them a reward for ten points. All of it passes the verifier.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from cards.models import TermsVersion
from clubs.models import Partner
from loyalty.users.models import User
from tests.cast import (
    make_card,
    make_club,
    make_manager,
    make_partner,
    make_reward,
    make_staff,
    make_store,
    make_tier,
    make_user,
)
from tests.ledger.corrupting import without_guards

CLUBS = 20
STORES = 2  # of each club
STAFF = 2  # of each club
DAYS = 540
LATEST_DAYS = 40  # without anybody new
MOST_DEEDS = 17  # of a member after joining; nine on average
GOLD_AFTER = 6  # purchases
UNSHARED = 1000  # one of so many members has a name that nobody else has
# Filled while the guards rest, in this order.
FILLED = (
    "members_member",
    "members_account",
    "members_membership",
    "ledger_transaction",
    "ledger_entry",
    "ledger_lot",
    "ledger_lotuse",
    "ledger_tierchange",
)

# What each card has, by its place in the row of clubs.
OFFERS = """
CREATE TEMP TABLE offer (
  place int PRIMARY KEY, card_id bigint, reward_id bigint, terms_id bigint, silver_id bigint,
  gold_id bigint, store_ids bigint[], store_codes text[], staff_ids bigint[])
"""
# A name made of two parts, from a number.
SURNAME = """(ARRAY['Al','Ber','Cor','Dal','El','Fer','Gor','Hol','Il','Jan','Kal','Lor','Mar',
          'Nol','Or','Pal','Ros','Sal','Tor','Ul','Ver','Wal','Zan'])[1 + {number} %% 23]
        || (ARRAY['bach','berg','bridge','by','dale','feld','ford','ham','haven','hof','holm',
          'land','ley','man','mark','mond','more','ney','quist','sen','son','stein','strand',
          'ton','wick','wood','worth','rup','rath'])[1 + {number} / 23 %% 29]"""
# One row for each member: when they joined, how often they came, what they did.
PEOPLE = """
CREATE UNLOGGED TABLE large_person AS
SELECT i, i %% {clubs} AS place, 1 + (i * 7) %% {most} AS deeds,
    timestamptz %(since)s
      + make_interval(secs => (i * 104729.0) %% ({joining} * 86400)) AS joined_at
  FROM generate_series(1, %(members)s) i
"""
# n = 0 is the joining; each tenth deed after it hands out the reward.
DEEDS = """
CREATE UNLOGGED TABLE large_deed AS
SELECT row_number() OVER (ORDER BY at, i, n) AS id, i, n, place, at, deeds,
    n > 0 AND n %% 10 = 0 AS is_reward
  FROM (
    SELECT p.i, n, p.place, p.deeds,
        p.joined_at + (timestamptz %(until)s - p.joined_at) * (n / (p.deeds + 1.0)) AS at
      FROM large_person p CROSS JOIN LATERAL generate_series(0, p.deeds) n) d
"""
MEMBERS = """
INSERT INTO members_member (id, partner_id, code, first_name, last_name, email, phone,
    phone_confirmed_at, language, privacy_version, privacy_accepted_at, consent_source, joined_at,
    birth_day, birth_month, search_text)
SELECT i, %(partner)s, code, first_name, last_name, email, '+' || phone, joined_at, '', '2026-11',
    joined_at, 'COUNTER', joined_at, 1 + i %% 28, 1 + i %% 12,
    ' ' || lower(first_name) || ' ' || lower(last_name) || ' ' || email || ' ' || phone || ' '
      || lower(code)
  FROM (
    SELECT i, joined_at, 'L' || lpad(i::text, 9, '0') AS code,
        (ARRAY['Ada','Bo','Cleo','Dina','Emil','Fay','Gus','Hana','Ivo','June','Kim','Lena','Max',
          'Nora','Omar','Pia','Quin','Rosa','Seth','Tara','Uma','Vera','Wim','Xenia','Yara',
          'Zeno'])[1 + i %% 26] AS first_name,
        {surname} || CASE WHEN i %% {unshared} = 0 THEN '-' || {second_surname} ELSE '' END
          AS last_name,
        'person' || i || '@mail' || i %% 997 || '.example' AS email,
        '4477' || lpad(i::text, 8, '0') AS phone
      FROM large_person) p
"""
ACCOUNTS = """
INSERT INTO members_account (id, partner_id, card_id, points, credit_minor, points_sequence,
    credit_sequence, lifetime_points, lifetime_credit_minor, shortfall_points,
    shortfall_credit_minor, tier_id, tier_source)
SELECT p.i, %(partner)s, o.card_id, 10 * (deeds - 2 * (deeds / 10)), 0, deeds, 0,
    10 * (deeds - deeds / 10), 0, 0, 0,
    CASE WHEN deeds - deeds / 10 >= {gold} THEN o.gold_id ELSE o.silver_id END, 'AUTOMATIC'
  FROM large_person p JOIN offer o USING (place)
"""
MEMBERSHIPS = """
INSERT INTO members_membership (id, partner_id, card_id, member_id, account_id, number, code,
    totp_key, status, referral_code, joined_at, active_at)
SELECT p.i, %(partner)s, o.card_id, p.i, p.i, lpad(p.i::text, 10, '0'),
    'Z' || lpad(p.i::text, 11, '0'), md5(p.i::text) || '00000000', 'ACTIVE',
    'Z' || lpad(p.i::text, 9, '0'), p.joined_at, d.at
  FROM large_person p JOIN offer o USING (place)
  JOIN large_deed d ON d.i = p.i AND d.n = p.deeds
"""
TRANSACTIONS = """
INSERT INTO ledger_transaction (id, partner_id, card_id, membership_id, account_id, store_id,
    actor_id, reward_id, kind, source, request_id, fingerprint, receipt_number, amount_minor,
    points, credit_minor, lifetime_points, lifetime_credit_minor, shortfall_points,
    shortfall_credit_minor, basket, terms_id, result, facts, occurred_at, recorded_at)
SELECT d.id, %(partner)s, o.card_id, d.i, d.i, o.store_ids[s.place],
    CASE WHEN d.n > 0 THEN o.staff_ids[1 + d.id %% {staff}] END,
    CASE WHEN d.is_reward THEN o.reward_id END,
    CASE WHEN d.n = 0 THEN 'ENROLMENT' WHEN d.is_reward THEN 'REDEMPTION' ELSE 'PURCHASE' END,
    CASE WHEN NOT d.is_reward AND d.id %% 3 = 0 THEN 'API' ELSE 'SCAN' END,
    md5('large' || d.id), md5(d.id::text) || md5('large'), '',
    CASE WHEN d.n > 0 AND NOT d.is_reward THEN 1000 + d.id %% 100 END,
    moved.points, 0, greatest(moved.points, 0), 0, 0, 0, NULL, o.terms_id,
    CASE WHEN d.n = 0 THEN '{{}}'::jsonb WHEN d.is_reward THEN jsonb_build_object('points', -10,
        'reward', 'Tea', 'balance_before', before.balance, 'balance_after', before.balance - 10)
      ELSE jsonb_build_object('points', 10, 'credit_minor', 0,
        'shares', jsonb_build_array(
          jsonb_build_object('index', NULL, 'points', 10, 'credit_minor', 0)),
        'explanation', jsonb_build_array(jsonb_build_object('points', 10, 'reason', 'STEPS',
          'facts', jsonb_build_object('key', '-1', 'seen', (1000 + d.id %% 100)::text,
            'unit', 'POINTS', 'award', '1', 'basis', 'AMOUNT', 'count', '10', 'value', '100'))),
        'missing_minor', 100 - d.id %% 100,
        'balance_before', before.balance, 'balance_after', before.balance + 10) END,
    CASE WHEN d.n = 0 THEN '{{}}'::jsonb ELSE jsonb_build_object(
      'tier_id', CASE WHEN bought.before = 0 THEN NULL WHEN bought.before >= {gold}
        THEN o.gold_id ELSE o.silver_id END,
      'balance_before', before.balance, 'lifetime_before', 10 * bought.before)
      || CASE WHEN d.is_reward THEN '{{}}'::jsonb ELSE jsonb_build_object('rules',
        jsonb_build_object('at', to_char(d.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS+00:00'),
          'store', o.store_codes[s.place], 'member', 'L' || lpad(d.i::text, 9, '0'))
        || CASE WHEN bought.before = 0 THEN '{{}}'::jsonb ELSE jsonb_build_object('tier_id',
          CASE WHEN bought.before >= {gold} THEN o.gold_id ELSE o.silver_id END) END) END END,
    d.at, d.at
  FROM large_deed d JOIN offer o USING (place)
  CROSS JOIN LATERAL (SELECT 1 + (d.i / 7 + d.n) %% {stores} AS place) s
  CROSS JOIN LATERAL (SELECT CASE WHEN d.n = 0 THEN 0 WHEN d.is_reward THEN -10 ELSE 10 END
    AS points) moved
  CROSS JOIN LATERAL (SELECT (d.n - 1) - (d.n - 1) / 10 AS before) bought
  CROSS JOIN LATERAL (SELECT 10 * ((d.n - 1) - 2 * ((d.n - 1) / 10)) AS balance) before
  ORDER BY d.id
"""
ENTRIES = """
INSERT INTO ledger_entry (id, partner_id, transaction_id, account_id, unit, amount, sequence,
    balance_after)
SELECT d.id, %(partner)s, d.id, d.i, 'POINTS', CASE WHEN d.is_reward THEN -10 ELSE 10 END, d.n,
    10 * (d.n - 2 * (d.n / 10))
  FROM large_deed d WHERE d.n > 0 ORDER BY d.id
"""
# The q-th reward used up the q-th purchase; points count for two years.
LOTS = """
INSERT INTO ledger_lot (id, partner_id, entry_id, account_id, unit, earned, remaining, expires_at)
SELECT d.id, %(partner)s, d.id, d.i, 'POINTS', 10,
    CASE WHEN d.n - d.n / 10 <= d.deeds / 10 THEN 0 ELSE 10 END,
    date_trunc('day', d.at) + interval '731 days'
  FROM large_deed d WHERE d.n > 0 AND NOT d.is_reward ORDER BY d.id
"""
LOT_USES = """
INSERT INTO ledger_lotuse (id, partner_id, lot_id, entry_id, amount)
SELECT d.id, %(partner)s, b.id, d.id, 10
  FROM large_deed d JOIN large_deed b ON b.i = d.i AND b.n = d.n / 10
  WHERE d.is_reward ORDER BY d.id
"""
TIER_CHANGES = """
INSERT INTO ledger_tierchange (id, partner_id, transaction_id, account_id, from_tier_id,
    to_tier_id, from_source, to_source)
SELECT d.id, %(partner)s, d.id, d.i, CASE WHEN d.n = 1 THEN NULL ELSE o.silver_id END,
    CASE WHEN d.n = 1 THEN o.silver_id ELSE o.gold_id END, 'AUTOMATIC', 'AUTOMATIC'
  FROM large_deed d JOIN offer o USING (place) WHERE d.n IN (1, {gold}) ORDER BY d.id
"""
COUNTERS = """
INSERT INTO members_rewardcounter (reward_id, issued)
SELECT o.reward_id, count(d.id) FROM offer o
  LEFT JOIN large_deed d ON d.place = o.place AND d.is_reward GROUP BY 1
  ON CONFLICT (reward_id) DO UPDATE SET issued = excluded.issued
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """Whose rows they are, and who looks at them."""

    partner: Partner
    owner: User
    until: datetime


def load(*, members: int, until: datetime, days: int = DAYS) -> Business:
    """Make a business with so many members and ten times as many deeds, within some days."""
    partner = make_partner("Large Group")
    owner = make_user("owner")
    make_manager(owner, partner)
    offers = [_offer(partner, place) for place in range(CLUBS)]
    facts: dict[str, Any] = {
        "partner": partner.pk,
        "members": members,
        "since": until - timedelta(days=days),
        "until": until,
    }
    sizes = {
        "clubs": CLUBS,
        "most": MOST_DEEDS,
        "joining": days - LATEST_DAYS,
        "gold": GOLD_AFTER,
        "staff": STAFF,
        "stores": STORES,
        "unshared": UNSHARED,
        "surname": SURNAME.format(number="(i / 26)"),
        "second_surname": SURNAME.format(number=f"(i / {UNSHARED})"),
    }
    with transaction.atomic(), without_guards(*FILLED), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '512MB'")
        cursor.execute(OFFERS)
        cursor.executemany(
            "INSERT INTO offer VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [(place, *offer) for place, offer in enumerate(offers)],
        )
        for statement in (PEOPLE, DEEDS):
            cursor.execute(statement.format(**sizes), facts)
        cursor.execute("ALTER TABLE large_deed ADD PRIMARY KEY (i, n)")
        cursor.execute("ANALYZE large_person, large_deed, offer")
        for statement in (MEMBERS, ACCOUNTS, MEMBERSHIPS, TRANSACTIONS, ENTRIES, LOTS, LOT_USES):
            cursor.execute(statement.format(**sizes), facts)
        for statement in (TIER_CHANGES, COUNTERS):
            cursor.execute(statement.format(**sizes), facts)
        cursor.execute("DROP TABLE large_deed, large_person, offer")
        for table in FILLED:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
    with connection.cursor() as cursor:
        # New rows wait beside such an index until somebody tidies up; then its use looks dear.
        cursor.execute(
            "SELECT gin_clean_pending_list(c.oid) FROM pg_class c JOIN pg_am a ON a.oid = c.relam"
            " WHERE a.amname = 'gin' AND c.relnamespace = 'public'::regnamespace"
        )
        cursor.execute("ANALYZE")
    return Business(partner=partner, owner=owner, until=until)


def _offer(partner: Partner, place: int) -> tuple[Any, ...]:
    """Make a club with its card, stores and staff, and return what a row of ``offer`` says."""
    club = make_club(partner, f"Club {place}")
    stores = [make_store(club, f"Store {place} {number}") for number in range(STORES)]
    card = make_card(club, f"Card {place}")
    reward = make_reward(card, "Tea", 10)
    silver = make_tier(card, "Silver", 0)
    gold = make_tier(card, "Gold", 10 * GOLD_AFTER)
    staff = [make_user(f"staff{place}x{number}") for number in range(STAFF)]
    for user in staff:
        make_staff(user, club)
    terms = TermsVersion.objects.filter(card=card).latest("pk")
    return (
        card.pk,
        reward.pk,
        terms.pk,
        silver.pk,
        gold.pk,
        [store.pk for store in stores],
        [store.code for store in stores],
        [user.pk for user in staff],
    )
