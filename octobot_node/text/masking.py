"""Keep secrets out of what is shown: by their type, by what they are called, or by how they look in a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import SecretBytes, SecretStr

__all__ = ["MASK", "is_secret_name", "masked", "masked_text"]

MASK = "**********"
#: What is secret by its name, whatever type its model gives it.
_SECRET = re.compile(r"secret|passw|passphrase|token|credential|private|(^|_)(api_?)?keys?$", re.IGNORECASE)
#: How secrets look inside a text, such as what a library says: what is before one, and the secret.
_LOOKS = re.compile(
    r"""(?P<before>
        \bock_                                                   # an API key
      | \bbearer\s+(?=\S{8})                                     # Authorization, and not "a bearer token"
      | \bauthorization["']?\s*[:=]\s*["']?basic\s+
      | octobot_session\w*=                                      # the session's cookie
      | /hooks/                                                  # an address for signals
      | ://[^/\s:@]*:(?=[^/\s@]*@)                              # a password in a URL
      | \b[\w-]*(?:passw(?:or)?d|passphrase|secret|token|api_?key|csrf)[\w-]*
          (?:=|["']\s*:\s*)["']?                                 # name=…, or in JSON
    )(?P<secret>[^\s"'&,;@/\\)}\]]{4,})""",
    re.IGNORECASE | re.VERBOSE,
)


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    return _SECRET.search(name) is not None


def masked_text(text: str) -> str:
    """Return a text without what looks like a secret in it."""
    return _LOOKS.sub(lambda found: found["before"] + MASK, text)


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
