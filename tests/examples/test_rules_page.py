"""docs/rules.md says what the engine gives: each of its tables is computed again."""

import pytest

from tests.examples import beside, earning
from tests.examples.page import COMPUTED, examples

assert [beside, earning]  # Importing them names their examples.


def test_each_example_of_the_page_is_computed_and_none_is_forgotten():
    assert sorted(examples()) == sorted(COMPUTED)


@pytest.mark.parametrize("name", sorted(COMPUTED))
def test_the_page_says_what_the_engine_gives(name):
    rows = examples()[name]

    assert COMPUTED[name](rows) == rows
