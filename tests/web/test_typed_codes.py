"""Codes that are typed, pasted or read by a hardware scanner lead to their page or nowhere."""

import pytest
from django.test import Client

from loyalty.members import codes
from tests.cast import make_cast

TAILS = [
    # after the code, digits kept
    ("", ""),
    ("/123456", "/123456"),
    ("/1234567890123", ""),
    ("/123456?utm_source=print", ""),
    ("/12345\x00", "/12345%00"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("tail", "kept"), TAILS)
def test_a_pasted_address_leads_to_its_code_whatever_follows_it(tail, kept):
    client, code = Client(), codes.new_card_code()
    client.force_login(make_cast().sam)

    answer = client.post("/code/", {"code": f"HTTPS://HOST/C/{code}{tail}"})

    assert (answer.status_code, answer["Location"].removesuffix("/")) == (302, f"/C/{code}{kept}")
