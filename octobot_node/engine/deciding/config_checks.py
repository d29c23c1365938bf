"""What types say against automations that are to be created, or edited, on the market of now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING

import structlog

from octobot_node.automation import Finding, Needs
from octobot_node.engine.deciding.tick_batch import lacking
from octobot_node.engine.evaluating.config_checks import findings_of
from octobot_node.engine.evaluating.configs import ValidConfig
from octobot_node.engine.evaluating.decision_checks import load_needs
from octobot_node.errors import DataUnavailable, UsageError
from octobot_node.market import Market

if TYPE_CHECKING:
    from octobot_node.engine.core import Core
    from octobot_node.engine.market.account import Account

__all__ = ["Proposal", "check_proposals"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A config on an account that exists, with all that the automation has, or will have."""

    account_id: str
    config: ValidConfig
    budget: Mapping[str, Decimal]


def check_proposals(core: Core, proposals: Sequence[Proposal]) -> list[tuple[Finding, ...]]:
    """Return what is found in each, in order: one look at each market, whoever trades there.

    Nothing where a market or an account does not answer: the first tick asks again. Outside any transaction.
    """
    accounts = {each.account_id: _opened(core, each.account_id) for each in proposals}
    asked: dict[str, set[str]] = {}
    for each in proposals:
        account = accounts[each.account_id]
        if account is not None:
            asked.setdefault(account.source, set()).update(load_needs(each.config.needs).symbols)
    markets = {source: _market(core, source, symbols) for source, symbols in asked.items()}
    lists = {source: _list(core, source) for source, market in markets.items() if market is not None}
    return [_findings(each, accounts[each.account_id], markets, lists) for each in proposals]


def _findings(
    proposal: Proposal,
    account: Account | None,
    markets: Mapping[str, Market | None],
    lists: Mapping[str, Collection[str]],
) -> tuple[Finding, ...]:
    market = None if account is None else markets[account.source]
    if account is None or market is None:
        return ()
    needs = load_needs(proposal.config.needs)
    unknown = tuple(_unknown(proposal, account, symbol, market, lists) for symbol in sorted(needs.symbols))
    told = tuple(each for each in unknown if each is not None)
    if lacking(Needs(tickers=tuple(needs.symbols)), market):
        return told
    seen = Market(
        market.as_of,
        {symbol: market.tickers[symbol] for symbol in needs.symbols},
        {},
        {symbol: market.all_rules[symbol] for symbol in needs.symbols},
    )
    asked = findings_of(
        proposal.config.automation, proposal.config.model, account.charging(seen), dict(proposal.budget)
    )
    return (*told, *asked)


def _unknown(
    proposal: Proposal, account: Account, symbol: str, market: Market, lists: Mapping[str, Collection[str]]
) -> Finding | None:
    """Return that a market does not list a symbol, or that nobody but a simulated one would."""
    listed, where = lists[account.source], account.source.partition(":")[0]
    if symbol in market.all_rules and (symbol in listed or not listed):
        return None
    near = get_close_matches(symbol, listed, n=1)
    cure = f"did you mean {near[0]}?" if near else "`octobot-node markets symbols` lists those that it has"
    field = "symbol" if getattr(proposal.config.model, "symbol", None) == symbol else ""
    if symbol not in market.all_rules:
        return Finding(field, f"{symbol} is not listed by {where}: {cure}", "error")
    return Finding(field, f"{where} does not list {symbol}, and makes prices for it all the same: {cure}")


def _opened(core: Core, account_id: str) -> Account | None:
    try:
        return core.accounts.get(account_id)
    except Exception as error:  # noqa: BLE001 - whatever a connector raises, its automations will wait and say why
        log.warning("account_closed", account=account_id, error=str(error))
        return None


def _market(core: Core, source: str, symbols: set[str]) -> Market | None:
    try:
        return core.hub.snapshot(source, Needs(tickers=tuple(sorted(symbols))))
    except (DataUnavailable, UsageError):
        return None


def _list(core: Core, source: str) -> Collection[str]:
    """Return the symbols that a market lists, nothing where it lists none, or does not answer."""
    try:
        return core.hub.symbols(source)[0]
    except (DataUnavailable, UsageError):
        return ()
