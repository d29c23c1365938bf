"""Codes: six digits of an authenticator, each for 30 seconds, and recovery codes, each good once."""

from __future__ import annotations

import base64
import secrets
from hmac import compare_digest

import pyotp

__all__ = ["RECOVERY_CODES", "address", "new_recovery_codes", "new_secret", "plain", "step_of"]

#: What every authenticator takes: SHA-1, six digits, thirty seconds.
_STEP_MS = 30_000
#: Steps by which the two clocks may differ, in each direction.
_DRIFT = 1
_DIGITS = 6
RECOVERY_CODES = 10


def new_secret() -> str:
    """Return 160 random bits in base 32, as RFC 4226 recommends."""
    return pyotp.random_base32(32)


def address(secret: str, user: str) -> str:
    """Return the ``otpauth://`` address that authenticators read, mostly as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=user, issuer_name="OctoBot Node")


def step_of(secret: str, code: str, now: int, after: int) -> int | None:
    """Return the time step of which a code is, None for a wrong one, or one of ``after`` or before: it was used."""
    given, current, found = plain(code), now // _STEP_MS, None
    if len(given) != _DIGITS or not given.isdecimal() or not given.isascii():
        return None
    for step in range(current - _DRIFT, current + _DRIFT + 1):
        # All are compared, so that the time it takes tells nothing.
        if compare_digest(pyotp.TOTP(secret).generate_otp(step), given) and step > after:
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Return codes of 80 random bits each, in groups that a person can copy."""
    return [_grouped(base64.b32encode(secrets.token_bytes(10)).decode().lower()) for _ in range(RECOVERY_CODES)]


def plain(code: str) -> str:
    """Return a code without what a person put between its characters."""
    return "".join(code.split()).replace("-", "").lower()


def _grouped(text: str) -> str:
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))
