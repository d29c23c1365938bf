"""Which exchange, and the keys of an account there."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from octobot_node.egress.addresses import says_private
from octobot_node.text.validation_messages import nearest
from octobot_plugins.ccxt.exchanges import record_of

__all__ = ["CcxtMarketSettings", "CcxtTradingSettings"]

_ID = re.compile(r"[a-z][a-z0-9]{1,31}")
_NOT_INSTALLED = "needs ccxt, which is not installed: pip install 'octobot-node[ccxt]'"


class CcxtMarketSettings(BaseModel):
    """Prices of one exchange."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    exchange: str = Field(
        description="The exchange, as ccxt calls it.", examples=["binance", "kraken", "okx"], max_length=32
    )
    sandbox: bool = Field(
        default=False,
        description="Its test network, which has other prices and other keys; not every exchange has one.",
    )
    base_url: str = Field(
        default="",
        max_length=500,
        description="Another address in the place of the exchange's own, such as http://127.0.0.1:9001 for an emulator;"
        " paths stay as they are. A private address needs OCTOBOT_EGRESS_ALLOW_PRIVATE=true.",
    )

    streams: bool | None = Field(
        default=None,
        description="Whether its websockets are listened to, beside asking: fills are known at once, and prices in use"
        " take no requests. By default where that was tried, at Binance.",
    )

    @field_validator("exchange")
    @classmethod
    def _is_known(cls, value: str) -> str:
        known = _exchanges()
        if not known:
            raise ValueError(_NOT_INSTALLED)
        if not _ID.fullmatch(value) or value not in known:
            raise ValueError(f"is no exchange of ccxt: {nearest(value, sorted(known))}")
        return value

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or "@" in value:
            raise ValueError("is not an address such as https://api.example.com")
        if parts.scheme == "http" and not says_private(parts.hostname):
            raise ValueError("must begin with https:// unless it is on this machine or a private network")
        return value.rstrip("/")

    @property
    def listens(self) -> bool:
        """Whether streams are listened to."""
        return record_of(self.exchange).streams if self.streams is None else self.streams

    @model_validator(mode="after")
    def _has_a_sandbox(self) -> Self:
        record = record_of(self.exchange)
        if self.sandbox and record.vouched and not record.sandbox:
            raise ValueError(f"sandbox: {record.title} has no test network that ccxt knows")
        return self


class CcxtTradingSettings(CcxtMarketSettings):
    """One account on one exchange."""

    api_key: SecretStr = Field(
        description="The API key; of Hyperliquid the wallet's address. It should trade and read, never withdraw."
    )
    secret: SecretStr = Field(
        description="The key's secret; of Hyperliquid the private key of an agent wallet, which cannot withdraw."
    )
    password: SecretStr = Field(
        default=SecretStr(""), description="The key's passphrase, where the exchange has one: OKX, KuCoin, Bitget."
    )
    allow_withdrawals: bool = Field(
        default=False, description="Whether a key that may withdraw passes the check of the account all the same."
    )
    visibility_lag: float | None = Field(
        default=None,
        ge=0,
        le=600,
        description="How long (s) after acceptance an order may be missing from look-ups; by default what is known of"
        " the exchange. Longer is safer where it is slow.",
    )

    @model_validator(mode="after")
    def _has_what_its_exchange_wants(self) -> Self:
        record = record_of(self.exchange)
        if record.needs_password and not self.password.get_secret_value():
            raise ValueError(f"password: {record.title} gives each key a passphrase: it is missing")
        return self


@cache
def _exchanges() -> frozenset[str]:
    """Return the exchanges of the installed ccxt by the names of its files: importing it takes a second."""
    found = find_spec("ccxt")
    places = [] if found is None else list(found.submodule_search_locations or [])
    # Not by the files of a folder: the image has it packed in an archive.
    modules = iter_modules([f"{place}/async_support" for place in places])
    return frozenset(module.name for module in modules if not module.ispkg)
