"""The ids of shadows and of their accounts: each has its original's in it, so a row tells whose it is by itself."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["SHADOWS", "is_shadow", "original_of", "shadow_of", "with_shadows"]

#: What the ids of shadows begin with, and those of their accounts; no other id does.
SHADOWS = "~"


def shadow_of(original: str) -> str:
    """Return the id that the shadow of an automation has, or the paper account beside an account.

    A pure function, so that there is one at the most, and that whatever is in a table tells whose it is.
    """
    # Without its dashes: no longer than an id may be.
    return f"{SHADOWS}{original.replace('-', '')}"


def is_shadow(given: str) -> bool:
    """Whether this is the id of a shadow, or of its account."""
    return given.startswith(SHADOWS)


def with_shadows(ids: Collection[str]) -> list[str]:
    """Return the ids of automations and of their shadows, whether there are any: to be locked together."""
    return [*ids, *(shadow_of(id_) for id_ in ids if not is_shadow(id_))]


def original_of(shadow: str) -> str:
    """Return whose shadow it is."""
    digits = shadow.removeprefix(SHADOWS)
    if len(digits) != 32:
        return digits
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
