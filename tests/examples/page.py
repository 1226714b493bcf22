"""Reads the worked examples of docs/rules.md: tables under a comment that names them."""

from collections.abc import Callable, Iterator
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rules.md"
EXAMPLE, SETTINGS, CLOSING = "<!-- example: ", "<!-- settings: ", " -->"

Rows = list[list[str]]
# What computes each table again: from the rows of the page to those that should be there.
COMPUTED: dict[str, Callable[[Rows], Rows]] = {}


def example(name: str) -> Callable[[Callable[[Rows], Rows]], Callable[[Rows], Rows]]:
    """Let a function compute the table of this name, from the columns that it is given."""

    def register(compute: Callable[[Rows], Rows]) -> Callable[[Rows], Rows]:
        COMPUTED[name] = compute
        return compute

    return register


def examples() -> dict[str, Rows]:
    """Return the rows of each worked example, without its heading, as the page has them."""
    return _tables(EXAMPLE)


def settings() -> dict[str, list[str]]:
    """Return the names of the settings that the page explains, by model."""
    return {
        model: [name for row in rows for name in row[0].split(" · ")]
        for model, rows in _tables(SETTINGS).items()
    }


def _tables(opening: str) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    lines = iter(PAGE.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.startswith(opening):
            name = line.removeprefix(opening).removesuffix(CLOSING)
            assert name not in found, f"{name} is twice on the page"
            found[name] = list(_table(lines))
    return found


def _table(lines: Iterator[str]) -> Iterator[list[str]]:
    """Yield the rows of the table that follows; its heading and the rule below are left out."""
    for number, line in enumerate(iter(lambda: next(lines, ""), "")):
        if number > 1:
            yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def money(amount_minor: int) -> str:
    return f"{amount_minor // 100}.{amount_minor % 100:02}"


def yes(value: object) -> str:
    return "yes" if value else "–"
