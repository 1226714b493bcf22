"""What several values give together: the least, the most, their sum or their average."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple, TypeAlias, assert_never

from loyalty.rules.terms import ConflictMethod

Value: TypeAlias = int | Fraction


class Resolution(NamedTuple):
    """The value, and which of the values made it: their sum divided by ``parts``."""

    value: Value
    taken: tuple[int, ...]
    parts: int


def resolve(values: Sequence[Value], method: ConflictMethod) -> Resolution:
    """Return what values above zero give together, exactly (IV3.17, rules 5).

    The caller leaves out zeros, for a plan that gave nothing has no say. Among equal values the
    earlier one is taken.
    """
    if len(values) <= 1:
        return Resolution(values[0] if values else 0, tuple(range(len(values))), 1)
    everyone = tuple(range(len(values)))
    match method:
        case ConflictMethod.MINIMUM:
            least = min(values)
            return Resolution(least, (values.index(least),), 1)
        case ConflictMethod.MAXIMUM:
            most = max(values)
            return Resolution(most, (values.index(most),), 1)
        case ConflictMethod.SUM:
            return Resolution(sum(values), everyone, 1)
        case ConflictMethod.AVERAGE:
            return Resolution(Fraction(sum(values)) / len(values), everyone, len(values))
        case unknown:
            assert_never(unknown)
