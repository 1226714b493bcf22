"""Chance that is the same every time: decisions drawn from a hash of a seed and a counter."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """A stream of decisions; two streams of one seed and name are equal."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._drawn = 0

    def below(self, limit: int) -> int:
        """Return a whole number from 0 up to, and without, the limit."""
        self._drawn += 1
        digest = hashlib.blake2b(f"{self._seed}/{self._drawn}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % limit

    def between(self, least: int, most: int) -> int:
        """Return a whole number from least to most, both included."""
        return least + self.below(most - least + 1)

    def happens(self, percent: int) -> bool:
        """Return whether something happens that does so often."""
        return self.below(100) < percent

    def one_of(self, things: Sequence[T]) -> T:
        """Return one of the things."""
        return things[self.below(len(things))]

    def around(self, least: int, most: int) -> int:
        """Return a whole number between the bounds, more often near their middle."""
        return (self.between(least, most) + self.between(least, most)) // 2
