"""Binance's refusals: ``{"code", "msg"}`` with a status."""

from __future__ import annotations

from octobot_node.testing.exchange_emulators.web.call import Reply, reply

__all__ = ["BinanceError", "empty", "malformed", "not_wanted"]


class BinanceError(Exception):
    """An answer that is a refusal."""

    def __init__(self, code: int, msg: str, status: int = 400, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{code} {msg}")
        self.code, self.msg, self.status = code, msg, status
        self.headers = headers or {}

    def reply(self) -> Reply:
        """Return it as it is sent."""
        answer = reply({"code": self.code, "msg": self.msg}, self.status)
        answer.headers.update(self.headers)
        return answer


def malformed(name: str) -> BinanceError:
    """Refuse a parameter that is missing or makes no sense."""
    return BinanceError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def empty(name: str) -> BinanceError:
    """Refuse a parameter that is given as nothing."""
    return BinanceError(-1105, f"Parameter '{name}' was empty.")


def not_wanted(name: str) -> BinanceError:
    """Refuse a parameter that this kind of order does not take."""
    return BinanceError(-1106, f"Parameter '{name}' sent when not required.")
