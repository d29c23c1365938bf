"""Request weights of each address, bans, and unfilled orders of each account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from octobot_node.testing.exchange_emulators.binance.errors import BinanceError

__all__ = ["Limits", "OrderLimit"]

_MINUTE = 60_000
_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class OrderLimit:
    """So many unfilled orders in each window."""

    interval: str
    number: int
    length_ms: int
    limit: int

    @property
    def letters(self) -> str:
        """The end of the header's name, such as 10S."""
        return f"{self.number}{self.interval[0]}"


@dataclass(slots=True)
class _Address:
    minute: int = 0
    used: int = 0
    ignored: int = 0
    bans: int = 0
    banned_until: int = 0


@dataclass(slots=True)
class Limits:
    """What is left to whom. Times are ms of ``clock``.

    Asked on after a 429, ``patience`` requests are refused the same way; the next one bans the address.
    """

    clock: Callable[[], int]
    weight: int = 6_000
    patience: int = 10
    ban_ms: int = 120_000
    orders: tuple[OrderLimit, ...] = (
        OrderLimit("SECOND", 10, 10_000, 50),
        OrderLimit("DAY", 1, _DAY, 160_000),
    )
    #: What was spent since the beginning, by all.
    total: int = 0
    _addresses: dict[str, _Address] = field(default_factory=lambda: defaultdict(_Address))
    _unfilled: dict[tuple[str, str, int], int] = field(default_factory=lambda: defaultdict(int))

    def spend(self, peer: str, weight: int) -> int:
        """Count a request of an address and return what it has used this minute; raise for one that is too much."""
        address, now = self._addresses[peer], self.clock()
        if address.banned_until > now:
            raise self.banned(peer)
        if address.minute != now // _MINUTE:
            address.minute, address.used, address.ignored = now // _MINUTE, 0, 0
        address.used += weight
        self.total += weight
        if address.used > self.weight:
            address.ignored += 1
            if address.ignored > self.patience:
                self.ban(peer)
                raise self.banned(peer)
            raise self.too_much(now)
        return address.used

    def too_much(self, now: int, retry_after: int | None = None) -> BinanceError:
        """Return the refusal of an address that used too much."""
        seconds = retry_after if retry_after is not None else (_MINUTE - now % _MINUTE) // 1_000 + 1
        return BinanceError(
            -1003,
            f"Too much request weight used; current limit is {self.weight} request weight per 1 MINUTE. "
            "Please use WebSocket Streams for live updates to avoid polling the API.",
            429,
            {"Retry-After": str(seconds)},
        )

    def ban(self, peer: str) -> None:
        """Ban an address: two minutes, and each time twice as long, up to three days."""
        address = self._addresses[peer]
        address.banned_until = self.clock() + min(self.ban_ms * 2**address.bans, 3 * _DAY)
        address.bans += 1

    def banned(self, peer: str) -> BinanceError:
        """Return the refusal of an address that is banned."""
        address, now = self._addresses[peer], self.clock()
        return BinanceError(
            -1003,
            f"Way too much request weight used; IP banned until {address.banned_until}. "
            "Please use WebSocket Streams for live updates to avoid bans.",
            418,
            {"Retry-After": str((address.banned_until - now) // 1_000 + 1)},
        )

    def pardon(self) -> None:
        """End every ban, and begin every count anew."""
        self._addresses.clear()
        self._unfilled.clear()

    # -- unfilled orders

    def count_order(self, account: str, change: int = 1, at: int | None = None) -> None:
        """Count an order of an account, or with -1 give it back since it was filled."""
        moment = self.clock() if at is None else at
        for limit in self.orders:
            key = (account, limit.letters, moment // limit.length_ms)
            self._unfilled[key] = max(self._unfilled[key] + change, 0)

    def refuse_orders(self, account: str) -> None:
        """Raise if an account has placed too many that are not filled."""
        now = self.clock()
        for limit in self.orders:
            if self._unfilled[account, limit.letters, now // limit.length_ms] >= limit.limit:
                seconds = (limit.length_ms - now % limit.length_ms) // 1_000 + 1
                raise BinanceError(
                    -1015,
                    f"Too many new orders; current limit is {limit.limit} orders per {limit.number} {limit.interval}.",
                    429,
                    {"Retry-After": str(seconds)},
                )

    def unfilled(self, account: str, limit: OrderLimit) -> int:
        """Return what an account has used of a limit."""
        return self._unfilled[account, limit.letters, self.clock() // limit.length_ms]
