"""One ccxt exchange behind our own transport: what leaves, leaves once, by the account's way out, and is judged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from octobot_node.contracts.exchanges import ConnectorContext, RequestCost
from octobot_node.errors import ExchangeError, InvalidSettings, NotSent, OctoBotError, OrderRefused, Unresolved
from octobot_node.text.masking import masked_text
from octobot_plugins.ccxt.exchanges import record_of
from octobot_plugins.ccxt.exchanges.record import ExchangeRecord, Meaning, Wire
from octobot_plugins.ccxt.library import make_exchange
from octobot_plugins.ccxt.markets import Markets, MarketsShelf
from octobot_plugins.ccxt.nonces import Nonces
from octobot_plugins.ccxt.pacing import Pace
from octobot_plugins.ccxt.server_clock import ServerClock
from octobot_plugins.ccxt.settings import CcxtMarketSettings, CcxtTradingSettings
from octobot_plugins.ccxt.verdicts import KeyRefused, Reply, Verdict, error_of, judge

if TYPE_CHECKING:
    from aiohttp import ClientSession

__all__ = ["Missing", "Remote", "urgently"]

log = structlog.get_logger(__name__)
T = TypeVar("T")
#: More than any answer but lists of markets and prices.
_MOST = 16_000_000

#: What a request that is signed in this task says of the time, where that is not now.
_SIGNED_AT: ContextVar[int | None] = ContextVar("octobot_ccxt_signed_at", default=None)


#: Whether requests of this task may use what is kept of the exchange's allowance.
_URGENT: ContextVar[bool] = ContextVar("octobot_ccxt_urgent", default=False)


@contextmanager
def urgently() -> Iterator[None]:
    """Let what is asked inside use what is kept of the allowance for what cannot wait."""
    token = _URGENT.set(True)
    try:
        yield
    finally:
        _URGENT.reset(token)


class Missing(OctoBotError):
    """The exchange says that there is no such order."""


class Failure(Exception):
    """A read that was answered with a failure, on its way through ccxt's own code."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.said)
        self.verdict = verdict


@dataclass(slots=True)
class _Guard:
    """Lets one request through that is no GET."""

    until: int | None = None
    sent: bool = False

    def pass_one(self, title: str) -> None:
        if self.sent:
            raise Unresolved(f"ccxt wanted to send {title} another request after the order: it was not sent")
        self.sent = True


_GUARD: ContextVar[_Guard | None] = ContextVar("octobot_ccxt_guard", default=None)


