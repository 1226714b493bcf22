"""Two businesses, and everybody who may want to look at them."""

import pytest

from tests.matrix.world import CANARY, Side, make_side


@pytest.fixture
def sides(db: None, settings) -> tuple[Side, Side]:
    settings.ADMIN_NEEDS_SECOND_FACTOR = False
    return make_side(CANARY), make_side("Other")
