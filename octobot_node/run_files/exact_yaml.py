"""YAML read exactly: decimals as written, no key twice, and the line of every value.

The YAML 1.2 core schema, not PyYAML's 1.1: there ``10:30`` is the number 630, ``NO`` is false and ``2024-01-01`` is a
date. The document is built from parser events, since libyaml's own composer recurses and can crash on a nested file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from octobot_node.text.from_outside import HALF, has_half
from octobot_node.text.numbers import DIGITS, exact_decimal, exact_int
from octobot_node.text.validation_messages import Place

__all__ = ["Document", "YamlProblem", "read_yaml"]


_DEPTH = 50
#: What aliases may add before the document counts as an attack.
_ALIASED = 100_000
#: What the values may add up to, each as many as the levels that it is inside: some ten thousand automations.
_LEVELS = 2_000_000

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_WORDS: Mapping[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class YamlProblem(ValueError):
    """The text cannot be read; ``line`` and ``column`` count from 1, ``path`` is as far as reading came."""

    def __init__(self, text: str, *, line: int, column: int, path: Place = ()) -> None:
        super().__init__(text)
        self.line = line
        self.column = column
        self.path = path


@dataclass(frozen=True, slots=True)
class Document:
    """What a text says, as plain Python values with Decimal for every number that is not whole."""

    value: Any
    lines: Mapping[Place, int]

    def line(self, path: Place) -> int:
        """Return the line of the value at ``path``, or of the nearest value around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(text: str) -> Document:
    """Return the one document in ``text``; raise YamlProblem where it is not YAML or a key stands twice."""
    if has_half(text):
        # libyaml would take it for our own mistake.
        raise YamlProblem(HALF, line=1, column=1)
    reader = _Reader(yaml.parse(text, Loader=_LOADER))
    try:
        value = reader.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise YamlProblem(_explained(error, text, line), line=line, column=column) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise YamlProblem("a control character is not allowed: remove it", line=line, column=column) from None
    return Document(value, reader.lines)


def _explained(error: yaml.MarkedYAMLError, text: str, line: int) -> str:
    if "nesting depth" in str(error.problem):
        # PyYAML's own limit is far beyond ours, and reached before ours where nothing is ever closed.
        return f"is nested more than {_DEPTH} levels deep: flatten it"
    lines = text.splitlines()
    if line <= len(lines) and "\t" in lines[line - 1]:
        return "a tab cannot indent YAML: use spaces"
    return " ".join(part for part in (error.problem, error.context) if part)


@dataclass(slots=True)
class _Reader:
    events: Iterator[Any]
    lines: dict[Place, int] = field(default_factory=dict)
    #: Anchor -> (value, how many values it holds).
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    values: int = 0
    aliased: int = 0
    levels: int = 0

    def document(self) -> Any:
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        value = self._value(next(self.events), ())
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _problem(after, (), "a second document starts here: put it into a file of its own")
        return value

    def _value(self, event: Any, path: Place) -> Any:
        self.lines[path] = event.start_mark.line + 1
        if len(path) > _DEPTH:
            raise _problem(event, path, f"is nested more than {_DEPTH} levels deep: flatten it")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path)
        before = self.values
        self.values += 1
        self.levels += len(path)
        if self.levels > _LEVELS:
            raise _problem(event, path, f"here are {self.values:,} values, too many for one file: split it")
        value = self._read(event, path)
        if event.anchor is not None:
            self.anchors[event.anchor] = value, self.values - before
        return value

    def _read(self, event: Any, path: Place) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event, path)
        if event.tag not in {None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}:
            raise _problem(event, path, f"has the tag {event.tag!r}, which means nothing here: remove it")
        return self._mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._list(path)

    def _alias(self, event: Any, path: Place) -> Any:
        if event.anchor not in self.anchors:
            raise _problem(
                event, path, f"*{event.anchor} names no value above it: define it with &{event.anchor} first"
            )
        value, size = self.anchors[event.anchor]
        self.values += size
        self.aliased += size
        if self.aliased > _ALIASED:
            raise _problem(event, path, f"aliases repeat more than {_ALIASED} values: write fewer")
        return value

    def _list(self, path: Place) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found))))
        return found

    def _mapping(self, path: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent):
                raise _problem(event, path, "has a key that is not text: write 'name: value'")
            # As written, whatever it looks like: an asset may be called NO and an account 1.
            key = event.value
            inner = (*path, key)
            if has_half(key):
                raise _problem(event, path, f"a name in it {HALF}")
            if key in found:
                raise _problem(event, inner, f"is given twice, first on line {self.lines[inner]}: remove one")
            found[key] = self._value(next(self.events), inner)
            self.lines[inner] = line
        return found


def _scalar(event: Any, path: Place) -> Any:
    plain, _ = event.implicit
    text: str = event.value
    if event.tag not in {None, "!", "tag:yaml.org,2002:str"}:
        raise _problem(event, path, f"has the tag {event.tag!r}, which means nothing here: remove it")
    if has_half(text):
        raise _problem(event, path, HALF)
    if not plain or event.tag is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    read = next((read for pattern, read in _NUMBERS if pattern.fullmatch(text)), str)
    try:
        return read(text)
    except ValueError:
        raise _problem(
            event, path, f"{text[:20]!r} is not a number to reckon with: use at most {DIGITS} digits"
        ) from None


def _decimal(text: str) -> Decimal:
    # Decimal reads "inf" and "nan" without YAML's dot; the model refuses them with a field's name.
    word = text.lower().replace(".inf", "inf").replace(".nan", "nan")
    return Decimal(word) if word[-1] in "fn" else exact_decimal(text)


_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = ((_INTEGER, exact_int), (_FLOAT, _decimal))


def _problem(event: Any, path: Place, text: str) -> YamlProblem:
    mark = event.start_mark
    return YamlProblem(text, line=mark.line + 1, column=mark.column + 1, path=path)
