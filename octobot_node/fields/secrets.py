"""A field of a config that points to a secret."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from octobot_node.text.patterns import told_as

__all__ = ["SecretRef"]

_NAME = told_as(
    "the name of a secret, as `octobot-node secrets list` has it",
    "^(?:[a-z][a-z0-9_]{0,31}:)?[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$",
)


class SecretRef(BaseModel):
    """Points to a secret by its name: ``{"secret": "kraken-key"}``, or ``{"secret": "vault:kraken/key"}`` in a store.

    Nothing of the secret itself is here, in the config, or in what evaluates it: what an action is given in this shape
    is looked up by whoever carries the action out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    secret: Annotated[str, Field(pattern=_NAME, max_length=160, description="The secret's name.")]
