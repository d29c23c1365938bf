"""Each automation's money: balances that are free or reserved, positions, and immutable postings.

Every amount is exact. The one division, the cost of what a sale takes out of a position, is rounded, and what it
leaves is computed by subtraction, so that final equity = start + realised + unrealised PnL holds to the last digit,
for each asset that positions are counted in.

A quote that is itself a position's base (BTC in ETH/BTC, beside BTC/USD) leaves and enters that position with every
trade. What it had cost goes along: the ether *carries* the dollars until it is sold. So no price of the moment is
needed, and nothing is realised in dollars before dollars are got.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, localcontext
from typing import Any

import sqlalchemy as sa

from octobot_node.contracts.exchanges import ExchangeTrade
from octobot_node.ids import new_id
from octobot_node.quote_assets import base_of, paid_from, quote_of
from octobot_node.store.sql.bulk_statements import insert_many, update_many
from octobot_node.store.standings.standing_changes import note_changed
from octobot_node.store.tables import balances, positions, postings, results

__all__ = ["Book", "Funds", "Held", "Owner", "exact", "load_book", "rounded"]

ZERO = Decimal(0)
#: The cost of what is sold is rounded to this; far below any quote asset's smallest unit.
_COST_STEP = Decimal("1e-18")
#: Sums and products of prices and amounts fit; a result that would not raises instead of losing a digit.
_EXACT = Context(prec=60, traps=[Inexact])
_ROUNDED = Context(prec=60, rounding=ROUND_HALF_EVEN)


def exact() -> Any:
    """Return a context manager in which arithmetic on Decimals is exact or raises."""
    return localcontext(_EXACT)


def rounded() -> Context:
    """Return the context for the divisions that cannot be exact; 60 digits, half even."""
    return _ROUNDED


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose money it is."""

    automation_id: str
    owner: str
    account_id: str
    shard: int = 0


@dataclass(slots=True)
class Funds:
    """One asset of one automation."""

    free: Decimal = ZERO
    reserved: Decimal = ZERO
    #: Sums of what was ever given of it, and paid in fees; of those the fees for trades that it was no part of.
    budget: Decimal = ZERO
    fees: Decimal = ZERO
    fees_beside: Decimal = ZERO


@dataclass(slots=True)
class Held:
    """One symbol's position of one automation; see ``positions`` for what each amount means."""

    amount: Decimal = ZERO
    cost: Decimal = ZERO
    realised: Decimal = ZERO
    invested: Decimal = ZERO
    fees: Decimal = ZERO
    opening_cost: Decimal = ZERO
    fills: int = 0
    #: What the quote had cost where it was bought with another asset, in that asset; and that of the opening cost.
    carried: Decimal = ZERO
    opening_carried: Decimal = ZERO


@dataclass(slots=True)
class Result:
    """What an automation came to of an asset in a day."""

    realised: Decimal = ZERO
    fees: Decimal = ZERO
    fills: int = 0


Key = tuple[str, str]
_DAY_MS = 86_400_000


