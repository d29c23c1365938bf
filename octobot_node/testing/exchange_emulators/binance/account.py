"""Questions about an account."""

from __future__ import annotations

from dataclasses import dataclass

from octobot_node.testing.exchange_emulators.binance.errors import BinanceError
from octobot_node.testing.exchange_emulators.binance.limits import Limits
from octobot_node.testing.exchange_emulators.binance.orders import Orders, page_size, refuse_long, within
from octobot_node.testing.exchange_emulators.binance.params import Params
from octobot_node.testing.exchange_emulators.binance.shapes import Shape, fixed, trade_shape
from octobot_node.testing.exchange_emulators.core.accounts import ApiKey
from octobot_node.testing.exchange_emulators.core.exchange import Exchange

__all__ = ["AccountQuestions"]

#: The sets of parameters that myTrades takes beside ``symbol``.
_TRADE_QUESTIONS: frozenset[frozenset[str]] = frozenset(
    frozenset(each)
    for each in (
        (),
        ("orderId",),
        ("startTime",),
        ("endTime",),
        ("fromId",),
        ("startTime", "endTime"),
        ("orderId", "fromId"),
    )
)


@dataclass(slots=True)
class AccountQuestions:
    """Answers about accounts."""

    exchange: Exchange
    orders: Orders
    limits: Limits

    def account(self, key: ApiKey, params: Params) -> Shape:
        """Answer what the account has, pays and may."""
        nonzero = params.text("omitZeroBalances") == "true"
        params.done()
        account = self.exchange.account(key.account)
        listing = next(iter(self.exchange.books.values())).listing
        assets = {asset for book in self.exchange.books.values() for asset in (book.listing.base, book.listing.quote)}
        return {
            "makerCommission": int(listing.maker_fee * 10_000),
            "takerCommission": int(listing.taker_fee * 10_000),
            "buyerCommission": 0,
            "sellerCommission": 0,
            "commissionRates": {
                "maker": fixed(listing.maker_fee),
                "taker": fixed(listing.taker_fee),
                "buyer": fixed(None),
                "seller": fixed(None),
            },
            "canTrade": True,
            "canWithdraw": True,
            "canDeposit": True,
            "brokered": False,
            "requireSelfTradePrevention": False,
            "preventSor": False,
            "updateTime": self.exchange.now(),
            "accountType": "SPOT",
            "balances": [
                {"asset": asset, "free": fixed(account.free[asset]), "locked": fixed(account.locked[asset])}
                for asset in sorted(assets | {*account.free})
                if not nonzero or account.free[asset] or account.locked[asset]
            ],
            "permissions": ["SPOT"],
            "uid": 354937868,
        }

    def commission(self, _key: ApiKey, params: Params) -> Shape:
        """Answer what is paid on one market."""
        listing = self.orders.book(params.needed("symbol")).listing
        params.done()
        none = dict.fromkeys(("maker", "taker", "buyer", "seller"), fixed(None))
        return {
            "symbol": listing.symbol.replace("/", ""),
            "standardCommission": {**none, "maker": fixed(listing.maker_fee), "taker": fixed(listing.taker_fee)},
            "specialCommission": none,
            "taxCommission": none,
            "discount": {
                "enabledForAccount": False,
                "enabledForSymbol": False,
                "discountAsset": "BNB",
                "discount": "0.75000000",
            },
        }

    def trades(self, key: ApiKey, params: Params) -> list[Shape]:
        """Answer what was executed, oldest first."""
        book = self.orders.book(params.needed("symbol"))
        asked = frozenset(name for name in ("orderId", "startTime", "endTime", "fromId") if params.has(name))
        number, first = params.number("orderId"), params.number("fromId")
        start, end, limit = params.moment("startTime"), params.moment("endTime"), page_size(params)
        params.done()
        if asked not in _TRADE_QUESTIONS:
            raise BinanceError(-1128, "Combination of optional parameters invalid.")
        refuse_long(start, end)
        found = [
            trade
            for trade in book.trades
            if trade.order.account == key.account
            and self.exchange.shows(trade.order)
            and (number is None or trade.order.number == number)
        ]
        if first is not None:
            return [trade_shape(trade) for trade in found if trade.id >= first][:limit]
        return [trade_shape(trade) for trade in within(found, lambda trade: trade.at, start, end, limit)]

    def unfilled(self, key: ApiKey, params: Params) -> list[Shape]:
        """Answer how many orders count against the limits."""
        params.done()
        return [
            {
                "rateLimitType": "ORDERS",
                "interval": limit.interval,
                "intervalNum": limit.number,
                "limit": limit.limit,
                "count": self.limits.unfilled(key.account, limit),
            }
            for limit in self.limits.orders
        ]

    def restrictions(self, key: ApiKey, params: Params) -> Shape:
        """Answer what the key may do."""
        params.done()
        return {
            "ipRestrict": bool(key.addresses),
            "createTime": 1_600_000_000_000,
            "enableReading": True,
            "enableWithdrawals": key.may_withdraw,
            "enableInternalTransfer": False,
            "enableMargin": False,
            "enableFutures": False,
            "permitsUniversalTransfer": False,
            "enableVanillaOptions": False,
            "enableFixApiTrade": False,
            "enableFixReadOnly": False,
            "enableSpotAndMarginTrading": key.may_trade,
            "enablePortfolioMarginTrading": False,
        }

    def coins(self, _key: ApiKey, params: Params) -> list[Shape]:
        """Answer which assets there are."""
        params.done()
        assets = {asset for book in self.exchange.books.values() for asset in (book.listing.base, book.listing.quote)}
        return [
            {
                "coin": asset,
                "depositAllEnable": True,
                "withdrawAllEnable": True,
                "name": asset,
                "free": "0",
                "locked": "0",
                "freeze": "0",
                "withdrawing": "0",
                "ipoing": "0",
                "ipoable": "0",
                "storage": "0",
                "isLegalMoney": False,
                "trading": True,
                "networkList": [],
            }
            for asset in sorted(assets)
        ]
