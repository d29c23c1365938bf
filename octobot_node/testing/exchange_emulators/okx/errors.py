"""OKX's refusals: a code of the request with its HTTP status, or of one order in an answer of 200."""

from __future__ import annotations

from octobot_node.testing.exchange_emulators.web.call import Reply, reply

__all__ = ["OkxError", "OrderError", "empty", "wrong"]


class OkxError(Exception):
    """A request that is refused."""

    def __init__(self, code: str, msg: str, status: int = 200) -> None:
        super().__init__(f"{code} {msg}")
        self.code, self.msg, self.status = code, msg, status

    def reply(self) -> Reply:
        """Return it as it is sent."""
        return reply({"code": self.code, "data": [], "msg": self.msg}, self.status)


class OrderError(Exception):
    """One order of a request that is refused."""

    def __init__(self, code: str, msg: str) -> None:
        super().__init__(f"{code} {msg}")
        self.code, self.msg = code, msg


def empty(name: str) -> OkxError:
    """Refuse a parameter that is missing."""
    return OkxError("50014", f"Parameter {name} can not be empty.", 400)


def wrong(name: str) -> OkxError:
    """Refuse a parameter that makes no sense."""
    return OkxError("51000", f"Parameter {name} error", 400)
