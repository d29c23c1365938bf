"""The exchanges that accounts may be on, as forms and lists offer them, out of the records."""

from __future__ import annotations

from collections.abc import Sequence

from octobot_node.contracts.exchanges import ExchangeOffer
from octobot_plugins.ccxt.exchanges import VOUCHED

__all__ = ["offers"]


def offers() -> Sequence[ExchangeOffer]:
    """Return every exchange that we vouch for; any other spot exchange of ccxt may be named as well."""
    return [
        ExchangeOffer(
            name=record.id,
            title=record.title,
            settings={"exchange": record.id},
            source="ccxt",
            source_settings={"exchange": record.id},
            capabilities=record.capabilities,
            sandbox=record.sandbox,
            needs=("password",) if record.needs_password else (),
            notes=record.notes,
        )
        for record in VOUCHED
    ]
