"""The exchanges that we vouch for, a file each, and what is assumed of any other."""

from __future__ import annotations

from octobot_node.contracts.exchanges import Capabilities
from octobot_plugins.ccxt.exchanges.binance import BINANCE
from octobot_plugins.ccxt.exchanges.bitget import BITGET
from octobot_plugins.ccxt.exchanges.bybit import BYBIT
from octobot_plugins.ccxt.exchanges.coinbase import COINBASE
from octobot_plugins.ccxt.exchanges.cryptocom import CRYPTOCOM
from octobot_plugins.ccxt.exchanges.gate import GATE
from octobot_plugins.ccxt.exchanges.htx import HTX
from octobot_plugins.ccxt.exchanges.hyperliquid import HYPERLIQUID
from octobot_plugins.ccxt.exchanges.kraken import KRAKEN
from octobot_plugins.ccxt.exchanges.kucoin import KUCOIN
from octobot_plugins.ccxt.exchanges.mexc import MEXC
from octobot_plugins.ccxt.exchanges.okx import OKX
from octobot_plugins.ccxt.exchanges.record import ExchangeRecord

__all__ = ["VOUCHED", "record_of"]

VOUCHED = (BINANCE, KRAKEN, COINBASE, BYBIT, OKX, KUCOIN, GATE, BITGET, HTX, HYPERLIQUID, MEXC, CRYPTOCOM)
_BY_ID = {record.id: record for record in VOUCHED}


def record_of(exchange: str) -> ExchangeRecord:
    """Return what is known of an exchange: of one that nobody vouches for, nothing that could be relied on."""
    known = _BY_ID.get(exchange)
    if known is not None:
        return known
    return ExchangeRecord(
        id=exchange,
        title=exchange,
        # Nothing is found by client id and nothing expires: an order whose answer is lost is for a person to look up.
        capabilities=Capabilities(dedupe="none", visibility_lag_ms=10_000, client_id_length=18),
        sources={},
        vouched=False,
        sandbox=True,
        options={"defaultType": "spot"},
    )
