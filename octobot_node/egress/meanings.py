"""What errors of the HTTP library mean for a request, in words that have no part of its URL."""

from __future__ import annotations

import ssl

from octobot_node.errors import EgressRefused, NotSent, Unresolved

__all__ = ["meaning_of"]


def meaning_of(error: BaseException) -> Exception:
    """Return NotSent or EgressRefused where nothing left, Unresolved where something may have, ValueError for a bad
    URL; an error that says so already is returned as it is.
    """
    from aiohttp import InvalidURL

    if isinstance(error, NotSent | Unresolved):
        return error
    if isinstance(error, InvalidURL):
        return ValueError("it is not a valid URL")
    unsent = _refusal(error) or _unsent(error)
    if unsent is not None:
        return unsent
    if isinstance(error, TimeoutError):
        return Unresolved("it did not answer in time")
    return Unresolved(f"the connection broke ({type(error).__name__})")


def _unsent(error: BaseException) -> NotSent | None:
    from aiohttp import (
        ClientConnectorCertificateError,
        ClientConnectorDNSError,
        ClientConnectorError,
        ConnectionTimeoutError,
    )

    if isinstance(error, ConnectionTimeoutError):
        return NotSent("it could not be connected to in time")
    if isinstance(error, ClientConnectorCertificateError | ssl.SSLError):
        return NotSent("its TLS certificate is not accepted")
    if isinstance(error, ClientConnectorDNSError):
        return NotSent("its host's name cannot be looked up")
    if isinstance(error, ClientConnectorError):
        return NotSent(f"it cannot be connected to ({error.os_error.strerror or type(error.os_error).__name__})")
    return None


def _refusal(error: BaseException | None) -> EgressRefused | None:
    # Several addresses were tried, or the library wrapped it.
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, EgressRefused):
            return error
        inner = getattr(error, "os_error", None) or error.__cause__ or error.__context__
        if isinstance(error, BaseExceptionGroup):
            inner = error.exceptions[0]
        error, seen = inner, seen + 1
    return None
