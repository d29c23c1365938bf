"""What an author says of an automation type to those who choose one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, TypeAlias

__all__ = ["About", "Category", "Example", "Figure", "FigureKind", "Icon", "Need", "Preset", "Risk"]

FigureKind: TypeAlias = Literal["money", "percent", "count", "price", "time", "number", "text"]


class Category(StrEnum):
    """What a type is for: where it stands in a catalogue."""

    #: Buys over time.
    ACCUMULATE = "accumulate"
    #: Buys and sells around a price.
    RANGE = "range"
    #: Keeps the weights of several assets.
    PORTFOLIO = "portfolio"
    #: One trade, or one idea of when to trade.
    TRADE = "trade"
    #: Does what messages from outside say.
    SIGNALS = "signals"
    #: Tells people, and trades nothing.
    WATCH = "watch"
    #: Ends what others do.
    PROTECT = "protect"
    OTHER = "other"


class Icon(StrEnum):
    """The pictures that every interface has; a type without one of its own is a robot."""

    ARROWS = "arrows"
    BELL = "bell"
    CALENDAR = "calendar"
    CHART = "chart"
    CLOCK = "clock"
    GRID = "grid"
    ROBOT = "robot"
    SCALE = "scale"
    SHIELD = "shield"
    SIGNAL = "signal"
    TARGET = "target"
    WAVE = "wave"


class Risk(StrEnum):
    """What may be lost, beside what the market takes from whoever merely holds."""

    #: It orders nothing.
    NONE = "none"
    #: It buys what it holds, and loses what that loses.
    LOW = "low"
    #: It trades often, or buys more of what falls.
    MEDIUM = "medium"
    #: A single decision may cost a large part of the budget.
    HIGH = "high"


class Need(StrEnum):
    """What must be there for it to work."""

    BUDGET = "budget"
    PRICES = "prices"
    CANDLES = "candles"
    #: Somebody who sends messages to its inbox.
    SIGNALS = "signals"
    #: Another automation of the same owner.
    AUTOMATION = "automation"
    #: Somebody whom a notifier reaches.
    NOTIFIER = "notifier"


@dataclass(frozen=True, slots=True)
class Preset:
    """Values for a form, under a name that says what they are for; what they leave out stays as it was."""

    title: str
    config: Mapping[str, Any]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A whole config with a budget by asset, which can be created as it is."""

    title: str
    config: Mapping[str, Any]
    budget: Mapping[str, Decimal] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """What a figure of ``Decision(figures=…)`` is, by its label.

    A ``*`` in the label stands for anything, such as an asset. ``unit`` is an asset, or ``quote`` or ``base``, which
    are those of the config's ``symbol``, or its ``quote``; of a price it is the asset that it is in.
    """

    label: str
    kind: FigureKind
    unit: str = ""
    #: What programs call it; "" is made of the label.
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """How a type presents itself; everything may be left out.

    Texts are plain, but ``text``, which is Markdown.
    """

    #: What it is called; "" is its name.
    title: str = ""
    category: Category = Category.OTHER
    icon: Icon = Icon.ROBOT
    #: None: its author does not say.
    risk: Risk | None = None
    #: Why, in one sentence.
    risk_text: str = ""
    #: Words that a search finds it by.
    tags: Sequence[str] = ()
    #: How it works, for somebody who considers it; "" is the class's docstring.
    text: str = ""
    examples: Sequence[Example] = ()
    presets: Sequence[Preset] = ()
    #: With less it can do little: by asset, or by ``quote`` and ``base``, which are those of the config's symbol.
    least_budget: Mapping[str, Decimal] = field(default_factory=dict)
    needs: Sequence[Need] = ()
    #: What its figures are; one that is not among them is a number or a text.
    figures: Sequence[Figure] = ()
