"""Codes, rotating codes and their symbols; the vectors are shared with the browser's side."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from loyalty.members import codes
from loyalty.web import qr

VECTORS = Path(__file__).parent.parent / "vectors"
CARD_CODES = json.loads((VECTORS / "card_codes.json").read_text(encoding="utf-8"))
TOTP = json.loads((VECTORS / "totp.json").read_text(encoding="utf-8"))
KEY = codes.new_key()
NOON = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("code", CARD_CODES["valid"])
def test_the_shared_card_codes_are_read(code):
    assert codes.read_card_code(code) == code


@pytest.mark.parametrize("pair", CARD_CODES["typed"])
def test_the_shared_typed_codes_are_read(pair):
    assert codes.read_card_code(pair["typed"]) == pair["code"]


@pytest.mark.parametrize("refused", CARD_CODES["refused"], ids=lambda one: one["why"])
def test_the_shared_wrong_codes_are_refused(refused):
    assert codes.read_card_code(refused["typed"]) is None


@pytest.mark.parametrize("vector", TOTP["vectors"])
def test_rotating_codes_follow_the_standard(vector):
    assert codes.rotating_code(vector["key"], vector["step"]) == vector["code"]


def test_a_new_code_reads_back_however_it_is_typed():
    code = codes.new_card_code()

    typed = f"{code[:4]} {code[4:8]}-{code[8:]}".lower().replace("0", "o").replace("1", "l")

    assert codes.read_card_code(typed) == code


def test_one_wrong_character_is_noticed():
    code = codes.new_card_code()
    wrong = ("1" if code[3] != "1" else "2").join([code[:3], code[4:]])

    assert codes.read_card_code(wrong) is None


@pytest.mark.parametrize("aside", [-30, 0, 30])
def test_a_rotating_code_is_good_one_step_aside(aside):
    digits = codes.rotating_code(KEY, codes.step_at(NOON + timedelta(seconds=aside)))

    assert codes.matching_step(key=KEY, digits=digits, at=NOON) == codes.step_at(
        NOON + timedelta(seconds=aside)
    )


def test_a_rotating_code_of_two_steps_ago_is_old():
    digits = codes.rotating_code(KEY, codes.step_at(NOON) - 2)

    assert codes.matching_step(key=KEY, digits=digits, at=NOON) is None


@pytest.mark.req("R12.1")
@override_settings(SITE_URL="https://loyal.example.com")
def test_the_members_symbol_is_29_modules_at_level_q():
    address = qr.card_address("7Q2M9XK4T0ZB", "123456")

    assert address == "HTTPS://LOYAL.EXAMPLE.COM/C/7Q2M9XK4T0ZB/123456"
    assert len(qr.matrix(address).rows) == 29


@override_settings(SITE_URL="https://loyal.example.com")
def test_a_claims_symbol_stays_small():
    assert len(qr.matrix(qr.claim_address(codes.new_token())).rows) <= 33


def test_the_symbol_is_drawn_with_its_margin():
    matrix = codes.QrMatrix(rows=((True, True, False), (False, False, False), (True, False, True)))

    assert matrix.size() == 11
    assert matrix.svg_path() == "M4 4h2v1h-2zM4 6h1v1h-1zM6 6h1v1h-1z"
