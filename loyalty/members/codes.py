"""Card codes, rotating codes and tokens: how they are made and how they are read.

Twin of static/js/codes.js and static/js/totp.js; both are tested against tests/vectors.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U.
CODE_LENGTH = 12
TOKEN_LENGTH = 26  # 130 random bits.
STEP_SECONDS = 30
STEPS_ASIDE = 1
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})


def _check_character(payload: str) -> str:
    total, factor = 0, 2
    for character in reversed(payload):
        addend = factor * ALPHABET.index(character)
        total += addend // 32 + addend % 32
        factor = 3 - factor
    return ALPHABET[-total % 32]


def new_card_code() -> str:
    """Return 55 random bits as eleven characters and one that catches typing errors."""
    payload = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH - 1))
    return payload + _check_character(payload)


def read_card_code(typed: str) -> str | None:
    """Return the card code that a person or a scanner typed, or None if it cannot be one.

    Spaces and dashes are left out, small letters count as capitals, O is 0, I and L are 1.
    """
    code = _folded(typed)
    if len(code) != CODE_LENGTH or any(character not in ALPHABET for character in code):
        return None
    return code if _check_character(code[:-1]) == code[-1] else None


def _folded(typed: str) -> str:
    plain = unicodedata.normalize("NFKC", typed)
    return re.sub(r"[\s-]", "", plain).upper().translate(_LOOKALIKES)


def new_referral_code() -> str:
    """Return a code that a member may tell friends: 40 random bits as eight characters."""
    return "".join(secrets.choice(ALPHABET) for _ in range(8))


def read_referral_code(typed: str) -> str:
    """Return the referral code that a person typed as it was made; empty for none."""
    return _folded(typed)


def new_check_in_code() -> str:
    """Return the code of a QR at a shop's door: 80 random bits as sixteen characters."""
    return "".join(secrets.choice(ALPHABET) for _ in range(16))


def new_key() -> str:
    """Return a new key for rotating codes: 160 random bits in hexadecimal."""
    return secrets.token_hex(20)


def step_at(moment: datetime) -> int:
    """Return the number of the 30-second step of a moment."""
    return int(moment.timestamp()) // STEP_SECONDS


def rotating_code(key: str, step: int) -> str:
    """Return the six digits of a step (RFC 6238, SHA-1)."""
    digest = hmac.new(bytes.fromhex(key), step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def matching_step(*, key: str, digits: str, at: datetime) -> int | None:
    """Return the step, now or one aside, whose code these digits are; None if none."""
    now = step_at(at)
    for step in (now, now - STEPS_ASIDE, now + STEPS_ASIDE):
        if hmac.compare_digest(rotating_code(key, step).encode(), digits.encode()):
            return step
    return None


def new_token() -> str:
    """Return 130 random bits as 26 characters, for a claim or a one-time link."""
    return "".join(secrets.choice(ALPHABET) for _ in range(TOKEN_LENGTH))


def read_token(typed: str) -> str | None:
    """Return the token as it was made, or None if it cannot be one."""
    token = _folded(typed)
    is_token = len(token) == TOKEN_LENGTH and all(character in ALPHABET for character in token)
    return token if is_token else None


def hashed(secret: str) -> str:
    """Return how a token is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class QrMatrix:
    """A QR symbol: rows of dark modules, without its margin."""

    rows: tuple[tuple[bool, ...], ...]

    def svg_path(self, margin: int = 4) -> str:
        """Return one path of horizontal runs, in module units, shifted by the margin."""
        parts: list[str] = []
        for y, row in enumerate(self.rows):
            x = 0
            while x < len(row):
                run = 0
                while x + run < len(row) and row[x + run]:
                    run += 1
                if run:
                    parts.append(f"M{x + margin} {y + margin}h{run}v1h-{run}z")
                x += run or 1
        return "".join(parts)

    def size(self, margin: int = 4) -> int:
        """Return the width in modules with the margin."""
        return len(self.rows) + 2 * margin
