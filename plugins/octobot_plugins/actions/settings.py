"""Settings of actions."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr

__all__ = ["OF_ACCOUNT", "ActionSettings"]

#: The route of the account that an action is asked on.
OF_ACCOUNT = "account"


class ActionSettings(BaseModel):
    """Where HTTP calls may go by name, so that no automation has their URLs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    targets: tuple[SecretStr, ...] = Field(
        default=(),
        description="URLs that automations call by name, NAME=URL each: they may hold tokens, and are shown nowhere.",
    )
    egress: str = Field(
        default=OF_ACCOUNT,
        pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$",
        description="The route by which HTTP calls leave, by its name; account: that of the account whose automation"
        " asks for it.",
    )
    only_targets: bool = Field(
        default=False, description="Refuse calls of URLs that an automation gives itself: only targets are called."
    )

    def target(self, name: str) -> str | None:
        """Return the URL of a target, or None."""
        pairs = (each.get_secret_value().partition("=") for each in self.targets)
        return next((url for known, _, url in pairs if known == name), None)
