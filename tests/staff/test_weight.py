"""What a page of the counter transfers; the scanner has its own test."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import NOON, make_cast, make_reward
from tests.operations.counter import buy
from tests.weighing import MOST_BYTES, transferred


@pytest.mark.django_db
def test_no_page_of_the_counter_is_heavier_than_sixty_kilobytes():
    cast = make_cast()
    for number in range(20):
        make_reward(cast.card, f"Thing {number}", 10 + number)
    deed = buy(cast, 50_000)
    client = Client()
    client.force_login(cast.sam)
    scan = cast.scan(at=NOON)
    addresses = [
        *(reverse(f"staff:{name}") for name in ("home", "search", "enrol", "slip", "set_pin")),
        reverse("staff:counter", args=[scan]),
        reverse("staff:rewards", args=[scan]),
        reverse("staff:result", args=[deed.pk]),
    ]

    weights = {address: sum(transferred(client, address).values()) for address in addresses}

    assert [(page, weight) for page, weight in weights.items() if weight > MOST_BYTES] == []
    assert max(weights.values()) > 10_000  # Something was weighed.
