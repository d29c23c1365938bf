"""What an answer means for the request that it answers: by its status and the exchange's own code, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from octobot_node.errors import ExchangeError, NotSent, OrderRefused, RequestExpired, Unresolved
from octobot_node.text.masking import masked_text
from octobot_plugins.ccxt.exchanges.record import ExchangeRecord, Meaning

__all__ = ["KeyRefused", "Reply", "Verdict", "error_of", "judge"]

_BUSY_S = 30.0
_TEXT = 300


class KeyRefused(OrderRefused):
    """The exchange does not take the key: nothing was executed, and nothing will be until it is mended."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came: ``body`` is its JSON, None where it is none."""

    status: int
    headers: Mapping[str, str]
    text: str
    body: Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a request; ``meaning`` is None for a success."""

    meaning: Meaning | None
    said: str = ""
    retry_after: float | None = None


def judge(record: ExchangeRecord, reply: Reply) -> Verdict:
    """Return what a reply means; whatever no table has is unknown."""
    # A rate limit comes before the exchange: whatever the body says, nothing was looked at.
    by_status = Meaning.LIMITED if reply.status == 429 else record.statuses.get(reply.status)
    said = list(record.said(reply.body))
    words = "; ".join(map(str, said)) or f"HTTP {reply.status}: {reply.text[:_TEXT]}"
    if by_status is not None and not any(record.meaning(each) for each in said):
        return Verdict(by_status, words, _seconds(reply))
    if reply.status >= 500:
        return Verdict(Meaning.UNKNOWN, words)
    if said:
        meanings = [record.meaning(each) or Meaning.UNKNOWN for each in said]
        meaning = Meaning.UNKNOWN if Meaning.UNKNOWN in meanings else meanings[0]
        return Verdict(meaning, words, _seconds(reply) if meaning is Meaning.LIMITED else None)
    if not 200 <= reply.status < 300 or reply.body is None:
        return Verdict(Meaning.UNKNOWN, words)
    return Verdict(None)


def error_of(record: ExchangeRecord, verdict: Verdict) -> ExchangeError:
    """Return the error that says what a failure means to the engine."""
    told = f"{record.title}: {masked_text(verdict.said[:_TEXT])}"
    match verdict.meaning:
        case Meaning.REFUSED:
            return OrderRefused(told)
        case Meaning.KEY:
            return KeyRefused(
                f"{told}: it does not take the key: see there whether it holds, what it may and from which addresses"
            )
        case Meaning.EXPIRED:
            return RequestExpired(told)
        case Meaning.CLOCK:
            return RequestExpired(f"{told}: this machine's clock and the exchange's are apart, they are compared anew")
        case Meaning.LIMITED:
            return NotSent(told, verdict.retry_after)
        case Meaning.MAINTENANCE:
            return NotSent(told, _BUSY_S)
        case _:
            return Unresolved(told)


def _seconds(reply: Reply) -> float | None:
    try:
        return max(float(reply.headers["retry-after"]), 0.0)
    except (KeyError, ValueError):
        return None
