"""Ask plugins whether an order may be. What they do not answer, in time and plainly, is refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Protocol

from octobot_node.contracts.order_checks import OrderContext
from octobot_node.orders import Order
from octobot_node.plugin_system.plugin_failures import PluginFailures, said
from octobot_node.plugin_system.registry import Registry

__all__ = ["OrderChecks"]

#: A check that hung this often is not called any more: each hang leaves a thread behind.
_HANGS_MAX = 3
_REASON_MAX = 500
Asked = tuple[Order, OrderContext]


@dataclass(frozen=True, slots=True)
class _Answer:
    """Why an order may not be, or ""; and what went wrong in finding out, or ""."""

    reason: str
    trouble: str = ""


class OrderChecks:
    """Every plugin's ``check_order``. ``timeout`` is in seconds for each order."""

    def __init__(self, registry: Registry, plugin_failures: PluginFailures, timeout: float) -> None:
        # A built-in's check is known not to block; handing its orders to another thread would cost more than it does.
        built_in = {plugin.name for plugin in registry.plugins if plugin.origin == "built-in"}
        self._checks: list[_Check] = [
            _Inline(found, plugin_failures)
            if found.plugin_name in built_in
            else _Apart(found, plugin_failures, timeout)
            for found in registry.hook.check_order.get_hookimpls()
        ]

    def __bool__(self) -> bool:
        return bool(self._checks)

    def refusals(self, asked: Sequence[Asked]) -> list[str]:
        """Return for each order why it may not be, or ""."""
        reasons = [""] * len(asked)
        for check in self._checks:
            left = [index for index, reason in enumerate(reasons) if not reason]
            for index, reason in zip(left, check.refusals([asked[index] for index in left]), strict=True):
                reasons[index] = reason
        return reasons

    def close(self) -> None:
        """End the threads that wait for orders."""
        for check in self._checks:
            check.close()


class _Check(Protocol):
    def refusals(self, asked: Sequence[Asked]) -> list[str]: ...

    def close(self) -> None: ...


class _Inline:
    """A check that is called in the batch's own thread."""

    def __init__(self, found: Any, plugin_failures: PluginFailures) -> None:
        self._name = found.plugin_name
        self._ask = _Question(found)
        self._troubles = plugin_failures

    def refusals(self, asked: Sequence[Asked]) -> list[str]:
        return _reasons([self._ask(order, context) for order, context in asked], self._name, self._troubles)

    def close(self) -> None:
        """Do nothing."""


class _Apart:
    """A check with a thread of its own, which is left behind when it hangs. One batch at a time."""

    def __init__(self, found: Any, plugin_failures: PluginFailures, timeout: float) -> None:
        self._name = found.plugin_name
        self._ask = _Question(found)
        self._troubles = plugin_failures
        self._timeout = timeout
        self._hangs = 0
        self._lock = threading.Lock()
        self._thread: _Thread | None = None

    def refusals(self, asked: Sequence[Asked]) -> list[str]:
        with self._lock:
            answers: list[str] = []
            while len(answers) < len(asked):
                if self._hangs >= _HANGS_MAX:
                    return answers + [self._hopeless()] * (len(asked) - len(answers))
                answers += self._some(asked[len(answers) :])
            return answers

    def close(self) -> None:
        if self._thread is not None:
            self._thread.leave()

    def _some(self, asked: Sequence[Asked]) -> list[str]:
        """Return the answers up to the first that does not come, and the refusal which stands for that one."""
        self._thread = self._thread or _Thread(self._ask, self._name)
        # Recorded here and not in that thread: it may be a transaction, which is no part of a plugin's time.
        answers = _reasons(self._thread.answers(asked, self._timeout), self._name, self._troubles)
        if len(answers) == len(asked):
            return answers
        self._thread.leave()
        self._thread = None
        self._hangs += 1
        why = f"no answer within {self._timeout:g} s"
        self._troubles.record(self._name, "check_order", why if self._hangs < _HANGS_MAX else self._hopeless())
        return [*answers, _not_checked(self._name, why)]

    def _hopeless(self) -> str:
        why = f"it hung {_HANGS_MAX} times and is not asked any more: mend or remove it, then restart the node"
        return _not_checked(self._name, why)


class _Work:
    """Orders on their way through a thread, and its answers so far."""

    def __init__(self, asked: Sequence[Asked]) -> None:
        self.asked = asked
        self.answers: list[_Answer] = []
        self.asked_at = time.monotonic()
        self.done = threading.Event()
        self.left = False


class _Thread:
    """Answers one piece of work after another, until it is left behind."""

    def __init__(self, ask: Callable[[Order, OrderContext], _Answer], name: str) -> None:
        self._ask = ask
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()
        threading.Thread(target=self._run, name=f"octobot-check-{name}", daemon=True).start()

    def answers(self, asked: Sequence[Asked], timeout: float) -> list[_Answer]:
        """Return the answers; fewer than asked when one takes longer than ``timeout`` seconds."""
        work = _Work(asked)
        self._queue.put(work)
        while not work.done.wait(max(work.asked_at + timeout - time.monotonic(), 0)):
            if time.monotonic() >= work.asked_at + timeout:
                work.left = True
                break
        return work.answers[:]

    def leave(self) -> None:
        """Let the thread end when it can."""
        self._queue.put(None)

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            for order, context in work.asked:
                work.asked_at = time.monotonic()
                answer = self._ask(order, context)
                if work.left:
                    return
                work.answers.append(answer)
            work.done.set()


class _Question:
    """One implementation of the hook, called with the arguments that it names."""

    def __init__(self, found: Any) -> None:
        self._function = found.function
        self._names = found.argnames
        self._plugin = found.plugin_name

    def __call__(self, order: Order, context: OrderContext) -> _Answer:
        given = {"order": order, "context": context}
        try:
            answer = self._function(*[given[name] for name in self._names])
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it raises, the order was not checked
            return self._failed(said(error))
        if answer is None:
            return _PASSED
        if not isinstance(answer, str):
            return self._failed(f"it answered {type(answer).__name__}, neither a reason nor None")
        return _Answer(answer.strip()[:_REASON_MAX] or f"the plugin {self._plugin} refuses it without a reason")

    def _failed(self, why: str) -> _Answer:
        return _Answer(_not_checked(self._plugin, why), trouble=why)


_PASSED = _Answer("")


def _reasons(answers: Sequence[_Answer], plugin: str, plugin_failures: PluginFailures) -> list[str]:
    for answer in answers:
        if answer.trouble:
            plugin_failures.record(plugin, "check_order", answer.trouble)
    return [answer.reason for answer in answers]


def _not_checked(plugin: str, why: str) -> str:
    return f"the plugin {plugin} could not check it: {why}"[:_REASON_MAX]
