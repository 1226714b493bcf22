"""Card numbers: how a series writes them, and which slips its check digit finds."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loyalty.rules import numbers

NUMBER_TABLE = [
    # prefix, number, width, check digit, card number
    ("", 1, 6, False, "000001"),
    ("HB-", 42, 5, False, "HB-00042"),
    ("", 999, 3, False, "999"),
    # Published examples of Luhn's digit.
    ("", 7992739871, 10, True, "79927398713"),
    ("4", 11111111111111, 14, True, "4111111111111111"),
    # Letters count as on securities: US0378331005, GB0002634946.
    ("US", 37833100, 9, True, "US0378331005"),
    ("GB", 263494, 9, True, "GB0002634946"),
    # Signs do not count.
    ("U-S ", 37833100, 9, True, "U-S 0378331005"),
]


@pytest.mark.req("IV3.3")
@pytest.mark.parametrize(("prefix", "number", "width", "has_check", "text"), NUMBER_TABLE)
def test_a_series_writes_its_numbers(prefix, number, width, has_check, text):
    found = numbers.card_number(
        prefix=prefix, number=number, width=width, has_check_digit=has_check
    )

    assert found == text
    assert numbers.is_valid(text=text, prefix=prefix, width=width, has_check_digit=has_check)


@pytest.mark.req("IV3.3")
def test_a_series_that_is_used_up_gives_no_longer_numbers():
    with pytest.raises(numbers.SeriesExhaustedError) as refused:
        numbers.card_number(prefix="HB", number=1000, width=3, has_check_digit=True)

    assert (refused.value.number, refused.value.width) == (1000, 3)


TYPED_TABLE = [
    # typed, is it a number of the series US with nine digits and a check digit
    ("US0378331005", True),
    ("US0378331004", False),
    ("US0378330105", False),
    ("GB0378331005", False),
    ("0378331005", False),
    ("US037833100", False),
    ("US03783310055", False),
    ("US037833100X", False),
    ("US٠378331005", False),
    ("us0378331005", False),
    ("", False),
]


@pytest.mark.req("IV3.3")
@pytest.mark.parametrize(("typed", "expected"), TYPED_TABLE)
def test_a_typed_number_is_held_against_its_series(typed, expected):
    found = numbers.is_valid(text=typed, prefix="US", width=9, has_check_digit=True)

    assert found == expected


PLAIN_TABLE = [
    # typed, is it a number of the series HB with five digits and no check digit
    ("HB00042", True),
    ("GB00042", False),
    ("00042", False),
    ("HB0042", False),
    ("HB000042", False),
    ("HB0004X", False),
    ("HB٠٠٠٤٢", False),
]


@pytest.mark.req("IV3.3")
@pytest.mark.parametrize(("typed", "expected"), PLAIN_TABLE)
def test_a_series_without_a_check_digit_is_known_by_its_form(typed, expected):
    found = numbers.is_valid(text=typed, prefix="HB", width=5, has_check_digit=False)

    assert found == expected


running = st.integers(0, 999_999_999)
prefixes = st.text("ABCXYZ0189-", max_size=4)


@pytest.mark.req("IV3.3")
@given(prefixes, running, st.integers(0, 9), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_found(prefix, number, place, digit):
    text = numbers.card_number(prefix=prefix, number=number, width=9, has_check_digit=True)
    at = len(prefix) + place
    assume(text[at] != digit)

    typed = f"{text[:at]}{digit}{text[at + 1 :]}"

    assert not numbers.is_valid(text=typed, prefix=prefix, width=9, has_check_digit=True)


@pytest.mark.req("IV3.3")
@given(prefixes, running, st.integers(0, 8))
def test_two_neighbours_that_change_places_are_found_save_nought_and_nine(prefix, number, place):
    text = numbers.card_number(prefix=prefix, number=number, width=9, has_check_digit=True)
    at = len(prefix) + place
    pair = text[at : at + 2]
    assume(pair[0] != pair[1] and set(pair) != {"0", "9"})

    typed = f"{text[:at]}{pair[::-1]}{text[at + 2 :]}"

    assert not numbers.is_valid(text=typed, prefix=prefix, width=9, has_check_digit=True)
