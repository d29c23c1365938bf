"""Wake the automations of accounts whose orders may leave again: what was kept from leaving woke nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from octobot_node.store import automations, intents, schedules
from octobot_node.store.tables import accounts
from octobot_node.store.tables import intents as intents_table

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["WAKES", "AccountWakes"]

_WOKEN = 1_000
#: In the words of the partial index, without which SQLite does not use it.
WAKES = sa.text("accounts.wakes")


class AccountWakes:
    """Does what going live, or getting back what was missing, leaves to be done; killed in between, it goes on."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def move_on(self, go_on: Callable[[], bool] = lambda: True) -> int:
        """Wake those who have not been told what became of their orders, while ``go_on()``; return how many."""
        with self._core.storage.read() as connection:
            waiting = list(connection.scalars(sa.select(accounts.c.id).where(WAKES).order_by(accounts.c.id)))
        woken = 0
        for account_id in waiting:
            with self._core.storage.read() as connection:
                ids = intents.automations_with_news(connection, intents_table.c.account_id == account_id)
            for start in range(0, len(ids), _WOKEN):
                if not go_on():
                    return woken + start
                with self._core.storage.write() as connection:
                    schedules.wake(connection, ids[start : start + _WOKEN], self._core.clock.now())
            with self._core.storage.write() as connection:
                automations.update_account(connection, account_id, {"wakes": False})
            woken += len(ids) + 1
        return woken
