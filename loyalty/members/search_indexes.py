"""Indexes on PostgreSQL by which words and parts of them are found without reading all (CU6)."""

from typing import Any

from loyalty.members.word_lookup import WORDS

# Of the number in small letters: else whole numbers would be looked up by their parts, slowly.
# Whoever may not add the extension searches without it: slower among many, and just the same.
_PARTS = """DO $$ BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION WHEN insufficient_privilege OR undefined_file THEN
  RAISE NOTICE 'without pg_trgm, customers are searched row by row';
END $$;
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
    CREATE INDEX IF NOT EXISTS member_by_search_text ON members_member
      USING gin (search_text gin_trgm_ops);
    CREATE INDEX IF NOT EXISTS membership_by_part_of_number ON members_membership
      USING gin (lower(number) gin_trgm_ops);
  END IF;
END $$"""
_WORDS = (
    "CREATE INDEX IF NOT EXISTS member_by_word ON members_member"
    f" USING gin ({WORDS.format(column='search_text')})"
)


def make_search_indexes(_apps: Any, schema_editor: Any) -> None:
    """Make the indexes, where the database is PostgreSQL and lets us."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_PARTS)
        schema_editor.execute(_WORDS)