@dataclass(slots=True)
class Book:
    """The balances and positions of some automations, loaded under their lock, changed here, written once."""

    funds: dict[Key, Funds] = field(default_factory=dict)
    held: dict[Key, Held] = field(default_factory=dict)
    _owners: dict[str, Owner] = field(default_factory=dict)
    _known_funds: set[Key] = field(default_factory=set)
    _known_held: set[Key] = field(default_factory=set)
    _dirty_funds: set[Key] = field(default_factory=set)
    _dirty_held: set[Key] = field(default_factory=set)
    _postings: list[dict[str, Any]] = field(default_factory=list)
    #: (automation, day, asset) -> what is to be added to that day's result.
    _results: dict[tuple[str, int, str], Result] = field(default_factory=dict)

    def asset(self, owner: Owner, asset: str) -> Funds:
        """Return an asset's funds to change."""
        key = (owner.automation_id, asset)
        self._owners[owner.automation_id] = owner
        self._dirty_funds.add(key)
        return self.funds.setdefault(key, Funds())

    def position(self, owner: Owner, symbol: str) -> Held:
        """Return a symbol's position to change."""
        key = (owner.automation_id, symbol)
        self._owners[owner.automation_id] = owner
        self._dirty_held.add(key)
        return self.held.setdefault(key, Held())

    def symbols(self, owner: Owner) -> list[str]:
        """Return the symbols that there are positions of, empty ones too."""
        return [symbol for automation, symbol in self.held if automation == owner.automation_id]

    def free(self, automation_id: str, asset: str) -> Decimal:
        """Return what is free of an asset."""
        funds = self.funds.get((automation_id, asset))
        return ZERO if funds is None else funds.free

    def reserve(self, owner: Owner, asset: str, amount: Decimal) -> None:
        """Move ``amount`` from free to reserved."""
        funds = self.asset(owner, asset)
        with exact():
            funds.free -= amount
            funds.reserved += amount

    def release(self, owner: Owner, asset: str, amount: Decimal) -> None:
        """Move ``amount`` back from reserved to free."""
        self.reserve(owner, asset, -amount)

    def deposit(self, owner: Owner, asset: str, amount: Decimal, at: int) -> None:
        """Add budget."""
        with exact():
            self.asset(owner, asset).budget += amount
        self._move(owner, asset, amount, "budget", None, at)

    def settle(
        self,
        owner: Owner,
        base: str,
        quote: str,
        trade: ExchangeTrade,
        reserved: Decimal,
        fill_id: str,
        now: int | None = None,
    ) -> Any:
        """Book a trade, in the result of the day ``now``; return (what is left of the order's ``reserved`` funds,
        realised PnL).

        A buy's cost basis includes a fee in quote; a fee in base lowers what is received. A sale realises its
        proceeds, less a fee in quote, less the average cost of what left the position.
        """
        paid_asset, got_asset = (quote, base) if trade.side == "buy" else (base, quote)
        paid, got = (trade.cost, trade.amount) if trade.side == "buy" else (trade.amount, trade.cost)
        with exact():
            left = self._pay(owner, paid_asset, paid + (trade.fee if trade.fee_asset == paid_asset else ZERO), reserved)
            self._post(owner, paid_asset, -paid, "trade", fill_id, trade.at)
            funds = self.asset(owner, got_asset)
            funds.free += got
            self._post(owner, got_asset, got, "trade", fill_id, trade.at)
            self._post(owner, trade.fee_asset, -trade.fee, "fee", fill_id, trade.at)
            if trade.fee_asset != paid_asset:
                self.asset(owner, trade.fee_asset).free -= trade.fee
            before = {symbol: self.held[owner.automation_id, symbol].realised for symbol in self.symbols(owner)}
            realised = self._move_positions(owner, base, quote, trade)
            beside = trade.fee if trade.fee_asset not in (base, quote) else ZERO
            if beside:
                self._lose(owner, trade.fee_asset, trade.fee)
            paid_fee = self.asset(owner, trade.fee_asset)
            paid_fee.fees += trade.fee
            paid_fee.fees_beside += beside
            self._count(owner, trade, beside, before, trade.at if now is None else now)
        return left, realised

    def _count(
        self, owner: Owner, trade: ExchangeTrade, beside: Decimal, before: Mapping[str, Decimal], now: int
    ) -> None:
        """Add what a trade realised, and its fee, to the results of a day."""
        day = now // _DAY_MS * _DAY_MS
        self._result(owner, day, quote_of(trade.symbol)).fills += 1
        for symbol in self.symbols(owner):
            realised = self.held[owner.automation_id, symbol].realised - before.get(symbol, ZERO)
            if realised:
                self._result(owner, day, quote_of(symbol)).realised += realised
        if trade.fee:
            of_fee = self._result(owner, day, trade.fee_asset)
            of_fee.fees += trade.fee
            of_fee.realised -= beside

    def _result(self, owner: Owner, day: int, asset: str) -> Result:
        self._owners[owner.automation_id] = owner
        return self._results.setdefault((owner.automation_id, day, asset), Result())

    def _move_positions(self, owner: Owner, base: str, quote: str, trade: ExchangeTrade) -> Decimal:
        """Move the symbol's position and, where the quote is held as a position, that one; return the realised PnL."""
        held = self.position(owner, trade.symbol)
        fee_base = trade.fee if trade.fee_asset == base else ZERO
        fee_quote = trade.fee if trade.fee_asset == quote else ZERO
        payer = self._payer(owner, trade.symbol)
        held.fills += 1
        held.fees += fee_quote + fee_base * trade.price
        if trade.side == "buy":
            held.amount += trade.amount - fee_base
            held.cost += trade.cost + fee_quote
            held.invested += trade.cost + fee_quote
            if payer is not None:
                # What is not in the position was never bought: it carries nothing.
                held.carried += _take(payer, min(trade.cost + fee_quote, max(payer.amount, ZERO)))[0]
            return ZERO
        gone = trade.amount + fee_base
        if gone > held.amount:
            gone -= self._lose(owner, base, gone - max(held.amount, ZERO), besides=trade.symbol)
        cost, carried = _take(held, gone, trade.price)
        realised = trade.cost - fee_quote - cost
        held.realised += realised
        if payer is not None:
            payer.amount += trade.cost - fee_quote
            payer.cost += carried
        return realised

    def _payer(self, owner: Owner, symbol: str) -> Held | None:
        """Return the position that a symbol's quote is taken from and put into, if there is one."""
        found = paid_from(symbol, self.symbols(owner))
        return None if found is None else self.position(owner, found)

    def _lose(self, owner: Owner, asset: str, amount: Decimal, besides: str = "") -> Decimal:
        """Take an asset out of the positions in it, without proceeds in their quotes; return how much they had.

        So a fee in an asset that is held is booked, and what is sold in another symbol than it was bought in: the one's
        money is spent, the other one's earned, and neither is counted in the other's asset.
        """
        wanted = amount
        for symbol in sorted(symbol for symbol in self.symbols(owner) if base_of(symbol) == asset):
            taken = min(wanted, self.held[owner.automation_id, symbol].amount)
            if symbol == besides or taken <= 0:
                continue
            held, payer = self.position(owner, symbol), self._payer(owner, symbol)
            cost, carried = _take(held, taken)
            held.realised -= cost
            if payer is not None:
                payer.realised -= carried
            wanted -= taken
        return amount - wanted

    def _pay(self, owner: Owner, asset: str, amount: Decimal, reserved: Decimal) -> Decimal:
        funds = self.asset(owner, asset)
        used = min(reserved, amount)
        funds.reserved -= used
        # More than was reserved really went; free may fall below zero, and then says so.
        funds.free -= amount - used
        return reserved - used

    def _move(self, owner: Owner, asset: str, amount: Decimal, kind: str, fill_id: str | None, at: int) -> None:
        with exact():
            self.asset(owner, asset).free += amount
        self._post(owner, asset, amount, kind, fill_id, at)

    def _post(self, owner: Owner, asset: str, amount: Decimal, kind: str, fill_id: str | None, at: int) -> None:
        if amount:
            self._postings.append(
                {
                    "id": new_id(),
                    **_owned(owner),
                    "kind": kind,
                    "asset": asset,
                    "amount": amount,
                    "fill_id": fill_id,
                    "at": at,
                }
            )

    def write(self, connection: sa.Connection) -> None:
        """Write what changed."""
        self._write(connection, balances, "asset", self._dirty_funds, self._known_funds, self.funds)
        self._write(connection, positions, "symbol", self._dirty_held, self._known_held, self.held)
        if self._postings:
            insert_many(connection, postings, self._postings)
        self._write_results(connection)
        # What is reserved or free again changes nothing of what lists and sums tell.
        note_changed(
            connection, {key[0] for key in self._dirty_held} | {row["automation_id"] for row in self._postings}
        )
        self._dirty_funds.clear()
        self._dirty_held.clear()
        self._postings.clear()
        self._results.clear()

    def _write_results(self, connection: sa.Connection) -> None:
        if not self._results:
            return
        wanted = {"ids": sorted({key[0] for key in self._results}), "days": sorted({key[1] for key in self._results})}
        known = {(row.automation_id, row.day, row.asset): row for row in connection.execute(_RESULTS, wanted)}
        new, changed = [], []
        for key, result in sorted(self._results.items()):
            found = {"automation_id": key[0], "day": key[1], "asset": key[2], **_amounts(result)}
            if key in known:
                with exact():
                    found |= {name: found[name] + getattr(known[key], name) for name in ("realised", "fees", "fills")}
                changed.append(found)
            else:
                new.append({**_owned(self._owners[key[0]]), **found})
        insert_many(connection, results, new)
        update_many(connection, results, ("automation_id", "day", "asset"), changed)

    def _write(
        self,
        connection: sa.Connection,
        table: sa.Table,
        name: str,
        dirty: set[Key],
        known: set[Key],
        rows: Mapping[Key, Any],
    ) -> None:
        old, new = sorted(dirty & known), sorted(dirty - known)
        if new:
            values = [{**_owned(self._owners[key[0]]), name: key[1], **_amounts(rows[key])} for key in new]
            insert_many(connection, table, values)
            known.update(new)
        changes = [{"automation_id": key[0], name: key[1], **_amounts(rows[key])} for key in old]
        update_many(connection, table, ("automation_id", name), changes)


