"""Columns of all automations: arrays to filter and sort by, a slot for each automation."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from octobot_node.engine.standings.prices import Priced
from octobot_node.engine.standings.standing import Standing, packed

__all__ = ["Codes", "Columns", "Floats", "Slots"]

Floats = npt.NDArray[np.float64]
Slots = npt.NDArray[np.int64]
_W = TypeVar("_W", bound=Hashable)
#: Slots to begin with.
_ROOM = 1_024
_NUMBERS = {
    "owner": np.int32, "account": np.int32, "type": np.int32, "status": np.int32, "asset": np.int32,
    "since": np.int64, "created": np.int64, "first": np.int32, "payer": np.int32,
    "money": np.float64, "start": np.float64, "cost": np.float64, "realised": np.float64, "began": np.float64,
    "amount": np.float64,
}  # fmt: skip


class Codes(Generic[_W]):
    """Words as numbers, in the order in which they came."""

    def __init__(self) -> None:
        self.words: list[_W] = []
        self._codes: dict[_W, int] = {}

    def of(self, word: _W) -> int:
        """Return a word's number."""
        found = self._codes.get(word)
        if found is None:
            found = self._codes[word] = len(self.words)
            self.words.append(word)
        return found

    def known(self, words: Iterable[_W]) -> list[int]:
        """Return the numbers of those words that there are."""
        return [self._codes[word] for word in words if word in self._codes]


class Columns:
    """What is known of each automation; floats are for filters and order, ``packed`` has the exact amounts."""

    def __init__(self) -> None:
        self.slots: dict[str, int] = {}
        self.ids: list[str] = []
        self.names: list[str] = []
        self.texts: list[str] = []
        self.tags: list[tuple[str, ...]] = []
        self.symbols: list[tuple[str, ...]] = []
        self.packed: list[str] = []
        self.owners, self.accounts, self.types = Codes[str](), Codes[str](), Codes[str]()
        self.statuses, self.assets = Codes[str](), Codes[str]()
        self.first_symbols = Codes[str]()
        self.priced = Codes[Priced]()
        #: Of those that hold more than one symbol: slot -> [(priced, payer or -1, amount)], but the first.
        self.more: dict[int, list[tuple[int, int, float]]] = {}
        self.alive = np.zeros(_ROOM, dtype=np.bool_)
        self._numbers: dict[str, Any] = {name: np.zeros(_ROOM, dtype=kind) for name, kind in _NUMBERS.items()}
        self.first_symbol = np.full(_ROOM, -1, dtype=np.int32)
        #: Slots in order of id; ids grow with time, so that a new one is nearly always the last.
        self._in_order: list[int] = []
        self._last = ""
        self._unsorted = False
        self._ordered: Slots | None = None
        #: Counts changes of names: what is in their order is right until then.
        self.renamed = 0

    def __len__(self) -> int:
        return len(self.ids)

    def number(self, name: str) -> Any:
        """Return a column of numbers, of every slot."""
        return self._numbers[name][: len(self.ids)]

    @property
    def living(self) -> npt.NDArray[np.bool_]:
        """Which slots have an automation."""
        return self.alive[: len(self.ids)]

    def in_order(self) -> Slots:
        """Return the slots that have an automation, in order of id."""
        if self._ordered is None:
            if self._unsorted:
                self._in_order.sort(key=self.ids.__getitem__)
                self._unsorted = False
            slots = np.array(self._in_order, dtype=np.int64)
            self._ordered = slots[self.living[slots]] if len(slots) else slots
        return self._ordered

    def put(self, standing: Standing, source: str) -> int:
        """Write an automation as it stands; return its slot."""
        slot = self.slots.get(standing.id)
        if slot is None:
            slot = self._new_slot(standing.id)
        main = standing.main
        if self.names[slot] != standing.name or not self.alive[slot]:
            self.names[slot] = standing.name
            self.renamed += 1
            self._ordered = None
        # What it is searched by, of any case of letters.
        self.texts[slot] = "\n".join([standing.name, standing.type, *standing.symbols, *standing.tags]).casefold()
        self.tags[slot], self.symbols[slot] = standing.tags, standing.symbols
        self.packed[slot] = packed(standing)
        self.alive[slot] = True
        self.first_symbol[slot] = self.first_symbols.of(standing.symbols[0]) if standing.symbols else -1
        began = standing.began.get(main.asset)
        numbers = {
            "owner": self.owners.of(standing.owner),
            "account": self.accounts.of(standing.account_id),
            "type": self.types.of(standing.type),
            "status": self.statuses.of(standing.status),
            "asset": self.assets.of(main.asset),
            "since": standing.since,
            "created": standing.created_at,
            "money": float(main.money),
            "start": float(main.start),
            "cost": float(main.cost),
            "realised": float(main.realised),
            "began": np.nan if began is None else float(began),
        }
        for name, value in numbers.items():
            self._numbers[name][slot] = value
        held = [
            (self.priced.of((source, symbol)), self.priced.of((source, payer)) if payer else -1, float(amount))
            for (symbol, payer), amount in main.held.items()
        ]
        first = held[0] if held else (-1, -1, 0.0)
        for name, value in zip(("first", "payer", "amount"), first, strict=True):
            self._numbers[name][slot] = value
        self.more.pop(slot, None)
        if len(held) > 1:
            self.more[slot] = held[1:]
        # What is held beside the main asset's positions has prices, too.
        for each in standing.counted[1:]:
            for symbol, payer in each.held:
                self.priced.of((source, symbol))
                if payer:
                    self.priced.of((source, payer))
        return slot

    def drop(self, automation_id: str) -> None:
        """Forget an automation."""
        slot = self.slots.pop(automation_id, None)
        if slot is not None:
            self.alive[slot] = False
            self.renamed += 1
            self._ordered = None
            self.more.pop(slot, None)
            self.names[slot] = self.texts[slot] = self.packed[slot] = ""

    def equity(self, price: Floats) -> Floats:
        """Return what each slot is worth in its asset at prices by number; NaN where one of them is not known."""
        held = self.number("first")
        rate = np.where(self.number("payer") >= 0, price[self.number("payer")], 1.0) if len(price) else 1.0
        worth = np.where(held >= 0, self.number("amount") * price[held] * rate, 0.0) if len(price) else 0.0
        found: Floats = self.number("money") + worth
        for slot, others in self.more.items():
            found[slot] += sum(amount * price[each] * (price[by] if by >= 0 else 1.0) for each, by, amount in others)
        return found

    def _new_slot(self, automation_id: str) -> int:
        slot = self.slots[automation_id] = len(self.ids)
        if slot == len(self.alive):
            self._grow()
        self.ids.append(automation_id)
        for each in (self.names, self.texts, self.packed):
            each.append("")
        for every in (self.tags, self.symbols):
            every.append(())
        self._in_order.append(slot)
        self._unsorted = self._unsorted or automation_id < self._last
        self._last = max(self._last, automation_id)
        return slot

    def _grow(self) -> None:
        more = len(self.alive)
        self.alive = np.concatenate([self.alive, np.zeros(more, dtype=np.bool_)])
        self.first_symbol = np.concatenate([self.first_symbol, np.full(more, -1, dtype=np.int32)])
        self._numbers = {
            name: np.concatenate([values, np.zeros(more, dtype=values.dtype)]) for name, values in self._numbers.items()
        }
