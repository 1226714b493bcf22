"""A lookup by the beginnings of words, for which PostgreSQL has an index (CU6)."""

from typing import Any

from django.db.models import Lookup

# The index of the same words makes it quick; PostgreSQL's own parser would split names and numbers.
WORDS = "array_to_tsvector(string_to_array(ltrim({column}), ' '))"


class WordsBegin(Lookup[Any]):
    """That each of some words begins a word of the text, which has a space before each."""

    lookup_name = "words_begin"
    prepare_rhs = False

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Ask for all words at once, as lexemes whose rest is open."""
        sql, params = self.process_lhs(compiler, connection)
        asked = " & ".join(f"{_quoted(word)}:*" for word in self.rhs)
        return f"{WORDS.format(column=sql)} @@ %s::tsquery", [*params, asked]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Ask for one word after the other."""
        sql, params = self.process_lhs(compiler, connection)
        condition = f"instr({sql}, %s) > 0"
        words = [part for word in self.rhs for part in (*params, f" {word}")]
        return " AND ".join(condition for _word in self.rhs), words


def _quoted(word: str) -> str:
    """Return a word as a lexeme is written."""
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
