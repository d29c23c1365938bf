"""Kraken's refusals: ``{"error": ["ECategory:Text"]}`` with HTTP 200."""

from __future__ import annotations

from octobot_node.testing.exchange_emulators.web.call import Reply, reply

__all__ = ["KrakenError", "invalid"]


class KrakenError(Exception):
    """An answer that is a refusal."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def reply(self) -> Reply:
        """Return it as it is sent."""
        return reply({"error": [self.text]})


def invalid(name: str = "") -> KrakenError:
    """Refuse an argument."""
    return KrakenError(f"EGeneral:Invalid arguments:{name}" if name else "EGeneral:Invalid arguments")