class Remote:
    """An exchange of ccxt's, made at its first use, off the event loop."""

    def __init__(self, settings: CcxtMarketSettings, context: ConnectorContext) -> None:
        self.record = record_of(settings.exchange)
        self.settings = settings
        self.clock = ServerClock(context.clock, self.record.time_step)
        self._context = context
        self._shelf = MarketsShelf.of(context)
        self._http = context.http()
        self._within = context.settings.request_timeout
        self._making = asyncio.Lock()
        self._exchange: Any = None
        self._markets: Markets | None = None
        self._pace: Pace | None = None
        self._closed = False
        self._nonces = Nonces.of(context, settings)
        #: Of the newest answer, for what they say of request budgets.
        self.headers: Mapping[str, str] = {}

    async def ready_for(self, symbol: str) -> tuple[Any, Any]:
        """Return the exchange and one of its markets."""
        return await self.ready(), self.market(symbol)

    async def ready(self) -> Any:
        """Return the exchange, with its markets and its time known.

        Raises NotSent where that cannot be: nothing that matters was sent then.
        """
        exchange = await self._made()
        await self._with_markets(exchange)
        await self._with_time(exchange)
        return exchange

    async def made(self) -> Any:
        """Return the exchange as it is made, without asking anything: for what is known without its markets."""
        return await self._made()

    async def _made(self) -> Any:
        if self._closed:
            raise NotSent(f"the connector to {self.record.title} is closed")
        async with self._making:
            if self._exchange is None:
                made = await self._make(streams=False)
                self._pace = Pace(self.record, made, self.settings, self._context)
                made.throttle = self._throttle
                self._exchange = made
        return self._exchange

    async def _make(self, *, streams: bool) -> Any:
        # Importing takes a second of which half is work, and a connector is opened on the loop of all of them.
        return await asyncio.to_thread(
            make_exchange,
            self.record,
            fetch=self._fetch,
            now=self._signing_time,
            nonce=self._nonces.next,
            credentials=_credentials(self.settings),
            sandbox=self.settings.sandbox,
            base_url=self.settings.base_url,
            streams=streams,
        )

    async def streaming(self) -> Any:
        """Return one more exchange of ccxt's, of those that stream, for one connection; what it asks is asked here."""
        exchange = await self.ready()
        made = await self._make(streams=True)
        made.throttle = self._throttle
        made.set_markets_from_exchange(exchange)
        return made

    def session(self) -> ClientSession:
        """Return a session on the account's way out, for what streams; whoever asks for it closes it."""
        return self._context.session()

    async def _with_markets(self, exchange: Any) -> None:
        try:
            markets = await self._shelf.get(self.record, self.settings, self._context)
        except (InvalidSettings, NotSent):
            raise
        except Exception as error:
            raise NotSent(f"the markets of {self.record.title} are not known yet: {error}") from error
        if markets is not self._markets:
            markets.lend(exchange)
            self._markets = markets

    async def _with_time(self, exchange: Any) -> None:
        if not self.clock.is_due or not exchange.has.get("fetchTime"):
            return

        async def ask() -> int:
            return int(await self.read(exchange.fetch_time))

        try:
            await self.clock.compare(ask)
        except (ExchangeError, ValueError, TypeError) as error:
            # The machine's own time is the best there is; the exchange refuses what it does not like.
            log.warning("exchange_time_unknown", exchange=self.record.id, error=str(error))

    def cost_of(self, requests: float, weight: float) -> RequestCost | None:
        """Return what requests take of the limit; None before the first one of all."""
        return None if self._pace is None else RequestCost(self.record.title, self._pace.gate, requests, weight)

    def weight_of(self, wire: Wire) -> float:
        """Return what a request costs; 1, as most do, before the first one of all."""
        return 1.0 if self._pace is None else self._pace.cost(wire)

    def market(self, symbol: str) -> Any:
        """Return ccxt's market of a spot symbol; raise OrderRefused for what is none."""
        if ":" in symbol:
            raise OrderRefused(f"{symbol} is a derivative: only spot markets, such as BTC/USDT, are traded")
        found = self._exchange.markets.get(symbol)
        if found is None:
            raise OrderRefused(f"{self.record.title} lists no spot market {symbol}")
        return found

    # Asking -----------------------------------------------------------------------------------------------------------

    async def read(self, call: Callable[..., Awaitable[T]], *arguments: Any, **named: Any) -> T:
        """Return what a method of ccxt's that only looks returns.

        Raises Missing, KeyRefused, NotSent or Unresolved.
        """
        try:
            return await call(*arguments, **named)
        except Failure as failure:
            raise self._told(failure.verdict) from None
        except OctoBotError:
            raise
        except Exception as error:
            # Its own reading of an answer failed, or it refused to ask: either way nothing is known.
            raise _meaning_for_a_read(self.record, error) from error

    async def ask(self, wire: Wire) -> Any:
        """Return the answer to one request that only looks; raises as ``read``."""
        for attempt in (1, 2):
            reply = await self._send(wire, None)
            verdict = judge(self.record, reply)
            if verdict.meaning is None:
                return reply.body
            await self._note(verdict)
            if verdict.meaning is Meaning.CLOCK and attempt == 1:
                await self._with_time(self._exchange)
                continue
            raise self._told(verdict)
        raise AssertionError("unreachable")

    async def write(self, wire: Wire, at: int | None, *, until: int | None = None) -> tuple[Verdict, Any]:
        """Send one request that changes something, once, signed for ``at`` (None: now); return what came of it.

        From ``until`` (ms UTC) on it is not sent any more. Raises NotSent where nothing left, Unresolved where
        something may have.
        """
        reply = await self._send(wire, at, until=until)
        verdict = judge(self.record, reply)
        await self._note(verdict)
        return verdict, reply.body

    async def write_by_ccxt(self, call: Callable[..., Awaitable[T]], *arguments: Any, until: int | None = None) -> T:
        """Return what a method of ccxt's returns that sends one request which changes something.

        Nothing more than that one leaves. What came of it is unknown unless it was a success or a 429: nobody vouches
        for what this exchange's codes mean. Raises OrderRefused where ccxt itself would not send it.
        """
        guard = _Guard(until)
        token = _GUARD.set(guard)
        try:
            return await call(*arguments)
        except Failure as failure:
            error = error_of(self.record, failure.verdict)
            raise error if isinstance(error, NotSent) else Unresolved(str(error)) from None
        except Exception as error:
            if isinstance(error, OctoBotError) and (isinstance(error, Unresolved) or not guard.sent):
                raise
            told = f"{self.record.title}: {type(error).__name__}: {masked_text(str(error)[:300])}"
            raise (Unresolved(told) if guard.sent else OrderRefused(f"{told}: nothing was sent")) from None
        finally:
            _GUARD.reset(token)

    async def _send(self, wire: Wire, at: int | None, *, until: int | None = None) -> Reply:
        assert self._pace is not None
        await self._pace.take(self._pace.cost(wire), urgent=_URGENT.get())
        async with AsyncExitStack() as stack:
            if self.record.nonce:
                # In the order of their numbers: one that arrives late is refused.
                await stack.enter_async_context(self._nonces.turn)
            self._refuse_late(until)
            signed = self._signed(wire, at)
            headers = {**self._exchange.headers, **(signed["headers"] or {}), **wire.headers}
            return await self._request(signed["url"], signed["method"], headers, signed["body"])

    def _signed(self, wire: Wire, at: int | None) -> Mapping[str, Any]:
        token = _SIGNED_AT.set(at)
        try:
            ready = self.record.sign(self._exchange, wire)
            signed: Mapping[str, Any] = self._exchange.sign(
                ready.path, list(ready.api), ready.method, dict(ready.params)
            )
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing left
            # What it says may have the secret in it.
            raise KeyRefused(
                f"the request to {self.record.title} cannot be signed ({type(error).__name__}): see that key and secret"
                " are as the exchange gave them"
            ) from None
        finally:
            _SIGNED_AT.reset(token)
        return signed

    async def _fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """Make a request of ccxt's own methods; in the place of its ``fetch``."""
        exchange, guard = self._exchange, _GUARD.get()
        if guard is not None and method != "GET":
            self._refuse_late(guard.until)
            guard.pass_one(self.record.title)
        async with AsyncExitStack() as stack:
            if self.record.nonce and headers:
                await stack.enter_async_context(self._nonces.turn)
            reply = await self._request(url, method, {**exchange.headers, **(headers or {})}, body)
        verdict = judge(self.record, reply)
        if verdict.meaning is not None:
            await self._note(verdict)
            raise Failure(verdict)
        # A second opinion: what only looks may well be refused once too often.
        exchange.handle_errors(
            reply.status, "", url, method, reply.headers, reply.text, reply.body, headers or {}, body or ""
        )
        return reply.body

    async def _request(self, url: str, method: str, headers: Mapping[str, Any], body: Any) -> Reply:
        self._refuse_elsewhere(url)
        data = None if body is None else body.encode() if isinstance(body, str) else bytes(body)
        plain = {name: str(value) for name, value in headers.items() if value is not None}
        answer = await self._http.request(
            method, url, headers=plain, body=data, within=self._within, most=_MOST, encoded=True
        )
        self.headers = answer.headers
        if self._pace is not None:
            self._pace.told(tuple(self.record.budgets(answer.headers)))
        text = answer.text().strip()
        return Reply(answer.status, answer.headers, text, self._exchange.parse_json(text))

    async def _throttle(self, cost: float | None = None) -> None:
        """Have ccxt's own methods wait for their turn; in the place of its ``throttle``."""
        assert self._pace is not None
        await self._pace.throttle(cost, urgent=_URGENT.get())

    def _refuse_late(self, until: int | None) -> None:
        """Raise NotSent where waiting for a turn took too long: whoever sent it reckons with its end by now."""
        if until is not None and self._context.clock.now() >= until:
            raise NotSent("its time to be sent ran out")

    def _refuse_elsewhere(self, url: str) -> None:
        base = self.settings.base_url
        if base and not url.startswith(f"{base}/"):
            raise NotSent(f"ccxt wanted to ask another host than {base}: nothing was sent")

    async def _note(self, verdict: Verdict) -> None:
        if verdict.meaning is Meaning.LIMITED:
            assert self._pace is not None
            await self._pace.shut(verdict.retry_after)
        elif verdict.meaning in (Meaning.CLOCK, Meaning.EXPIRED):
            # What came too late by its own time may have come in time by ours: Kraken says no more than that.
            self.clock.doubt()

    def _told(self, verdict: Verdict) -> OctoBotError:
        if verdict.meaning is Meaning.MISSING:
            return Missing(verdict.said)
        found = error_of(self.record, verdict)
        # A question that is refused says nothing about an order; a key that is not taken says what to mend.
        refused = isinstance(found, OrderRefused) and verdict.meaning is not Meaning.KEY
        return Unresolved(str(found)) if refused else found

    def _signing_time(self) -> int:
        at = _SIGNED_AT.get()
        return self.clock.now() if at is None else at

    async def close(self) -> None:
        """Let go of connections."""
        self._closed = True
        await self._http.close()


def _meaning_for_a_read(record: ExchangeRecord, error: Exception) -> OctoBotError:
    import ccxt

    told = f"{record.title}: {type(error).__name__}: {masked_text(str(error)[:300])}"
    if isinstance(error, ccxt.OrderNotFound):
        return Missing(told)
    if isinstance(error, ccxt.AuthenticationError):
        return KeyRefused(told)
    return Unresolved(told)


def _credentials(settings: CcxtMarketSettings) -> dict[str, str]:
    if not isinstance(settings, CcxtTradingSettings):
        return {}
    key, secret, password = (
        each.get_secret_value().strip() for each in (settings.api_key, settings.secret, settings.password)
    )
    if settings.exchange == "hyperliquid":
        return {"walletAddress": key, "privateKey": secret}
    return {"apiKey": key, "secret": secret, **({"password": password} if password else {})}
