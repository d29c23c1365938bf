"""Write the author's API as Markdown from its own docstrings; ``reference.py`` puts it into docs/authors.md."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import octobot_node
from octobot_node import fields, market
from octobot_node.fields import kinds

__all__ = ["api", "entry"]

_GROUPS = {
    "Deciding": (
        "Automation",
        "Tick",
        "Decision",
        "Finding",
        "Needs",
        "Wake",
        "Daily",
        "Signal",
        "SignalOutcome",
        "Position",
        "WatchedAutomation",
        "AutomationStatus",
    ),
    "Orders": (
        *("MarketOrder", "LimitOrder", "StopOrder", "CancelOrder", "diff_orders"),
        *("OpenOrder", "OrderResult", "IntentStatus", "Fill"),
    ),
    "How it presents itself": ("About", "Category", "Icon", "Risk", "Need", "Preset", "Example", "Figure"),
    "Other actions": ("Notify", "StopAutomation", "PauseAutomation", "Perform"),
    "Markets": ("Market", "Ticker", "Candles", "MarketRules"),
}
_NO_PAGE = {"__version__", "hookimpl"}


def api() -> str:
    """Return every name that authors import; raise LookupError for one that no group has."""
    missing = set(octobot_node.__all__) - _NO_PAGE - {name for group in _GROUPS.values() for name in group}
    if missing:
        raise LookupError(f"docs/authors_reference.py has no group for {', '.join(sorted(missing))}")
    parts: list[str] = []
    for title, names in _GROUPS.items():
        parts.append(f"## {title}")
        for name in names:
            parts += entry(name, getattr(octobot_node, name))
    parts.append("## Fields of configs: `octobot_node.fields`")
    for name in fields.__all__:
        thing = getattr(fields, name)
        parts += entry(name, thing) if inspect.isclass(thing) or inspect.isfunction(thing) else _constant(name)
    parts.append("## Times: `octobot_node.market`")
    for name in ("timeframe_ms", "from_ms", "to_ms"):
        parts += entry(name, getattr(market, name))
    return "\n\n".join(parts)


def _constant(name: str) -> list[str]:
    source = inspect.getsource(kinds)
    comment = re.search(rf"((?:^#: .*\n)+){name} = ", source, flags=re.MULTILINE)
    return [f"### `{name}`", _words(comment[1]) if comment else ""]


def entry(name: str, thing: Any, level: int = 3) -> list[str]:
    """Return a class with its fields and methods, or a function, below a heading of a level."""
    heading = "#" * level
    if inspect.isfunction(thing):
        return [f"{heading} `{name}{_signature(thing)}`", _text(thing)]
    parts = [f"{heading} `{name}`", _text(thing)]
    if issubclass(thing, enum.Enum):
        parts.append(", ".join(f"`{member.value}`" for member in thing))
    table = list(_fields(thing))
    if table:
        parts.append("\n".join(["| field | type | default | what it is |", "| --- | --- | --- | --- |", *table]))
    methods = list(_methods(thing))
    return parts + (["\n".join(methods)] if methods else [])


def _fields(cls: type[Any]) -> Iterator[str]:
    """Return a row for each field, with the comment that stands above it."""
    if dataclasses.is_dataclass(cls):
        comments = _comments(cls)
        for field in dataclasses.fields(cls):
            default = "" if field.default is dataclasses.MISSING else f"`{_shown(field.default)}`"
            if field.default_factory is not dataclasses.MISSING:
                default = f"`{field.default_factory()!r}`"
            yield f"| `{field.name}` | `{_type(str(field.type))}` | {default} | {comments.get(field.name, '')} |"
    elif cls is octobot_node.Automation:
        comments = _comments(cls)
        for name, annotation in inspect.get_annotations(cls).items():
            default = f"`{getattr(cls, name)!r}`" if hasattr(cls, name) else "required"
            shown = _type(str(annotation).removeprefix("ClassVar[").removesuffix("]"))
            yield f"| `{name}` | `{shown}` | {default} | {comments.get(name, '')} |"
    elif getattr(cls, "_is_protocol", False):
        comments = _comments(cls)
        for name, annotation in inspect.get_annotations(cls).items():
            if not name.startswith("_"):
                yield f"| `{name}` | `{_type(str(annotation))}` |  | {comments.get(name, '')} |"
    elif hasattr(cls, "model_fields"):
        for name, field in cls.model_fields.items():
            default = "required" if field.is_required() else f"`{field.default!r}`"
            kind = getattr(field.annotation, "__name__", field.annotation)
            yield f"| `{name}` | `{kind}` | {default} | {field.description or ''} |"


def _shown(default: Any) -> str:
    # Of a function its address would be shown, another one each time.
    return default.__name__ if inspect.isfunction(default) else repr(default)


def _comments(cls: type[Any]) -> dict[str, str]:
    """Return the comments above fields, which begin with ``#:``; a base class's fields keep theirs."""
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        if each.__module__.startswith("octobot_node"):
            pattern = r"((?:^ +#: .*\n)+) +(\w+):"
            pairs = re.findall(pattern, inspect.getsource(each), flags=re.MULTILINE)
            found |= {name: _words(comment) for comment, name in pairs}
    return found


def _words(comment: str) -> str:
    return " ".join(line.strip().removeprefix("#:").strip() for line in comment.splitlines()).replace("``", "`")


def _methods(cls: type[Any]) -> Iterator[str]:
    # What a base that no author can import brings is told here, or nowhere.
    members = {
        name: member
        for each in reversed(cls.__mro__)
        if each is cls or _is_inner(each)
        for name, member in vars(each).items()
    }
    for name, member in members.items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield f"- `{name}`: {_line(member)}"
        elif inspect.isfunction(member):
            yield f"- `{name}{_signature(member)}`: {_line(member)}"


def _is_inner(cls: type[Any]) -> bool:
    package = import_module(cls.__module__.rpartition(".")[0] or cls.__module__)
    return package.__name__.startswith("octobot_node") and cls.__name__ not in getattr(
        package, "__all__", [cls.__name__]
    )


def _signature(function: Any) -> str:
    # Annotations are text in these modules: put together by hand, so that each stands as it was written.
    signature = inspect.signature(function)
    kept = [parameter for parameter in signature.parameters.values() if parameter.name != "self"]
    parts: list[str] = []
    for parameter in kept:
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        parts.append(_parameter(parameter))
    return f"({', '.join(parts)}) -> {signature.return_annotation}".replace("|", "\\|")


def _parameter(parameter: inspect.Parameter) -> str:
    default = "" if parameter.default is inspect.Parameter.empty else f" = {parameter.default!r}"
    return f"{parameter.name}: {parameter.annotation}{default}"


def _type(text: str) -> str:
    # Annotations are text in these modules; quotes and module names would only be in the way.
    return text.replace("'", "").replace("|", "\\|")


def _text(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").replace("``", "`")


def _line(thing: Any) -> str:
    return " ".join(_text(thing).split())
