"""How much one user may ask for in a while; every node counts for itself, since what is to be spared is the node."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from octobot_node.api.problems import ApiProblem
from octobot_node.settings import Settings

__all__ = ["Rates"]

_USERS_MAX = 10_000
_AUDIT = "bytes of the audit"
_MINUTE_S, _HOUR_S = 60.0, 3_600.0
#: What is much work however little is sent, by how its path ends.
_HEAVY = ("/export", "/import", "/plan", "/bulk", "/clone", "/verify", "/check", "/rotate-keys")


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Rates:
    """Buckets that fill up again steadily: of changes, heavy requests, bytes sent, and bytes added to the audit."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._limits = {
            "changes": (float(settings.api_user_changes), _MINUTE_S),
            "heavy requests": (float(settings.api_user_heavy), _MINUTE_S),
            "signals": (float(settings.api_user_signals), _MINUTE_S),
            "bytes": (settings.api_user_megabytes * 1e6, _HOUR_S),
            _AUDIT: (settings.api_user_audit_megabytes * 1e6, _HOUR_S),
        }
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def asked(self, user: str, path: str, *, changes: bool) -> None:
        """Count a request; raise ApiProblem, with when to come back, for one too many."""
        if changes:
            self._take(user, "changes", 1)
            # What it will add is not known before: whoever has used up theirs waits until there is some again.
            self._take(user, _AUDIT, 0)
            if path.endswith("/signals"):
                self._take(user, "signals", 1)
        if path.endswith(_HEAVY):
            self._take(user, "heavy requests", 1)

    def signalled(self, owner: str, size: int) -> None:
        """Count a signal that came by an address: whoever owns that has its rate. Raises ApiProblem for too many."""
        self._take(owner, "signals", 1)
        self.sent(owner, size)

    def sent(self, user: str, size: int) -> None:
        """Count what a user sent; raise ApiProblem for too much."""
        if size:
            self._take(user, "bytes", size)

    def audited(self, user: str, size: int) -> None:
        """Count what a user's request added to the audit, after the fact: later ones are refused for too much."""
        with self._lock:
            self._bucket(user, _AUDIT).left -= size

    def _take(self, user: str, what: str, count: float) -> None:
        most, span = self._limits[what]
        with self._lock:
            bucket = self._bucket(user, what)
            if bucket.left >= count:
                bucket.left -= count
                return
            wait = int((min(count, most) - bucket.left) * span / most) + 1
        per = "a minute" if span == _MINUTE_S else "an hour"
        raise ApiProblem(
            "throttled",
            f"more than {most:,.0f} {what} {per} from one user: try again in {wait} s",
            headers={"Retry-After": str(wait)},
        )

    def _bucket(self, user: str, what: str) -> _Bucket:
        """Return a user's bucket as it is now; called with the lock."""
        most, span = self._limits[what]
        now, key = self._clock(), (user, what)
        bucket = self._buckets.pop(key, None) or _Bucket(most, now)
        self._buckets[key] = bucket
        if len(self._buckets) > _USERS_MAX:
            self._buckets.popitem(last=False)
        bucket.left, bucket.at = min(most, bucket.left + (now - bucket.at) * most / span), now
        return bucket
