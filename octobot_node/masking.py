"""Keep secrets out of what is shown: by their type, or by what they are called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import SecretBytes, SecretStr

__all__ = ["MASK", "is_secret_name", "masked"]

MASK = "**********"
#: What is secret by its name, whatever type its model gives it.
_SECRET = re.compile(r"secret|passw|passphrase|token|credential|private|(^|_)(api_?)?keys?$", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    return _SECRET.search(name) is not None


def masked(value: Any, name: str = "") -> Any:
    """Return a JSON value with every secret in it replaced by ``MASK``; an empty one says that there is none."""
    if isinstance(value, SecretStr | SecretBytes):
        return MASK
    if isinstance(value, Mapping):
        return {str(key): masked(item, str(key)) for key, item in value.items()}
    if name and is_secret_name(name) and value not in (None, "", False, True):
        return MASK
    if isinstance(value, list | tuple):
        return [masked(item) for item in value]
    return value
