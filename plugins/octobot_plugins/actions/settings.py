"""Settings of actions."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr

__all__ = ["ActionSettings"]


class ActionSettings(BaseModel):
    """Where HTTP calls may go by name, so that no automation has their URLs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    targets: tuple[SecretStr, ...] = Field(
        default=(),
        description="URLs that automations call by name, NAME=URL each: they may hold tokens, and are shown nowhere.",
    )
    only_targets: bool = Field(
        default=False, description="Refuse calls of URLs that an automation gives itself: only targets are called."
    )

    def target(self, name: str) -> str | None:
        """Return the URL of a target, or None."""
        pairs = (each.get_secret_value().partition("=") for each in self.targets)
        return next((url for known, _, url in pairs if known == name), None)
