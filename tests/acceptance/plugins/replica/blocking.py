"""A connector that blocks the node's I/O loop, as a careless one does, while a file is there: loaded as a plugin."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel

from octobot_node import hookimpl
from octobot_node.contracts.exchanges import ConnectorContext, ExchangeOrder, OrderRequest, Trading, TradingFactory
from octobot_node.testing.hostile_exchange.connector import HostileTrading
from octobot_node.testing.hostile_exchange.settings import HostileTradingSettings

#: The file's path, in the environment of the node that is to block.
FLAG = "TEST_BLOCKING_FILE"


class Blocking(HostileTrading):
    async def create_order(self, request: OrderRequest) -> ExchangeOrder:
        _block()
        return await super().create_order(request)


def _block() -> None:
    while FLAG in os.environ and Path(os.environ[FLAG]).exists():
        time.sleep(0.05)


@hookimpl
def register_trading(register: Callable[[TradingFactory], None]) -> None:
    register(TradingFactory("blocking", HostileTradingSettings, _open))


def _open(settings: BaseModel, account: str, context: ConnectorContext) -> Trading:
    return Blocking(HostileTradingSettings.model_validate(settings), account, context.session)
