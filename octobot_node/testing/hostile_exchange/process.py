"""Start the hostile exchange as a process of its own, and talk to it from a test or a benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

from octobot_node.contracts.exchanges import ExchangeOrder, ExchangeTrade
from octobot_node.testing.children import Child, ask
from octobot_node.testing.hostile_exchange.behaviour import Behaviour
from octobot_node.testing.hostile_exchange.report import HostileReport
from octobot_node.testing.hostile_exchange.wire import order_from_json, trade_from_json

__all__ = ["HostileExchange", "IntentOrder", "IntentTrade"]


@dataclass(frozen=True, slots=True)
class IntentOrder:
    """An order as only the exchange's owner sees it: whose it is, for which intent, with nothing hidden."""

    account: str
    intent_id: str
    order: ExchangeOrder


@dataclass(frozen=True, slots=True)
class IntentTrade:
    """A trade as only the exchange's owner sees it."""

    account: str
    intent_id: str
    trade: ExchangeTrade


class HostileExchange:
    """A running exchange. Its methods are synchronous, and see everything at once, whatever the behaviour hides.

    ``with HostileExchange.start(tmp_path, drop_after=0.1) as exchange: …``
    """

    def __init__(self, data_dir: Path, child: Child) -> None:
        self.data_dir = data_dir
        self._child = child

    @classmethod
    def start(cls, data_dir: Path, *, port: int = 0, **behaviour: Any) -> HostileExchange:
        """Start it on ``data_dir``, continuing what is there; fields of Behaviour that are given are set.

        Raises pydantic's ValidationError for a behaviour that does not exist, RuntimeError if it does not start.
        """
        # What is in no Behaviour is refused here, before a process is started in vain.
        Behaviour.model_validate(behaviour)
        exchange = cls(data_dir, Child("octobot_node.testing.hostile_exchange", *_arguments(data_dir, port)))
        if behaviour:
            exchange.set(**behaviour)
        return exchange

    @property
    def port(self) -> int:
        """Where it listens; the same after ``restart``."""
        return int(self._child.said["port"])

    @property
    def url(self) -> str:
        """Where it listens; the same after ``restart``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process, for tests that stop it in other ways."""
        return self._child.pid

    def set(self, **behaviour: Any) -> Behaviour:
        """Change the given fields of the behaviour, keep the others, start the dice anew; return what holds now."""
        changes = Behaviour.model_validate(behaviour).model_dump(mode="json", include=set(behaviour))
        return Behaviour.model_validate(self._post("/control", changes))

    def reset(self) -> Behaviour:
        """Behave as an exchange does that was started without any behaviour."""
        return self.set(**Behaviour().model_dump())

    def behaviour(self) -> Behaviour:
        """Return what holds now."""
        return Behaviour.model_validate(self._post("/control", {}))

    def set_price(self, symbol: str, price: Decimal | int | str) -> None:
        """Move the market; resting limit orders that are crossed fill."""
        self._post("/price", {"symbol": symbol, "price": str(price)})

    def report(self, account: str | None = None) -> HostileReport:
        """Return the counts of one account, or of all."""
        return HostileReport.model_validate(self._post("/report", {"account": account}))

    def orders(self, account: str | None = None) -> list[IntentOrder]:
        """Return every order ever accepted, oldest first."""
        found = self._post("/all-orders", {"account": account})
        return [IntentOrder(each["account"], each["intent"], order_from_json(each)) for each in found]

    def trades(self, account: str | None = None) -> list[IntentTrade]:
        """Return every execution, oldest first within an account."""
        found = self._post("/all-trades", {"account": account})
        return [IntentTrade(each["account"], each["intent"], trade_from_json(each)) for each in found]

    def trading_settings(self, account: str = "") -> dict[str, Any]:
        """Return settings of the trading connector that tell the truth about the behaviour that holds now."""
        told = {"dedupe", "lookup", "recent_ms", "request_expiry", "visibility_lag_ms"}
        return {"url": self.url, "account": account, **self.behaviour().model_dump(include=told)}

    def market_data_settings(self) -> dict[str, Any]:
        """Return settings of the market data ``hostile``, with the fees that hold now."""
        return {"url": self.url, **self.behaviour().model_dump(mode="json", include={"fee", "fee_in"})}

    def stop(self) -> int:
        """End it with SIGTERM and return its exit code."""
        return self._child.stop()

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._child.kill()

    def restart(self) -> None:
        """Start it again on its port and data, after stopping it if it runs."""
        self._child.restart(*_arguments(self.data_dir, self.port))

    def __enter__(self) -> HostileExchange:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child.running:
            self.stop()

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return ask(self.port, path, body)


def _arguments(data_dir: Path, port: int) -> tuple[str, ...]:
    return ("--port", str(port), "--data", str(data_dir))
