"""Accounts: what they have, free and locked, and their keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

__all__ = ["Account", "ApiKey"]


@dataclass(slots=True)
class ApiKey:
    """One key of an account. ``passphrase`` is for exchanges that ask for one.

    ``addresses``: the peers that it may be used from; empty for all.
    """

    account: str
    key: str
    secret: str
    passphrase: str = ""
    may_trade: bool = True
    may_withdraw: bool = False
    addresses: frozenset[str] = frozenset()
    revoked: bool = False


@dataclass(slots=True)
class Account:
    """Money of one account. ``fee_token``: pays fees in this asset while it has some and it is listed, as BNB does."""

    name: str
    fee_token: str = ""
    free: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    locked: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def lock(self, asset: str, amount: Decimal) -> bool:
        """Move from free to locked; return False, and move nothing, if there is not so much."""
        if self.free[asset] < amount:
            return False
        self.free[asset] -= amount
        self.locked[asset] += amount
        return True

    def unlock(self, asset: str, amount: Decimal) -> None:
        """Move back."""
        self.free[asset] += amount
        self.locked[asset] -= amount

    def totals(self) -> Mapping[str, Decimal]:
        """Return asset -> free and locked."""
        return {asset: self.free[asset] + self.locked[asset] for asset in sorted({*self.free, *self.locked})}
