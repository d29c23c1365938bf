"""Find automations on the board, in an order, and jump into the middle of what was found."""

from __future__ import annotations

import bisect
import threading
import time
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from octobot_node.engine.standings.board import Board
from octobot_node.engine.standings.columns import Floats, Slots
from octobot_node.engine.standings.sorts import Sort
from octobot_node.errors import UsageError
from octobot_node.store.tables import schedule

if TYPE_CHECKING:
    from octobot_node.contracts.storage import Storage

__all__ = ["Finder", "Found", "Query"]

_PRICED = frozenset({"equity", "unrealised", "pnl", "pnl_ratio", "today"})
_TIMES = {"next_run": schedule.c.next_run_at, "last_run": schedule.c.ticked_at}
#: When automations run next changes with every tick: what is sorted by it is as of so many seconds ago at most.
_TIMES_S = 5.0
#: Results that are kept for whoever turns the page.
_KEPT = 32


@dataclass(frozen=True, slots=True)
class Query:
    """Which automations; None: any. ``types`` are full names, ``words`` are all in the name, type, symbols or tags."""

    owner: str | None = None
    statuses: frozenset[str] | None = None
    types: frozenset[str] | None = None
    account_id: str | None = None
    symbol: str | None = None
    tags: frozenset[str] | None = None
    words: tuple[str, ...] = ()
    ids: frozenset[str] | None = None
    #: The trading connectors of accounts that they are on.
    trading: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, in order: slots, and what each is sorted by; ``words`` are what that stands for, where it is
    text.
    """

    slots: Slots
    keys: Floats
    ids: list[str]
    words: list[str] | None = None
    descending: bool = False
    #: Sorted by nothing but the id; otherwise what is equal is in order of it.
    by_id: bool = False

    def cursor(self, index: int) -> str:
        """Return the place behind a row."""
        key = self.keys[index]
        if self.by_id:
            return self.ids[int(self.slots[index])]
        if self.words is not None:
            return f"{self.ids[int(self.slots[index])]} {self.words[int(abs(key))]}"
        return f"{self.ids[self.slots[index]]} {'' if np.isnan(key) else float(key).hex()}"

    def behind(self, cursor: str) -> int:
        """Return the index of the first row behind a place; raise UsageError for what never was one."""
        id_, _, text = cursor.partition(" ")
        if self.by_id:
            return self._behind_id(id_)
        key = self._key(text)
        low = int(np.searchsorted(self.keys, key, side="left"))
        high = int(np.searchsorted(self.keys, key, side="right"))
        return bisect.bisect_right(range(high), id_, lo=low, key=lambda index: self.ids[self.slots[index]])

    def _behind_id(self, id_: str) -> int:
        count = len(self.slots)
        if not self.descending:
            return bisect.bisect_right(range(count), id_, key=lambda index: self.ids[self.slots[index]])
        return count - bisect.bisect_left(range(count), id_, key=lambda index: self.ids[self.slots[count - 1 - index]])

    def _key(self, text: str) -> float:
        if self.words is not None:
            at = bisect.bisect_left(self.words, text)
            found = float(at) if at < len(self.words) and self.words[at] == text else at - 0.5
            return -found if self.descending else found
        try:
            return float.fromhex(text) if text else float("nan")
        except ValueError:
            raise UsageError("the cursor is none that was given for this order: send a page's `next_cursor`") from None


class Finder:
    """Finds on a board, and remembers what was found for the next page."""

    def __init__(self, board: Board, storage: Storage) -> None:
        self._board = board
        self._storage = storage
        self._kept: OrderedDict[Any, Found] = OrderedDict()
        self._times: dict[str, tuple[float, int, Floats]] = {}
        self._ranks: dict[str, tuple[int, list[str], npt.NDArray[np.int64]]] = {}
        self._lock = threading.Lock()

    def find(self, query: Query, sort: Sort, *, descending: bool) -> Found:
        """Return what fits, in order; what has no value of the column comes last. The board's lock is held."""
        board = self._board
        if sort in _PRICED:
            board.want_prices()
        now = time.monotonic()
        if sort in _TIMES:
            self._read_times(sort, now)
        of_prices = board.prices.version if sort in _PRICED else 0
        of_times = self._times[sort][0] if sort in _TIMES else 0
        key = (board.version, of_prices, of_times, query, sort, descending)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._found(query, sort, descending)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return found

    def _found(self, query: Query, sort: Sort, descending: bool) -> Found:
        columns, slots = self._board.columns, self.slots(query)
        keys, words = self._keys(sort)
        if keys is None:
            # In order of id, which is that of creation.
            chosen = slots[::-1] if descending else slots
            return Found(chosen, np.zeros(len(chosen)), columns.ids, None, descending, by_id=True)
        values = keys[slots]
        if descending:
            values = -values
        order = np.argsort(values, kind="stable")
        return Found(slots[order], values[order], columns.ids, words, descending)

    # -- which

    def slots(self, query: Query) -> Slots:
        """Return the slots that fit, in order of id."""
        columns = self._board.columns
        slots = columns.in_order()
        for name, codes, wanted in (
            ("owner", columns.owners, None if query.owner is None else [query.owner]),
            ("status", columns.statuses, query.statuses),
            ("type", columns.types, query.types),
            ("account", columns.accounts, self._accounts(query)),
        ):
            if wanted is not None:
                slots = slots[np.isin(columns.number(name)[slots], codes.known(wanted))]
        if query.ids is not None:
            chosen = [columns.slots[id_] for id_ in query.ids if id_ in columns.slots]
            slots = slots[np.isin(slots, chosen)]
        if query.symbol is not None:
            slots = _those(slots, [query.symbol in columns.symbols[slot] for slot in slots.tolist()])
        if query.tags is not None:
            slots = _those(slots, [query.tags <= set(columns.tags[slot]) for slot in slots.tolist()])
        words, texts = [word.casefold() for word in query.words], columns.texts
        while words and len(slots):
            # Two at a time: a word that nearly all have must not cost a pass of its own.
            one, other = words.pop(0), words.pop(0) if words else ""
            if len(slots) > len(texts) // 2:
                fits = np.array([one in text and other in text for text in texts], dtype=np.bool_)
                slots = slots[fits[slots]]
            else:
                slots = _those(slots, [one in texts[slot] and other in texts[slot] for slot in slots.tolist()])
        return slots

    def _accounts(self, query: Query) -> Collection[str] | None:
        if query.account_id is not None:
            wanted: Collection[str] = [query.account_id]
        elif query.trading is not None:
            wanted = list(self._board.accounts)
        else:
            return None
        if query.trading is None:
            return wanted
        accounts = self._board.accounts
        return [id_ for id_ in wanted if id_ in accounts and accounts[id_].trading in query.trading]

    # -- in which order

    def _keys(self, sort: Sort) -> tuple[Floats | None, list[str] | None]:
        """Return what each slot is sorted by, and what the numbers stand for where that is text; None: by its id."""
        columns = self._board.columns
        if sort == "created":
            return None, None
        if sort in _TIMES:
            return self._times[sort][2], None
        if sort in ("since", "start", "realised"):
            return columns.number(sort).astype(np.float64), None
        if sort in ("equity", "unrealised", "pnl", "pnl_ratio", "today"):
            return self._money(sort), None
        return self._words(sort)

    def _money(self, sort: Sort) -> Floats:
        columns = self._board.columns
        equity = self._board.equity()
        if sort == "equity":
            return equity
        less = {
            "today": columns.number("began"),
            "unrealised": columns.number("money") + columns.number("cost"),
        }.get(sort, columns.number("start"))
        gain: Floats = equity - less
        if sort != "pnl_ratio":
            return gain
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio: Floats = np.where(columns.number("start") > 0, gain / columns.number("start"), np.nan)
        return ratio

    def _words(self, sort: Sort) -> tuple[Floats, list[str]]:
        columns = self._board.columns
        if sort == "name":
            words, ranks = self._ranked(sort, columns.names)
            return ranks.astype(np.float64), words
        names = {
            "status": columns.statuses.words,
            "type": [name.rpartition(".")[2] for name in columns.types.words],
            "account": [self._account_name(id_) for id_ in columns.accounts.words],
            "symbol": columns.first_symbols.words,
        }[sort]
        codes = columns.first_symbol[: len(columns)] if sort == "symbol" else columns.number(sort)
        words = sorted(set(names))
        places = {word: place for place, word in enumerate(words)}
        rank = np.array([places[name] for name in names], dtype=np.float64)
        if not len(rank):
            return np.full(len(codes), np.nan), words
        return np.where(codes >= 0, rank[codes], np.nan), words

    def _account_name(self, account_id: str) -> str:
        account = self._board.accounts.get(account_id)
        return "" if account is None else account.name

    def _ranked(self, name: str, values: list[str]) -> tuple[list[str], npt.NDArray[np.int64]]:
        """Return the words in order, and which of them each slot has; kept until one of them changes."""
        known = self._ranks.get(name)
        renamed = self._board.columns.renamed
        if known is not None and known[0] == renamed and len(known[2]) == len(values):
            return known[1], known[2]
        words = sorted(set(values))
        places = {word: place for place, word in enumerate(words)}
        ranks = np.array([places[value] for value in values], dtype=np.int64)
        self._ranks[name] = (renamed, words, ranks)
        return words, ranks

    def _read_times(self, sort: Sort, now: float) -> None:
        known = self._times.get(sort)
        columns = self._board.columns
        if known is not None and now - known[0] < _TIMES_S and len(known[2]) == len(columns):
            return
        found = np.full(len(columns), np.nan)
        wanted = sa.select(schedule.c.automation_id, _TIMES[sort]).where(_TIMES[sort].is_not(None))
        if sort == "next_run":
            wanted = wanted.where(schedule.c.runnable)
        with self._storage.read() as connection:
            for automation_id, moment in connection.execute(wanted):
                slot = columns.slots.get(automation_id)
                if slot is not None:
                    found[slot] = moment
        self._times[sort] = (now, self._board.version, found)


def _those(slots: Slots, fit: list[bool]) -> Slots:
    return slots[np.array(fit, dtype=np.bool_)] if fit else slots
