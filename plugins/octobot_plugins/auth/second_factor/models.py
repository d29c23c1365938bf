"""What the operations on second factors take and return."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, SecretStr

from octobot_node.operations.models import Response
from octobot_plugins.auth.models import OneUser

__all__ = ["ConfirmCode", "Enrolment", "RecoveryCodes", "SecondFactorRow"]


class SecondFactorRow(Response):
    """Whether a user must show a second factor."""

    user: str
    enabled: bool
    confirmed_at: datetime | None = Field(description="Since when it is asked for.")
    recovery_codes_left: int


class Enrolment(Response):
    """What an authenticator needs, told this once; it is asked for once a code has confirmed that it has it."""

    secret: str = Field(description="In base 32, for typing.")
    address: str = Field(description="The `otpauth://` address, for a QR code.")


class RecoveryCodes(Response):
    """Recovery codes, each good once, told this once: those of before are worth nothing any more."""

    codes: list[str]


class ConfirmCode(OneUser):
    """A code that shows that an authenticator has the secret."""

    code: SecretStr
