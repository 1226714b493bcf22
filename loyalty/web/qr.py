"""QR symbols: the addresses in them, and their modules."""

from functools import lru_cache
from typing import Literal

import qrcode
from django.conf import settings
from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.util import QRData

from loyalty.members.codes import QrMatrix

# Trying all eight masks takes most of the time; any mask is readable.
MASK = 0
ALPHANUMERIC: Literal[2] = 2


def card_address(code: str, digits: str = "") -> str:
    """Return the address in a member's QR, in capitals so that the symbol stays small."""
    tail = f"/{digits}" if digits else ""
    return f"{settings.SITE_URL}/C/{code}{tail}".upper()


def claim_address(token: str) -> str:
    """Return the address in a claim's QR."""
    return f"{settings.SITE_URL}/R/{token}".upper()


@lru_cache(maxsize=512)
def matrix(text: str) -> QrMatrix:
    """Return the modules of a text at level Q if that adds no size or stays at 29, else at M.

    Text of capitals, digits and the signs of an address is packed more tightly.
    """
    smallest: QrMatrix | None = None
    for level in (ERROR_CORRECT_M, ERROR_CORRECT_Q):
        code = qrcode.QRCode(error_correction=level, border=0, mask_pattern=MASK)
        is_plain = set(text) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
        code.add_data(QRData(text, mode=ALPHANUMERIC) if is_plain else text)
        code.make(fit=True)
        found = QrMatrix(rows=tuple(tuple(bool(dot) for dot in row) for row in code.get_matrix()))
        if smallest is not None and len(found.rows) > max(len(smallest.rows), 29):
            break
        smallest = found
    assert smallest  # noqa: S101 - level M always fits what we make
    return smallest
