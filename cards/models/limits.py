"""How large anything on a card may be, and what a colour looks like."""

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

# One entry never moves more: it keeps every sum far inside 64 bits and a typing slip small.
MOST_POINTS = 1_000_000
MOST_MINOR = 10_000_000_000
MOST_DAYS = 36_500
colour_is_hex = RegexValidator(r"^#[0-9a-fA-F]{6}$", _("A colour such as #0f6e4f."))
