"""Take secrets that were opened out of what whoever was given them says: some libraries repeat them in their errors."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Any

from octobot_node.text.masking import MASK

__all__ = ["scrub", "scrubbed"]


def scrubbed(text: str, hidden: Collection[str]) -> str:
    """Return a text without these secrets; the longest first, of which others may be parts."""
    for secret in sorted(hidden, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def scrub(error: BaseException, hidden: Collection[str]) -> BaseException:
    """Return an error without these secrets, the same one where that can be done, with what led to it.

    One whose text is made of something else than its arguments is replaced by a RuntimeError of the same text; where
    that is only what led to it, it is forgotten: what an error is decides what becomes of an order.
    """
    if not hidden:
        return error
    for each in _chain(error):
        # One that lets nothing be set, as a frozen dataclass, stays as it is: whether it says a secret is seen below.
        with suppress(Exception):
            each.args = tuple(_without(argument, hidden) for argument in each.args)
            if isinstance(each, OSError):
                # Told apart from its arguments.
                for name in ("strerror", "filename", "filename2"):
                    setattr(each, name, _without(getattr(each, name), hidden))
    if _says(error, hidden):
        said = scrubbed(f"{type(error).__name__}: {error}", hidden)
        return RuntimeError(said).with_traceback(error.__traceback__)
    if any(_says(each, hidden) for each in _chain(error)):
        error.__cause__ = error.__context__ = None
    return error


def _says(error: BaseException, hidden: Collection[str]) -> bool:
    return any(secret in text for text in (str(error), repr(error)) for secret in hidden)


def _without(argument: Any, hidden: Collection[str]) -> Any:
    if isinstance(argument, str):
        return scrubbed(argument, hidden)
    if isinstance(argument, bytes):
        return scrubbed(argument.decode("utf-8", "replace"), hidden).encode()
    said = repr(argument)
    # Whatever it is: nobody who handles an error needs the secret in it.
    return scrubbed(said, hidden) if any(secret in said for secret in hidden) else argument


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [each.__cause__, each.__context__]
