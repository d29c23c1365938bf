"""A notifier for each URL."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health
from octobot_node.contracts.notifiers import NotAllOpened, Notice, Notifier
from octobot_plugins.notify.courier import Courier, Reply, Undelivered, open_courier
from octobot_plugins.notify.settings import NotifySettings

__all__ = ["AppriseNotifier", "check_urls", "open_notifiers", "scheme_of", "shown", "tell"]

#: Services refuse messages that are longer, some of them much shorter ones; nobody reads more on a phone.
_BODY_MAX = 3_500
_SCHEME = re.compile(r"([a-z][a-z0-9]{1,15})://")
_CURE = "see https://appriseit.com/services for how its URL is written"


class AppriseNotifier:
    """Tells one URL. Its name has the URL's service and a short digest of it: the same URL keeps its name."""

    def __init__(self, number: int, url: str, settings: NotifySettings, courier: Courier) -> None:
        # Sixteen bits tell a handful of URLs apart, and confirm no guess of what is secret in one.
        digest = hashlib.sha256(url.encode()).hexdigest()[:4]
        self.name = f"notify:{scheme_of(url) or 'url'}:{digest}"
        self._number = number
        self._url = url
        self._tells_own = "own" in settings.tell
        self._courier = courier

    async def notify(self, notice: Notice) -> None:
        """Send ``notice``; raise Undelivered. It blocks the loop, which is this notifier's own."""
        if notice.automation and not self._tells_own:
            return
        title = notice.automation or "OctoBot Node"
        reply = tell(self._courier, self._url, title, notice.message, notice.level)
        if not reply.ok:
            raise Undelivered(f"{shown(self._number, self._url)}: {reply.error}")


def tell(courier: Courier, url: str, title: str, message: str, level: str) -> Reply:
    """Send a message to one URL."""
    body = message if len(message) <= _BODY_MAX else f"{message[:_BODY_MAX]}…"
    return courier.ask({"do": "tell", "url": url, "title": title, "body": body, "level": level})


def open_notifiers(context: PluginContext) -> Sequence[Notifier]:
    """Return a notifier for each usable URL; raise NotAllOpened for the others.

    A replay has none: what happened in the past is not told to a phone.
    """
    settings = context.plugin_settings(NotifySettings)
    if context.clock.virtual or not settings.urls:
        return ()
    urls = [secret.get_secret_value() for secret in settings.urls]
    mistakes = _mistakes(context, settings)
    opened: dict[str, Notifier] = {}
    for number, url in enumerate(urls, start=1):
        notifier = AppriseNotifier(number, url, settings, open_courier(settings, context.proxy_url))
        if number not in mistakes and notifier.name not in opened:
            opened[notifier.name] = notifier
    if mistakes:
        raise NotAllOpened(f"{'; '.join(mistakes.values())}: {_CURE}", tuple(opened.values()))
    return tuple(opened.values())


def check_urls(context: PluginContext) -> Health:
    """Say whether the URLs can be used; nothing is sent."""
    settings = context.plugin_settings(NotifySettings)
    if not settings.urls:
        # The log's, and this one's own.
        others = sorted(
            name
            for plugin in context.plugins
            for name in plugin.registers.get("register_notifiers", ())
            if not plugin.built_in
        )
        there = f"and to {', '.join(others)}" if others else "alone"
        return Health("ok", f"no URL is set: what is to be told goes to the log {there}")
    mistakes = _mistakes(context, settings)
    if mistakes:
        return Health("failed", "; ".join(mistakes.values()), f"{_CURE}; then try `octobot-node notify test`")
    return Health("ok", f"{len(settings.urls)} URLs are set; `octobot-node notify test` tries them")


def shown(number: int, url: str) -> str:
    """Return what may be shown of a URL: its place, from 1, and its scheme."""
    scheme = scheme_of(url)
    return f"URL {number} ({scheme}://)" if scheme else f"URL {number} (without a scheme)"


def scheme_of(url: str) -> str:
    """Return what may be shown of a URL alone: which service it is of, "" where it has no scheme."""
    found = _SCHEME.match(url)
    return found[1] if found else ""


def _mistakes(context: PluginContext, settings: NotifySettings) -> dict[int, str]:
    """Return what is wrong with which URL."""
    courier = open_courier(settings, context.proxy_url)
    try:
        found = {}
        for number, secret in enumerate(settings.urls, start=1):
            url = secret.get_secret_value()
            reply = courier.ask({"do": "check", "url": url})
            # Of a process that broke down nothing follows for the URL.
            if not reply.ok and not reply.broke:
                found[number] = f"{shown(number, url)} cannot be used: {reply.error}"
        return found
    finally:
        courier.end()
