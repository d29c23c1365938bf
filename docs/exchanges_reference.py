"""The guarantees of each exchange, from the connector's own records."""

from __future__ import annotations

from collections.abc import Iterator

from octobot_node.contracts.exchanges import Capabilities, Lookup
from octobot_plugins.ccxt.exchanges import VOUCHED, record_of
from octobot_plugins.ccxt.exchanges.record import ExchangeRecord

__all__ = ["guarantees", "sources"]

_DEDUPE = {"none": "never", "open": "while the first is open", "forever": "for ever"}
_COLUMNS = (
    "`exchange`",
    "an order whose answer is lost",
    "one client id twice",
    "found by client id",
    "late requests",
    "shown after",
    "orders that it has not",
)
_FIELDS = {
    "dedupe": "one id twice",
    "lookup": "look-up",
    "request_expiry": "expiry",
    "visibility_lag_ms": "lag",
    "client_id_length": "client id",
    "market_spend": "market buys",
    "native_stops": "stops",
    "post_only": "post-only",
}


def guarantees() -> str:
    """Return the table of what each exchange guarantees."""
    return "\n".join(_guarantees())


def _guarantees() -> Iterator[str]:
    yield f"| {' | '.join(_COLUMNS)} |"
    yield f"| {' | '.join('---' for _ in _COLUMNS)} |"
    for record in VOUCHED:
        yield _row(f"`{record.id}`", record)
    yield _row("any other", record_of("any other"))


def _row(name: str, record: ExchangeRecord) -> str:
    can = record.capabilities
    outcome = "**exact**: found, or sent again on proof" if record.capabilities.exact else "at most once, then a person"
    expiry = "thrown away" if can.request_expiry else "executed"
    cells = (
        name,
        outcome,
        f"refused {_DEDUPE[can.dedupe]}" if can.dedupe != "none" else "accepted",
        _reach(can.lookup),
        expiry,
        f"{can.visibility_lag_ms / 1000:g} s",
        ", ".join(_lacking(can)) or "none",
    )
    return f"| {' | '.join(cells)} |"


def _lacking(can: Capabilities) -> Iterator[str]:
    there = {
        "stops": can.native_stops,
        "at market": can.market_orders,
        "market buys by amount": can.market_amount or not can.market_orders,
        "fill-or-kill": can.fill_or_kill,
        "post-only": can.post_only,
    }
    yield from (name for name, has in there.items() if not has)


def _reach(lookup: Lookup) -> str:
    if lookup.reach == "recent":
        hours = lookup.recent_ms / 3_600_000
        return f"for {hours / 24:g} days after its end" if hours >= 48 else f"for {hours:g} hours after its end"
    return {"none": "no", "open": "while it is open", "all": "always"}[lookup.reach]


def sources() -> str:
    """Return what each promise rests on, a list for each exchange."""
    return "\n\n".join("\n".join(_of(record)) for record in VOUCHED)


def _of(record: ExchangeRecord) -> Iterator[str]:
    can = record.capabilities
    offered = {
        "market buys in quote": can.market_spend,
        "stop orders": can.native_stops,
        "post-only orders": can.post_only,
        "a test network (`sandbox`)": record.sandbox,
    }
    has = ", ".join(name for name, there in offered.items() if there) or "nothing more"
    yield f"### {record.title}"
    yield ""
    yield f"It has {has}. Fees are paid in {'quote' if record.fee_in == 'quote' else 'what is received'}."
    yield from record.notes
    yield ""
    yield "| | rests on |"
    yield "| --- | --- |"
    for field, name in _FIELDS.items():
        yield f"| {name} | {record.sources[field].replace('|', ' ')} |"
