"""Which column is what, by the names that exchanges, sites and programs give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["PRICES", "WANTED", "Roles", "key_of", "roles_of"]

PRICES = ("open", "high", "low", "close")
#: The header that messages recommend.
WANTED = "timestamp,open,high,low,close,volume"

#: Times, the surest first: what says that it is the opening, then numbers, then dates.
_TIMES = (
    (
        "timeperiodstart",
        "opentime",
        "timeopen",
        "opentimestamp",
        "starttime",
        "opentimems",
        "start",
        "startat",
        "begin",
    ),
    ("timestamp", "unix", "unixtimestamp", "unixtime", "timestampms", "unixtimestampms", "epoch", "epochms", "ts", "t"),
    ("datetime", "time", "date", "datetimeutc", "timeutc", "dateutc", "gmttime", "timegmt", "timestamputc"),
    # The index of a table that pandas wrote; one that counts rows is no time, and refused as that.
    ("", "index", "unnamed0"),
)
_DATE, _CLOCK = ("date", "dateutc"), ("time", "timeutc")
_NAMES = {
    "open": ("open", "o", "openprice", "priceopen"),
    "high": ("high", "h", "highprice", "pricehigh"),
    "low": ("low", "l", "lowprice", "pricelow"),
    "close": ("close", "c", "closeprice", "priceclose", "closelast"),
}
#: In base. "quote volume", "turnover" and "amount" are not, or not always.
_VOLUMES = ("volume", "vol", "v", "basevolume", "volumebase", "volumetraded", "volumefrom", "tickvol", "tickvolume")
_SYMBOLS = ("symbol", "pair", "ticker", "market", "instrument")
#: They end with a base or quote asset: "Volume BTC".
_VOLUME_OF = "volume"
#: What an exchange of its own mind calls an asset.
_ALSO = {"btc": ("xbt",), "doge": ("xdg",)}
_CLOSE_ONLY = ("closetime", "timeclose", "closetimestamp", "timeperiodend", "endtime")


@dataclass(frozen=True, slots=True)
class Roles:
    """Where in a row everything is. ``clock`` is a second column that completes ``time``'s date; None: there is none.

    ``problem`` says why a header cannot be used, "" if it can.
    """

    time: int = -1
    clock: int | None = None
    prices: tuple[int, ...] = ()
    volume: int | None = None
    symbol: int | None = None
    known: int = 0
    problem: str = ""
    notes: tuple[str, ...] = ()


def key_of(name: str) -> str:
    """Return a column's name without what differs from one file to the next: ``Open Time (ms)`` is ``opentimems``."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def roles_of(header: Sequence[str], symbol: str = "") -> Roles:
    """Return what the columns are; ``symbol`` tells the base's volume from the quote's."""
    keys = [key_of(name) for name in header]
    prices = {price: _indices(keys, names) for price, names in _NAMES.items()}
    if not prices["close"] and prices["open"]:
        prices["close"] = _indices(keys, ("price",))
    times = [found for tier in _TIMES if (found := _indices(keys, tier))]
    known = sum(bool(found) for found in prices.values()) + bool(times)
    problem = _problem(header, keys, times, prices)
    if problem:
        return Roles(known=known, problem=problem)
    volume, notes = _volume(header, keys, symbol)
    time = times[0][0]
    unused = [header[index] for found in times for index in found if index != time and header[index]]
    clock = next((index for index in _indices(keys, _CLOCK) if index != time), None)
    if keys[time] in _CLOCK:
        # Where there are both, the date comes first and the time of day completes it.
        dates = [index for index in _indices(keys, _DATE) if index != time]
        time, clock = (dates[0], time) if dates else (time, None)
    elif keys[time] not in _DATE:
        clock = None
    if unused and clock is None:
        notes = (*notes, f"times are read from {header[time]!r}, not from {', '.join(map(repr, unused))}")
    named = _indices(keys, _SYMBOLS)
    return Roles(
        time, clock, tuple(prices[price][0] for price in PRICES), volume, named[0] if named else None, known, "", notes
    )


def _indices(keys: Sequence[str], names: Sequence[str]) -> list[int]:
    return [index for name in names for index, key in enumerate(keys) if key == name]


def _problem(header: Sequence[str], keys: Sequence[str], times: list[list[int]], prices: dict[str, list[int]]) -> str:
    missing = [price for price, found in prices.items() if not found]
    if not times:
        missing.insert(0, "time")
    if missing:
        only_close = [header[index] for index in _indices(keys, _CLOSE_ONLY)]
        hint = f" ({only_close[0]!r} is when a candle closes, and its opening is needed)" if only_close else ""
        return f"has no column for {', '.join(missing)}{hint if 'time' in missing else ''}"
    for found in (*prices.values(), times[0]):
        double = [header[index] for index in found if keys[index] == keys[found[0]]]
        if len(double) > 1:
            return f"has {len(double)} columns called {double[0]!r}"
    for price, found in prices.items():
        if len(found) > 1:
            return f"has several columns for {price}: {', '.join(header[index] for index in found)}"
    return ""


def _volume(header: Sequence[str], keys: Sequence[str], symbol: str) -> tuple[int | None, tuple[str, ...]]:
    """Return the column of the base's volume, or None, and what is to be told about it."""
    plain = _indices(keys, _VOLUMES)
    if plain:
        return plain[0], ()
    by_asset = {key.removeprefix(_VOLUME_OF): index for index, key in enumerate(keys) if key.startswith(_VOLUME_OF)}
    base = symbol.lower().partition("/")[0]
    for asset in (base, *_ALSO.get(base, ())):
        if asset in by_asset:
            return by_asset[asset], ()
    if not by_asset:
        return None, ("there is no column for the volume: 0 is taken",)
    names = ", ".join(repr(header[index]) for index in by_asset.values())
    if symbol:
        # "Volume MA" is an average, "Volume USDT" is in quote.
        return None, (f"no column is for the volume in {symbol.partition('/')[0]}, among {names}: 0 is taken",)
    index = next(iter(by_asset.values()))
    return index, (f"the volume is read from {header[index]!r}, unless a symbol says that another is in base",)
