"""Keeps one stream up: opens it, notices when it goes silent, says so once, and opens it again after a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import structlog

from octobot_node.clock import Clock
from octobot_node.contracts.streams import StreamState
from octobot_node.egress.meanings import meaning_of
from octobot_node.errors import EgressRefused, InvalidSettings, OctoBotError
from octobot_node.text.masking import masked_text
from octobot_node.text.said_once import SaidOnce
from octobot_plugins.ccxt.remote import Remote
from octobot_plugins.ccxt.streams.connection import Connection, streaming
from octobot_plugins.ccxt.streams.patience import Patience
from octobot_plugins.ccxt.verdicts import KeyRefused

__all__ = ["Listener", "NotStreamed", "Renewed", "Unused", "WentSilent"]

log = structlog.get_logger(__name__)


class NotStreamed(Exception):
    """This exchange does not stream this, or not so that it is of use: it is asked for, for good."""


class WentSilent(Exception):
    """It says nothing any more."""


class Unused(Exception):
    """Nobody wants to know any more."""


class Renewed(Exception):
    """Nothing is wrong: something else is to be listened to from now on."""


class Listener:
    """One stream of one connector."""

    def __init__(self, remote: Remote, clock: Clock, of: Literal["prices", "orders"], patience: Patience) -> None:
        self.patience = patience
        self._remote = remote
        self._clock = clock
        self._of: Literal["prices", "orders"] = of
        self._said = SaidOnce()
        self._breaks = 0
        self._state: StreamState | None = None
        self._begun: Callable[[], None] = lambda: None
        #: Since when it is heard (seconds of the loop's clock); None while it is not.
        self.heard_since: float | None = None

    @property
    def states(self) -> list[StreamState]:
        """What is told of it: nothing while nobody listens."""
        return [] if self._state is None else [self._state]

    async def keep_up(
        self,
        watch: Callable[[Any], Awaitable[None]],
        look: Callable[[], None],
        begun: Callable[[], None] = lambda: None,
    ) -> None:
        """Listen until cancelled, or until it turns out not to be streamed.

        ``watch`` waits for one piece of news of an exchange of ccxt.pro's and takes it in; ``look`` is called now and
        then, and raises WentSilent, Renewed or Unused; ``begun`` is called each time that it is heard again.
        """
        self._begun = begun
        wait = self.patience.back_off
        try:
            while True:
                self._is("opening", self._state.reason if self._state else "")
                try:
                    await self._listen(watch, look)
                except Renewed:
                    continue
                except Unused:
                    raise
                except (NotStreamed, InvalidSettings) as error:
                    log.info("not_streamed", exchange=self._remote.record.id, stream=self._of, reason=str(error))
                    return
                except Exception as raised:  # noqa: BLE001 - whatever a library raises, it is opened again
                    cause = _told_by(raised)
                    well, refused = self._was_well(), _is_refused(cause)
                    self._broke(_reason(cause))
                    wait = self.patience.back_off if well else wait
                    await asyncio.sleep(self.patience.refused if refused else wait)
                    wait = min(wait * 2, self.patience.longest)
        finally:
            self._state, self.heard_since = None, None

    async def _listen(self, watch: Callable[[Any], Awaitable[None]], look: Callable[[], None]) -> None:
        self.heard_since = None
        async with streaming(self._remote, self._heard) as connection:
            watching = asyncio.ensure_future(_each(connection.exchange, watch))
            try:
                while True:
                    done, _ = await asyncio.wait({watching}, timeout=self.patience.look)
                    if done:
                        # ccxt calls off what waits when it closes a connection by itself.
                        raise (None if watching.cancelled() else watching.exception()) or WentSilent("it was closed")
                    self._look(connection)
                    look()
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)

    def _look(self, connection: Connection) -> None:
        if connection.silent_for() > self.patience.silence:
            raise WentSilent(f"nothing came for {self.patience.silence:g} s, no answer to a ping either")

    def _heard(self) -> None:
        if self.heard_since is not None:
            return
        self.heard_since = asyncio.get_running_loop().time()
        self._is("heard")
        if self._said.is_over("broken"):
            log.info("stream_heard_again", exchange=self._remote.record.id, stream=self._of)
        self._begun()

    def _was_well(self) -> bool:
        return (
            self.heard_since is not None and asyncio.get_running_loop().time() - self.heard_since >= self.patience.well
        )

    def _broke(self, reason: str) -> None:
        self._breaks += 1
        self._is("down", reason)
        if self._said.is_news("broken", reason):
            log.warning(
                "stream_down", exchange=self._remote.record.id, stream=self._of, error=reason, instead="it is asked for"
            )

    def _is(self, status: Literal["opening", "heard", "down"], reason: str = "") -> None:
        self._state = StreamState(self._of, status, self._clock.now(), reason, self._breaks)


async def _each(exchange: Any, watch: Callable[[Any], Awaitable[None]]) -> None:
    while True:
        await watch(exchange)


def _told_by(error: Exception) -> Exception:
    """Return what the exchange was said to have told, where ccxt failed over that itself."""
    import ccxt

    before = error.__context__
    is_its_own = not isinstance(error, ccxt.BaseError | OctoBotError | WentSilent)
    return before if is_its_own and isinstance(before, ccxt.BaseError) else error


def _is_refused(error: Exception) -> bool:
    import ccxt

    return isinstance(error, ccxt.AuthenticationError | KeyRefused | EgressRefused)


def _reason(error: Exception) -> str:
    """Return what went wrong; addresses of streams may have a key in them, and are left out."""
    import ccxt

    inner = error.args[0] if error.args and isinstance(error.args[0], Exception) else error.__cause__
    if isinstance(error, OctoBotError | WentSilent):
        return str(error)
    if isinstance(error, ccxt.AuthenticationError):
        return "the exchange does not take the key for it"
    if isinstance(error, ccxt.NetworkError):
        return (
            str(meaning_of(inner)) if isinstance(inner, Exception) else f"the connection broke ({type(error).__name__})"
        )
    return f"{type(error).__name__}: {masked_text(str(error)[:200])}"
