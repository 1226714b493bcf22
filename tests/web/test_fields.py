"""What people type at a counter: understood or refused in words, never a crash."""

import pytest
from django.core.exceptions import ValidationError

from loyalty.web.fields import AmountField, PhoneField, PinField, PointsField, masked_phone

AMOUNTS = [
    # typed                currency  minor units
    ("12.40", "EUR", 1240),
    ("12,40", "EUR", 1240),
    ("12", "EUR", 1200),
    ("12.", "EUR", 1200),
    ("0", "EUR", 0),
    ("12.345", "KWD", 12345),
    ("500", "JPY", 500),
    ("١٢٫٤٠", "EUR", 1240),
    ("１２．４０", "EUR", 1240),
    ("\u200f12.40", "EUR", 1240),
]
NO_AMOUNTS = [
    "1_000", "1e3", "-0", "-5", "+5", "9" * 400, "NaN", "Infinity", "1\x000", "12.405",
    "1.2.3", "abc", "١٢٫٤٠٥", "0x10", "½", "²",
]  # fmt: skip


@pytest.mark.req("R7.2", "PA1.1")
@pytest.mark.parametrize(("typed", "currency", "minor"), AMOUNTS)
def test_an_amount_is_read_in_the_currencys_own_decimals(typed, currency, minor):
    assert AmountField(currency=currency).clean(typed) == minor


@pytest.mark.parametrize("typed", NO_AMOUNTS)
def test_what_is_no_amount_is_refused_in_words(typed):
    with pytest.raises(ValidationError) as refused:
        AmountField(currency="EUR").clean(typed)

    assert refused.value.messages[0].endswith(".")


def test_an_amount_above_the_cap_is_refused_naming_the_cap():
    with pytest.raises(ValidationError) as refused:
        AmountField(currency="EUR", most_minor=100_000).clean("1000.01")

    assert refused.value.messages == ["At most €1,000.00 at a time."]


def test_yen_have_no_decimals():
    with pytest.raises(ValidationError) as refused:
        AmountField(currency="JPY").clean("5.5")

    assert refused.value.messages == ["This currency has no decimals."]


SIGNED = [("24", 24), ("-24", -24), ("\u221224", -24), ("+24", 24), ("٢٤", 24), ("-٢٤", -24)]


@pytest.mark.req("CU15", "CU16")
@pytest.mark.parametrize(("typed", "points"), SIGNED)
def test_an_adjustment_takes_points_with_any_minus_and_any_digits(typed, points):
    assert PointsField(most=1000, is_signed=True).clean(typed) == points


@pytest.mark.parametrize("typed", ["1_000", "1e3", "-0", "0", "1.5", "9" * 400, "NaN", "1001", ""])
def test_what_is_no_count_of_points_is_refused(typed):
    with pytest.raises(ValidationError):
        PointsField(most=1000, is_signed=True).clean(typed)


@pytest.mark.parametrize("typed", ["-5", "+5"])
def test_an_award_takes_no_sign(typed):
    with pytest.raises(ValidationError):
        PointsField(most=1000).clean(typed)


PHONES = [
    ("912 345 678", "PT", "+351912345678"),
    ("+351 912-345-678", "BR", "+351912345678"),
    ("00351912345678", "PT", "+351912345678"),
    ("٠٥٠١٢٣٤٥٦٧", "SA", "+966501234567"),
]


@pytest.mark.req("FA7")
@pytest.mark.parametrize(("typed", "country", "stored"), PHONES)
def test_a_phone_number_is_stored_in_one_writing(typed, country, stored):
    assert PhoneField(country=country).clean(typed) == stored


@pytest.mark.parametrize("typed", ["abc", "12", "+1", "9" * 39, "\x00123"])
def test_what_is_no_phone_number_is_refused(typed):
    with pytest.raises(ValidationError):
        PhoneField(country="PT").clean(typed)


@pytest.mark.req("FA9")
def test_a_phone_number_is_shown_by_its_last_digits_only():
    assert masked_phone("+351912345678") == "••• 678"


def test_a_pin_is_four_to_six_digits_of_any_script():
    assert PinField().clean("١٢٣٤") == "1234"
    for typed in ("123", "1234567", "12a4"):
        with pytest.raises(ValidationError):
            PinField().clean(typed)
