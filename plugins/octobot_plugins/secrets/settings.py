"""Settings of a vault."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

__all__ = ["VaultSettings"]

_PATH = r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$"


class VaultSettings(BaseModel):
    """A vault with HashiCorp's API, such as OpenBao: transit keeps the master key, KV 2 has secrets by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(default="", description="Where the vault is, such as https://vault.example:8200.")
    token: SecretStr = Field(
        default=SecretStr(""),
        description="The token that the node shows it; it needs encrypt, decrypt and reading the key in the transit"
        " engine, rotating it for `secrets rotate-key`, and reading of the KV engine.",
    )
    namespace: str = Field(default="", description="A namespace, where the vault has them.")
    transit: str = Field(default="transit", pattern=_PATH, description="Where its transit engine is mounted.")
    key: str = Field(default="octobot-node", pattern=r"^[A-Za-z0-9._-]{1,64}$", description="The transit key's name.")
    kv: str = Field(default="secret", pattern=_PATH, description="Where its KV engine, version 2, is mounted.")
    prefix: str = Field(
        default="octobot-node",
        pattern=_PATH,
        description="The path below which secrets are: {prefix}/{owner}/{name}, in the field `value`.",
    )
    egress: str = Field(
        default="direct", pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$", description="The route by which it is asked."
    )
    timeout: float = Field(default=5.0, gt=0, le=30, description="How long it may take to answer, in seconds.")

    @field_validator("url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if value and value.partition("://")[0] not in ("http", "https"):
            raise ValueError("begins with http:// or https://")
        if "@" in value:
            raise ValueError("takes no user or password: OCTOBOT_VAULT_TOKEN_FILE has what it is shown")
        return value.rstrip("/")
