"""What a user fills in."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from octobot_node.fields import ConfigModel, Interval, Symbol, either, form, hint

__all__ = ["BreakEven", "Drop", "Entry", "Existing", "Rise", "SmartTradeConfig", "TakeProfit", "Trailing"]

#: Keeps products of amounts, prices and percentages far inside Decimal's 28 digits.
_MOST = Decimal(1_000_000_000_000)
_HUNDRED = Decimal(100)


Price = Annotated[Decimal, Field(gt=0, le=_MOST)]
Amount = Annotated[Decimal, Field(gt=0, le=_MOST)]


class _Model(ConfigModel):
    def _is_exactly_one(self, *names: str) -> bool:
        return sum(getattr(self, name) is not None for name in names) == 1


class Entry(_Model):
    """When to buy; at once if nothing is given."""

    model_config = ConfigDict(
        json_schema_extra=form(either("Level", {"Above": ["above"], "Below": ["below"]}, required=False))
    )

    limit: Price | None = Field(
        default=None,
        title="Limit",
        description="Buy with a limit order at this price (quote). With above or below: once that level is reached.",
        examples=["41000"],
        json_schema_extra=hint(unit="quote", widget="price"),
    )
    above: Price | None = Field(
        default=None,
        title="Above",
        description="Wait until the price is at or above this level.",
        examples=["43000"],
        json_schema_extra=hint(unit="quote", widget="price"),
    )
    below: Price | None = Field(
        default=None,
        title="Below",
        description="Wait until the price is at or below this level.",
        examples=["40000"],
        json_schema_extra=hint(unit="quote", widget="price"),
    )
    expires: Interval | None = Field(
        default=None,
        title="Expires",
        description="Give up what is not bought this long after the trade was started, such as 4h or 2d.",
    )

    @model_validator(mode="after")
    def _one_level(self) -> Self:
        if self.above is not None and self.below is not None:
            raise ValueError("above and below are two levels to wait for: give one of them")
        if self.expires is not None and self.limit is None and self.level is None:
            raise ValueError("an entry at once does not expire: leave expires out, or give limit, above or below")
        return self

    @property
    def level(self) -> Decimal | None:
        """The price that is waited for, or None."""
        return self.below if self.above is None else self.above

    def reached(self, price: Decimal) -> bool:
        """Whether ``price`` is at or past the level, if there is one."""
        if self.above is not None:
            return price >= self.above
        return self.below is None or price <= self.below


class Existing(_Model):
    """Manage what the automation was given as its budget in base, instead of buying."""

    amount: Amount | None = Field(
        default=None,
        title="Amount",
        description="Base to manage; by default all of the budget's.",
        examples=["0.5"],
        json_schema_extra=hint(unit="base"),
    )
    price: Price | None = Field(
        default=None,
        title="Price",
        description="What it cost, in quote per base; by default the price when the trade starts.",
        examples=["38000"],
        json_schema_extra=hint(unit="quote", widget="price"),
    )


_PERCENT_OR_PRICE = form(either("Level", {"Percent": ["percent"], "Price": ["price"]}))


class Rise(_Model):
    """A level above the average entry."""

    model_config = ConfigDict(json_schema_extra=_PERCENT_OR_PRICE)

    percent: Decimal | None = Field(
        default=None,
        gt=0,
        le=10_000,
        title="Percent",
        description="Percent above the average entry.",
        examples=["2"],
        json_schema_extra=hint(unit="%", widget="percent"),
    )
    price: Price | None = Field(
        default=None,
        title="Price",
        description="A price in quote.",
        examples=["45000"],
        json_schema_extra=hint(unit="quote", widget="price"),
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if not self._is_exactly_one("percent", "price"):
            raise ValueError("a level is a percent or a price: give one of them")
        return self

    def at(self, average: Decimal) -> Decimal:
        """Return the level in quote for an average entry of ``average``."""
        return average * (1 + self.percent / 100) if self.percent is not None else self.price or average


class TakeProfit(Rise):
    """A limit order that sells a share of the position."""

    share: Decimal = Field(
        default=_HUNDRED,
        gt=0,
        le=100,
        title="Share",
        description="Percent of the whole position.",
        examples=["50"],
        json_schema_extra=hint(unit="%", widget="percent"),
    )


class Drop(_Model):
    """A level below the average entry."""

    model_config = ConfigDict(json_schema_extra=_PERCENT_OR_PRICE)

    percent: Decimal | None = Field(
        default=None,
        gt=0,
        lt=100,
        title="Percent",
        description="Percent below the average entry.",
        examples=["3"],
        json_schema_extra=hint(unit="%", widget="percent"),
    )
    price: Price | None = Field(
        default=None,
        title="Price",
        description="A price in quote.",
        examples=["39000"],
        json_schema_extra=hint(unit="quote", widget="price"),
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if not self._is_exactly_one("percent", "price"):
            raise ValueError("a stop-loss is a percent or a price: give one of them")
        return self

    def at(self, average: Decimal) -> Decimal:
        """Return the level in quote for an average entry of ``average``."""
        return average * (1 - self.percent / 100) if self.percent is not None else self.price or average


class Trailing(_Model):
    """A stop that follows the highest price."""

    percent: Decimal = Field(
        gt=0,
        lt=100,
        title="Percent",
        description="Percent below the highest price observed.",
        examples=["1.5"],
        json_schema_extra=hint(unit="%", widget="percent"),
    )
    activate_at: Rise | None = Field(
        default=None, title="Activate at", description="Follow from this level on; by default from the entry."
    )


class BreakEven(_Model):
    """When to move the stop to where selling returns what was paid, fees included."""

    model_config = ConfigDict(
        json_schema_extra=form(
            either("When", {"After a take-profit": ["after_take_profit"], "At a percentage": ["percent"]})
        )
    )

    after_take_profit: int | None = Field(
        default=None, ge=1, le=20, title="After take-profit", description="Once this many take-profits have filled."
    )
    percent: Decimal | None = Field(
        default=None,
        gt=0,
        le=10_000,
        title="Percent",
        description="Once the price is this many percent above the average entry.",
        examples=["1.5"],
        json_schema_extra=hint(unit="%", widget="percent"),
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if not self._is_exactly_one("after_take_profit", "percent"):
            raise ValueError("break_even is after_take_profit or percent: give one of them")
        return self


class SmartTradeConfig(_Model):
    """One trade: buy (or take over what is held), then sell by the rules given."""

    model_config = ConfigDict(
        json_schema_extra=form(
            either("Size", {"Money": ["spend"], "Amount": ["amount"], "What the budget holds": ["existing"]}),
            groups=["Size", "Entry", "Exit"],
        )
    )

    symbol: Symbol = Field(title="Symbol", description="What to buy, as BASE/QUOTE.", examples=["BTC/USD"])
    spend: Amount | None = Field(
        default=None,
        title="Spend",
        description="Quote to buy for, before fees.",
        examples=["1000"],
        json_schema_extra=hint(group="Size", unit="quote"),
    )
    amount: Amount | None = Field(
        default=None,
        title="Amount",
        description="Base to buy, before fees.",
        examples=["0.02"],
        json_schema_extra=hint(group="Size", unit="base"),
    )
    existing: Existing | None = Field(
        default=None,
        title="Existing",
        description="Instead of buying: manage base that the budget contains.",
        json_schema_extra=hint(group="Size"),
    )
    entry: Entry = Field(
        default=Entry(),
        title="When to buy",
        description="At what price to buy; at market and at once if nothing is given.",
        json_schema_extra=hint(group="Entry"),
    )
    take_profits: tuple[TakeProfit, ...] = Field(
        default=(),
        max_length=20,
        title="Take-profits",
        description="Limit orders to sell at, lowest first; their shares and the runner add up to 100 %.",
        json_schema_extra=hint(group="Exit"),
    )
    runner: Decimal = Field(
        default=Decimal(0),
        ge=0,
        lt=100,
        title="Runner",
        description="Percent of the position that no take-profit sells; stops or the time limit end it.",
        examples=["30"],
        json_schema_extra=hint(group="Exit", advanced=True, unit="%", widget="percent"),
    )
    stop_loss: Drop | None = Field(
        default=None,
        title="Stop-loss",
        description="Sell everything at market when the price is at or below this.",
        json_schema_extra=hint(group="Exit"),
    )
    trailing: Trailing | None = Field(
        default=None,
        title="Trailing stop",
        description="A stop that rises with the highest price, and never falls.",
        json_schema_extra=hint(group="Exit"),
    )
    break_even: BreakEven | None = Field(
        default=None,
        title="Break-even",
        description="When to move the stop to the average entry, fees included.",
        json_schema_extra=hint(group="Exit", advanced=True),
    )
    time_limit: Interval | None = Field(
        default=None,
        title="Time limit",
        description="Sell everything at market this long after the first fill.",
        json_schema_extra=hint(group="Exit", advanced=True),
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for problem in (self._size_problem(), self._exit_problem(), self._level_problem()):
            if problem:
                raise ValueError(problem)
        return self

    def _size_problem(self) -> str:
        if not self._is_exactly_one("spend", "amount", "existing"):
            return "give exactly one of spend, amount and existing"
        if self.existing is not None and self.entry != Entry():
            return "existing buys nothing: leave entry out"
        return ""

    def _exit_problem(self) -> str:
        ends = [self.stop_loss, self.trailing, self.time_limit]
        if not self.take_profits and ends == [None, None, None]:
            return "the trade would never end: give take_profits, stop_loss, trailing or time_limit"
        if self.runner and ends == [None, None, None]:
            return "nothing would end the runner: give stop_loss, trailing or time_limit"
        shares = sum((target.share for target in self.take_profits), self.runner)
        if self.take_profits and shares != _HUNDRED:
            runner = " and the runner" if self.runner else ""
            return f"the shares of take_profits{runner} add up to {shares:f} %: make it 100"
        if self.runner and not self.take_profits:
            return "without take_profits everything is a runner: leave runner out"
        after = self.break_even.after_take_profit if self.break_even else None
        if after is not None and after > len(self.take_profits):
            return f"break_even waits for take-profit {after}, and there are {len(self.take_profits)}: lower it"
        return ""

    def _level_problem(self) -> str:
        for name in ("percent", "price"):
            levels = [getattr(target, name) for target in self.take_profits]
            if any(a is not None and b is not None and a >= b for a, b in pairwise(levels)):
                return f"take_profits are written lowest first: the {name}s {', '.join(map(str, levels))} do not rise"
        known = self.entry.limit or self.entry.level or (self.existing.price if self.existing else None)
        return "" if known is None or self.existing else self.misplaced(known)

    def misplaced(self, price: Decimal) -> str:
        """Return which level makes no sense for a trade that begins at ``price``, or "" if all do."""
        if self.stop_loss is not None and self.stop_loss.at(price) >= price:
            return f"the stop-loss {self.stop_loss.at(price):f} is not below the entry at {price:f}"
        for target in self.take_profits:
            if target.at(price) <= price:
                return f"the take-profit {target.at(price):f} is not above the entry at {price:f}"
        return ""
