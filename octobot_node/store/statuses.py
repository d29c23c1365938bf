"""Where rows stand that no author sees: signals, notices, requests. Automations' and intents' are the author's API."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["NoticeStatus", "RequestStatus", "SignalStatus"]


class SignalStatus(StrEnum):
    """Where a signal in an inbox stands."""

    WAITING = "waiting"
    #: A tick that was given it succeeded.
    CONSUMED = "consumed"
    #: It was there in too many failed ticks.
    DEAD = "dead"

    @property
    def over(self) -> bool:
        """Whether no tick is given it any more."""
        return self is not SignalStatus.WAITING


class NoticeStatus(StrEnum):
    """Where a notice on its way to the notifiers stands."""

    WAITING = "waiting"
    SENT = "sent"
    #: A notifier gave up on it.
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """Whether no notifier is given it any more."""
        return self is not NoticeStatus.WAITING


class RequestStatus(StrEnum):
    """Where what an automation decided about another one stands."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """Whether it is not carried out any more."""
        return self is not RequestStatus.WAITING
