"""What is meant by words typed to find a customer."""

from collections.abc import Sequence

from django.db.models import Q

from loyalty.members import codes
from loyalty.web.fields import ascii_digits, phone_number

MOST_WORDS = 6
LEAST_DIGITS = 4


def matching(text: str, countries: Sequence[str]) -> Q:
    """Return what a search means: names in any order, phone in any writing, e-mail, number, code.

    CU6.
    """
    by_name = Q()
    for word in text.split()[:MOST_WORDS]:
        by_name &= Q(member__first_name__icontains=word) | Q(member__last_name__icontains=word)
    found = by_name | Q(number__iexact=text) | Q(member__code__iexact=text)
    if "@" in text:
        found |= Q(member__email__icontains=text)
    if code := codes.read_card_code(text):
        found |= Q(code=code)
    digits = "".join(part for part in ascii_digits(text) if part.isdecimal())
    if len(digits) >= LEAST_DIGITS:
        found |= Q(number__contains=digits) | Q(member__phone__contains=digits)
        phones = {phone_number(text, country) for country in countries}
        found |= Q(member__phone__in=[phone for phone in phones if phone])
    return found
