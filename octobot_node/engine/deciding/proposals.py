"""What types say against automations that are to be created, or edited, on the market of now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
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
    from octobot_node.engine.market.opened_accounts import Account

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
    return [_findings(each, accounts[each.account_id], markets) for each in proposals]


def _findings(proposal: Proposal, account: Account | None, markets: Mapping[str, Market]) -> tuple[Finding, ...]:
    if account is None:
        return ()
    needs, market = load_needs(proposal.config.needs), markets[account.source]
    if lacking(Needs(tickers=tuple(needs.symbols)), market):
        return ()
    seen = Market(
        market.as_of,
        {symbol: market.tickers[symbol] for symbol in needs.symbols},
        {},
        {symbol: market.all_rules[symbol] for symbol in needs.symbols},
    )
    return findings_of(proposal.config.automation, proposal.config.model, account.charging(seen), dict(proposal.budget))


def _opened(core: Core, account_id: str) -> Account | None:
    try:
        return core.accounts.get(account_id)
    except Exception as error:  # noqa: BLE001 - whatever a connector raises, its automations will wait and say why
        log.warning("account_closed", account=account_id, error=str(error))
        return None


def _market(core: Core, source: str, symbols: set[str]) -> Market:
    from octobot_node.market import from_ms

    try:
        return core.hub.snapshot(source, Needs(tickers=tuple(sorted(symbols))))
    except (DataUnavailable, UsageError):
        return Market(from_ms(core.clock.now()))
