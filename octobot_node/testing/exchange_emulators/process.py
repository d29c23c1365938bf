"""An emulator as a process of its own, and the handle of whoever tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

from pydantic import TypeAdapter

from octobot_node.testing.children import Child, ask
from octobot_node.testing.exchange_emulators.emulator import Emulator, Money
from octobot_node.testing.exchange_emulators.records import Accepted, EmulatorReport, Executed
from octobot_node.testing.exchange_emulators.web.call import RequestKind
from octobot_node.testing.exchange_emulators.web.faults import Faults, Strike

__all__ = ["EmulatorProcess"]

_ORDERS, _TRADES, _BALANCES = (
    TypeAdapter(list[Accepted]),
    TypeAdapter(list[Executed]),
    TypeAdapter(dict[str, Decimal]),
)


class EmulatorProcess:
    """A running emulator. Its methods are those of ``Emulator``, over the admin port.

    ``with EmulatorProcess.start("binance", tmp_path, drop_after=0.1) as exchange: …``
    """

    def __init__(self, child: Child) -> None:
        self._child = child
        said = child.said
        self.url: str = said["url"]
        self.urls: dict[str, Any] = said["urls"]
        self.key: str = said["key"]
        self.secret: str = said["secret"]
        self.passphrase: str = said["passphrase"]

    @classmethod
    def start(
        cls,
        exchange: str | type[Emulator],
        data: Path | None = None,
        *,
        prices: Mapping[str, Money] | None = None,
        balances: Mapping[str, Money] | None = None,
        **faults: Any,
    ) -> EmulatorProcess:
        """Start ``binance``, ``kraken``, ``okx`` or an emulator of your own, which has to be in a module that can be
        imported; ``data`` is a folder for its journal.

        Raises pydantic's ValidationError for faults that do not exist, RuntimeError if it does not start.
        """
        # What is in no Faults is refused here, before a process is started in vain.
        Faults.model_validate(faults)
        arguments = [exchange if isinstance(exchange, str) else f"{exchange.__module__}:{exchange.__qualname__}"]
        arguments += [] if data is None else ["--data", str(data)]
        for option, given in (("--price", prices), ("--balance", balances)):
            for name, amount in (given or {}).items():
                arguments += [option, f"{name}={amount}"]
        process = cls(Child("octobot_node.testing.exchange_emulators", *arguments))
        if faults:
            process.set(**faults)
        return process

    @property
    def pid(self) -> int:
        """The process, for tests that stop it in other ways."""
        return self._child.pid

    def set(self, **faults: Any) -> Faults:
        """Change the given faults, keep the others, start their chances anew; return what holds now."""
        changes = Faults.model_validate(faults).model_dump(mode="json", include=set(faults))
        return Faults.model_validate(self._do("set", **changes))

    def strike(self, strike: Strike, on: RequestKind | Collection[RequestKind] = "create", times: int = 1) -> None:
        """Let the next ``times`` requests of a kind be struck, for sure."""
        self._do("strike", strike=strike, on=on if isinstance(on, str) else [*on], times=times)

    def price(self, symbol: str, price: Money) -> None:
        """Move the market."""
        self._do("price", symbol=symbol, price=str(price))

    def wave(self, symbol: str, amplitude: Money, period_ms: int = 60_000) -> None:
        """Let the price go up and down by itself by a ratio."""
        self._do("wave", symbol=symbol, amplitude=str(amplitude), period_ms=period_ms)

    def depth(self, symbol: str, amount: Money | None) -> None:
        """Let the world trade no more than ``amount`` of base before the price moves."""
        self._do("depth", symbol=symbol, amount=None if amount is None else str(amount))

    def change(self, symbol: str, **rules: Any) -> None:
        """Change a market's rules while it is traded."""
        self._do("change", symbol=symbol, **{name: str(value) for name, value in rules.items()})

    def limit(self, **limits: int) -> None:
        """Change the exchange's request limits."""
        self._do("limit", **limits)

    def pardon(self) -> None:
        """End every ban and lockout, and begin every count anew."""
        self._do("pardon")

    def deposit(self, amounts: Mapping[str, Money], account: str = "main") -> None:
        """Give an account money, or take it with a negative amount."""
        self._do("deposit", amounts={asset: str(amount) for asset, amount in amounts.items()}, account=account)

    def revoke(self, key: str | None = None) -> None:
        """Let a key be one that the exchange does not know any more."""
        self._do("revoke", key=key)

    def restore(self, key: str | None = None) -> None:
        """Take that back."""
        self._do("restore", key=key)

    def cut_streams(self, *, announced: bool = False) -> None:
        """Close every websocket."""
        self._do("cut_streams", announced=announced)

    def silence_streams(self, *, silent: bool = True) -> None:
        """Say nothing more on the websockets that there are; or go on."""
        self._do("silence_streams", silent=silent)

    def balances(self, account: str = "main") -> dict[str, Decimal]:
        """Return asset -> total, free and locked."""
        return _BALANCES.validate_python(self._do("balances", account=account))

    def orders(self, account: str | None = None) -> list[Accepted]:
        """Return every order that was ever accepted, oldest first."""
        return _ORDERS.validate_python(self._do("orders", account=account))

    def trades(self, account: str | None = None) -> list[Executed]:
        """Return every execution, oldest first."""
        return _TRADES.validate_python(self._do("trades", account=account))

    def report(self) -> EmulatorReport:
        """Return what was counted."""
        return EmulatorReport.model_validate(self._do("report"))

    def stop(self) -> int:
        """End it with SIGTERM and return its exit code."""
        return self._child.stop()

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._child.kill()

    def __enter__(self) -> EmulatorProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child.running:
            self.stop()

    def _do(self, method: str, **arguments: Any) -> Any:
        return ask(int(self._child.said["admin"]), f"/{method}", arguments)
