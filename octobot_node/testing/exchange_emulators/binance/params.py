"""The parameters of a request, read as strictly as Binance does: one that nobody reads is refused."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qsl

from octobot_node.testing.exchange_emulators.binance.errors import BinanceError, empty, malformed

__all__ = ["CLIENT_ID", "Params", "read_params"]

#: What a client order id may be.
CLIENT_ID = "^[a-zA-Z0-9-_]{1,36}$"

#: Digits after the point of any amount or price.
_PRECISION = 8


class Params:
    """Name -> value; each is taken once, and ``done`` refuses what was not."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values
        self._read: set[str] = set()

    def has(self, name: str) -> bool:
        """Whether it was sent."""
        return name in self._values

    def text(self, name: str) -> str | None:
        """Return it, or None; refuse an empty one."""
        self._read.add(name)
        value = self._values.get(name)
        if value == "":
            raise empty(name)
        return value

    def needed(self, name: str) -> str:
        """Return it, or refuse the request."""
        self._read.add(name)
        value = self._values.get(name)
        if not value:
            raise malformed(name)
        return value

    def number(self, name: str) -> int | None:
        """Return a whole number, or None."""
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(r"-?\d{1,20}", value):
            raise BinanceError(
                -1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'."
            )
        return int(value)

    def moment(self, name: str) -> int | None:
        """Return a time in ms, given in ms or in microseconds."""
        value = self.number(name)
        return None if value is None else in_ms(value)

    def amount(self, name: str) -> Decimal | None:
        """Return an amount or a price, or None."""
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(r"([0-9]{1,20})(\.[0-9]{1,20})?", value):
            raise BinanceError(
                -1100,
                f"Illegal characters found in parameter '{name}'; "
                "legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'.",
            )
        if len(value.partition(".")[2].rstrip("0")) > _PRECISION:
            raise BinanceError(-1111, f"Parameter '{name}' has too much precision.")
        try:
            return Decimal(value)
        except InvalidOperation as error:
            raise malformed(name) from error

    def client_id(self, name: str) -> str | None:
        """Return a client order id, or None."""
        value = self.text(name)
        if value is not None and not re.fullmatch(CLIENT_ID, value):
            raise BinanceError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{CLIENT_ID}'.")
        return value

    def symbols(self, name: str) -> list[str] | None:
        """Return a JSON list of symbols, or None."""
        value = self.text(name)
        if value is None:
            return None
        try:
            found = json.loads(value)
        except ValueError as error:
            raise BinanceError(-1100, f"Illegal characters found in parameter '{name}'.") from error
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise BinanceError(-1100, f"Illegal characters found in parameter '{name}'.")
        if len(set(found)) != len(found):
            raise BinanceError(-1151, "Symbol is present multiple times in the list.")
        return found

    def skip(self, *names: str) -> None:
        """Take parameters that change nothing here."""
        self._read.update(names)

    def done(self) -> None:
        """Refuse the request if anything of it was not read."""
        if self._values.keys() - self._read:
            read, sent = len(self._read & self._values.keys()), len(self._values)
            raise BinanceError(
                -1104,
                f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'.",
            )


def read_params(query: str, body: bytes) -> Params:
    """Return the parameters of a query and a form; the query wins, a name given twice in either is refused."""
    values: dict[str, str] = {}
    for text in (body.decode("utf-8", "replace"), query):
        pairs = parse_qsl(text, keep_blank_values=True)
        if len({name for name, _ in pairs}) != len(pairs):
            raise BinanceError(-1101, "Duplicate values for a parameter detected.")
        values.update(pairs)
    return Params(values)


def in_ms(moment: int) -> int:
    """Return a time in ms that may be given in microseconds."""
    return moment // 1_000 if abs(moment) >= 10**14 else moment
