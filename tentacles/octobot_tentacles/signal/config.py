"""What a user fills in."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from octobot_node.fields import Duration, Symbol, either, form, hint, told_as

__all__ = ["SIDES", "Fields", "SignalConfig"]

#: Keeps products of amounts, prices and percents far inside Decimal's 28 digits.
_MOST = Decimal(1_000_000_000_000)
_PATH = told_as("a name of a field: write no space, and | between several", r"^[^\s|]+(\|[^\s|]+)*$")
#: What is understood without being configured; "short" is not among them, for on a spot market it cannot be followed.
SIDES: dict[str, Literal["buy", "sell"]] = {
    "buy": "buy",
    "long": "buy",
    "sell": "sell",
    "exit": "sell",
    "close": "sell",
    "flat": "sell",
}


Amount = Annotated[Decimal, Field(gt=0, le=_MOST)]
Percent = Annotated[Decimal, Field(gt=0, le=100)]


def _path(default: str, title: str, description: str) -> Any:
    return Field(default=default, title=title, pattern=_PATH, max_length=256, description=description)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fields(_Model):
    """Where in a JSON payload each thing is: a name, a dotted path, or several with ``|``, the first that is there."""

    side: str = _path("side|action", "Side", "What to do: buy or sell, or a word of `sides`.")
    amount: str = _path("amount", "Amount", "How much, in base.")
    spend: str = _path("spend", "Spend", "How much a buy spends, in quote.")
    percent: str = _path("percent", "Percent", "How much, in percent of the free quote (buy) or the position (sell).")
    price: str = _path("price", "Price", "The price of a limit order.")
    symbol: str = _path("symbol|ticker", "Symbol", "What to trade.")
    tag: str = _path("tag|id", "Tag", "The sender's own word, kept on the order.")


class SignalConfig(_Model):
    """Trade what arriving signals say."""

    model_config = ConfigDict(
        json_schema_extra=form(
            either(
                "Size", {"Amount": ["amount"], "Money": ["spend"], "Part of the money": ["percent"]}, required=False
            ),
            groups=["Markets", "Size", "Orders", "Care", "Payload"],
        )
    )

    symbol: Symbol = Field(
        title="Symbol",
        description="What to trade if the signal does not say, as BASE/QUOTE.",
        examples=["BTC/USD"],
        json_schema_extra=hint(group="Markets"),
    )
    symbols: tuple[Symbol, ...] = Field(
        default=(),
        title="More symbols",
        max_length=50,
        description="What else signals may trade.",
        json_schema_extra=hint(group="Markets"),
    )
    fields: Fields = Field(
        default=Fields(),
        title="Payload fields",
        description="Where in a JSON payload each thing is, if not where one expects.",
        json_schema_extra=hint(group="Payload", advanced=True),
    )
    sides: dict[Annotated[str, Field(min_length=1, max_length=64)], Literal["buy", "sell"]] = Field(
        default_factory=dict,
        title="Sides",
        description="More words for buy and sell, such as `{short: sell}`.",
        examples=[{"short": "sell"}],
        json_schema_extra=hint(group="Payload", advanced=True),
    )
    order: Literal["market", "limit"] = Field(
        default="market",
        title="Order",
        description="`limit` orders go at the signal's price, at the last price if it has none; `market` ignores it.",
        json_schema_extra=hint(
            group="Orders", labels={"market": "At the market's price", "limit": "At the signal's price"}
        ),
    )
    expires: Duration | None = Field(
        default=None,
        title="Expires",
        description="Cancel a limit order that has not filled after this time.",
        json_schema_extra=hint(group="Orders", advanced=True),
    )
    amount: Amount | None = Field(
        default=None,
        title="Amount",
        description="Base to buy when the signal does not say how much.",
        json_schema_extra=hint(group="Size", unit="base"),
    )
    spend: Amount | None = Field(
        default=None,
        title="Spend",
        description="Quote to spend when the signal does not say how much.",
        examples=["100"],
        json_schema_extra=hint(group="Size", unit="quote"),
    )
    percent: Percent | None = Field(
        default=None,
        title="Percent",
        description="Percent of the free quote to spend when the signal does not say.",
        json_schema_extra=hint(group="Size", unit="%", widget="percent"),
    )
    sell_percent: Percent = Field(
        default=Decimal(100),
        title="Sell percent",
        description="Percent of the position to sell when the signal does not say how much.",
        json_schema_extra=hint(group="Size", advanced=True, unit="%", widget="percent"),
    )
    one_position: bool = Field(
        default=False,
        title="One position",
        description="Ignore a buy while something is held or being bought; any sell cancels buys and sells everything.",
        json_schema_extra=hint(group="Care"),
    )
    cooldown: Duration | None = Field(
        default=None,
        title="Cool-down",
        description="Ignore buys of a symbol for this time after a buy of it.",
        json_schema_extra=hint(group="Care"),
    )
    max_age: Duration | None = Field(
        default=None,
        title="Maximum age",
        description="Do not trade a signal that is older than this.",
        json_schema_extra=hint(group="Care"),
    )

    @field_validator("sides")
    @classmethod
    def _lower(cls, value: dict[str, Any]) -> dict[str, Any]:
        return {word.strip().lower(): side for word, side in value.items()}

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        given = [name for name in ("amount", "spend", "percent") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are several sizes of a buy: give one of them")
        if self.expires is not None and self.order == "market":
            raise ValueError("expires is for limit orders: set order to limit, or leave it out")
        plain = [plain_symbol(symbol) for symbol in self.all_symbols]
        if len(set(plain)) < len(plain):
            raise ValueError(f"two of the symbols {', '.join(self.all_symbols)} are written alike: leave one out")
        return self

    @property
    def all_symbols(self) -> tuple[str, ...]:
        """Every symbol that may be traded, the default first."""
        return (self.symbol, *self.symbols)

    def side_of(self, word: str) -> Literal["buy", "sell"] | None:
        """Return what a word says to do, or None."""
        return {**SIDES, **self.sides}.get(word.strip().lower())

    def symbol_of(self, text: str) -> str | None:
        """Return the allowed symbol that ``text`` means, such as BTCUSD or EXCHANGE:BTCUSD, or None."""
        wanted = plain_symbol(text.rpartition(":")[2])
        return next((symbol for symbol in self.all_symbols if plain_symbol(symbol) == wanted), None)


def plain_symbol(text: str) -> str:
    """Return a symbol without what senders write differently."""
    return "".join(letter for letter in text.upper() if letter.isalnum())