_IDS: sa.BindParameter[str] = sa.bindparam("ids", expanding=True)
_BALANCES = sa.select(balances).where(balances.c.automation_id.in_(_IDS))
_POSITIONS = sa.select(positions).where(positions.c.automation_id.in_(_IDS))
_RESULTS = sa.select(results).where(
    results.c.automation_id.in_(_IDS), results.c.day.in_(sa.bindparam("days", expanding=True))
)


def load_book(connection: sa.Connection, automation_ids: Collection[str]) -> Book:
    """Load the balances and positions of automations, whose schedule rows the caller has locked."""
    book = Book()
    if not automation_ids:
        return book
    ids = {"ids": list(automation_ids)}
    for row in connection.execute(_BALANCES, ids).all():
        book.funds[row.automation_id, row.asset] = Funds(row.free, row.reserved, row.budget, row.fees, row.fees_beside)
    for row in connection.execute(_POSITIONS, ids).all():
        book.held[row.automation_id, row.symbol] = Held(
            row.amount, row.cost, row.realised, row.invested, row.fees, row.opening_cost, row.fills, row.carried,
            row.opening_carried,
        )  # fmt: skip
    book._known_funds.update(book.funds)  # noqa: SLF001 - its own loader
    book._known_held.update(book.held)  # noqa: SLF001 - the same
    return book


def _take(held: Held, gone: Decimal, price: Decimal = ZERO) -> tuple[Decimal, Decimal]:
    """Take ``gone`` out of a position; return what it had cost, and what of that it carried."""
    if not gone:
        return ZERO, ZERO
    cost, carried = _cost_of(held, gone, price), _share(held.carried, gone, held.amount)
    held.amount -= gone
    held.cost -= cost
    held.carried -= carried
    return cost, carried


def _cost_of(held: Held, gone: Decimal, price: Decimal) -> Decimal:
    if gone > held.amount:
        # Sold more than the position knows of: the rest came from outside it and leaves at its own price.
        return held.cost + (gone - held.amount) * price
    return _share(held.cost, gone, held.amount)


def _share(whole: Decimal, gone: Decimal, amount: Decimal) -> Decimal:
    if gone >= amount:
        return whole
    return _ROUNDED.quantize(_ROUNDED.divide(_ROUNDED.multiply(whole, gone), amount), _COST_STEP)


def _owned(owner: Owner) -> dict[str, Any]:
    return {
        "automation_id": owner.automation_id,
        "owner": owner.owner,
        "account_id": owner.account_id,
        "shard": owner.shard,
    }


def _amounts(row: Funds | Held | Result) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}
