"""Settings that a plugin owns."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

__all__ = ["PluginSettings"]


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """A plugin's settings model and where its values are written.

    ``section`` is the plugin's table in ``octobot-node.toml``; in the environment a field is
    ``OCTOBOT_SECTION_FIELD``. Fields of type ``SecretStr`` are masked wherever they are shown, and may be given as the
    path of a private file in ``OCTOBOT_SECTION_FIELD_FILE``. Every field needs a default: a node starts without any.
    """

    section: str
    model: type[BaseModel]
