"""Where values stand on the axis of a drawing: round numbers, few of them, zero among them."""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 160
TOP = 14  # Room for the letters of the highest line.
MOST_LINES = 5
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Round numbers from the least to the most, zero among them."""

    least: int
    most: int
    step: int

    @classmethod
    def over(cls, values: Sequence[int]) -> "Scale":
        """Return the finest scale of few round lines that holds all values."""
        low, high = min([0, *values]), max([0, *values])
        if low == high:
            high = 1
        step = next(
            step
            for power in range(len(str(high - low)) + 1)
            for step in (first * 10**power for first in _STEPS)
            if -(low // step) + -(-high // step) < MOST_LINES
        )
        return cls(least=low // step * step, most=-(-high // step) * step, step=step)

    def y(self, value: int) -> int:
        """Return how far below the top of a drawing a value stands, in pixels."""
        return TOP + (self.most - value) * HEIGHT // (self.most - self.least)

    def ticks(self) -> list[int]:
        """Return the numbers at which lines are drawn."""
        return list(range(self.least, self.most + 1, self.step))
