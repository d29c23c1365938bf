"""Settings of users and their sessions."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr

__all__ = ["AdminSettings", "AuthSettings"]


class AdminSettings(BaseModel):
    """The first user."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    password: SecretStr | None = Field(
        default=None,
        description="Password of the user `admin` that the first start makes; not set: one is generated and kept in the"
        " file admin-password of the data folder until it is changed.",
    )


class AuthSettings(BaseModel):
    """Sessions and passwords; durations are in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    session_ttl: float = Field(default=604_800, ge=60, description="A browser's session ends after this, used or not.")
    session_idle: float = Field(default=43_200, ge=60, description="A session that nobody uses for this long ends.")
    keys_per_user: int = Field(default=100, ge=1, description="API keys that a user may have at once.")
    sessions_per_user: int = Field(default=50, ge=1, description="Sessions of a user; one more ends the oldest.")
    step_up: float = Field(
        default=600,
        ge=30,
        description="What is dangerous asks a session again for a code, or the password, after this.",
    )
    password_length: int = Field(default=12, ge=8, le=128, description="Characters that a password has at least.")
