"""Events gathered into "these changed": where thousands happen at once, a page only needs to know what to read anew."""

from __future__ import annotations

from octobot_plugins.api_events.live.models import LiveChanged

__all__ = ["Gathering"]

#: More than so many are not told one by one: whoever shows a list reads it again as a whole.
_IDS_MAX = 1_000


class Gathering:
    """What happened since it was taken last, every ``every`` seconds at most; times are of the loop's clock."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._taken_at = float("-inf")
        self._forget()

    def _forget(self) -> None:
        self._automations: dict[str, None] = {}
        self._accounts: dict[str, None] = {}
        self._kinds: dict[str, None] = {}
        self._everything = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is there to be told."""
        return not (self._kinds or self._everything)

    @property
    def due_at(self) -> float:
        """When what is there may be told; never, where nothing is."""
        return float("inf") if self.is_empty else self._taken_at + self._every

    def add(self, kind: str, automation_id: str, account_id: str) -> None:
        """Take note of an event."""
        self._kinds[kind] = None
        for ids, one in ((self._automations, automation_id), (self._accounts, account_id)):
            if one and not self._everything:
                ids[one] = None
        if max(len(self._automations), len(self._accounts)) > _IDS_MAX:
            self.add_everything()

    def add_everything(self) -> None:
        """Take note that it is not told, or not known, what happened."""
        self._everything = True
        self._automations, self._accounts = {}, {}

    def take(self, now: float) -> LiveChanged | None:
        """Return what is there, if its time has come, and begin anew."""
        if now < self.due_at:
            return None
        found = LiveChanged(
            automations=list(self._automations),
            accounts=list(self._accounts),
            kinds=sorted(self._kinds),
            everything=self._everything,
        )
        self._taken_at = now
        self._forget()
        return found
