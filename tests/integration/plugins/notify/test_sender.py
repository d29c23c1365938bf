"""The process that sends may hang, crash or be killed; nothing that it says holds a URL."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from octobot_plugins.notify.courier import Courier, Reply
from octobot_plugins.notify.sender import why
from octobot_plugins.notify.settings import NotifySettings
from tests.integration.plugins.notify.conftest import WebServer

pytestmark = pytest.mark.process


def ask(courier: Courier, url: str) -> Reply:
    return courier.ask({"do": "tell", "url": url, "title": "Title", "body": "Body", "level": "warning"})


def _broke(error: str) -> Reply:
    return Reply(ok=False, error=error, service="", broke=True)


def children() -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if "octobot_plugins.notify.sender" in each.cmdline()]


def test_a_message_arrives_whole_and_one_process_sends_many(courier: Callable[..., Courier], web: WebServer) -> None:
    sender = courier(allow_private=True)
    assert [ask(sender, web.url()).ok for _ in range(3)] == [True] * 3
    assert (
        web.posted
        == [{"version": "1.0", "title": "Title", "message": "Body", "attachments": [], "type": "warning"}] * 3
    )
    assert len(children()) == 1


def test_a_refusal_says_what_was_answered(courier: Callable[..., Courier], web: WebServer) -> None:
    web.status = 403
    assert ask(courier(allow_private=True), web.url()) == Reply(ok=False, error="it answered HTTP 403", service="JSON")


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("json://127.0.0.1:1/secret", "nothing listens there: check host and port"),
        ("json://secret.invalid/", "its host's name cannot be looked up: check the URL"),
        ("secret://something", "it is not a URL that Apprise understands"),
        ("123456:secret", "it is not a URL that Apprise understands"),
    ],
)
def test_what_cannot_be_reached_says_why_without_the_url(courier: Callable[..., Courier], url: str, error: str) -> None:
    assert ask(courier(allow_private=True), url).error == error


def test_a_process_that_hangs_is_killed_and_the_next_message_has_a_new_one(
    courier: Callable[..., Courier], web: WebServer
) -> None:
    # Long enough for the next process to begin on a busy machine, and less than what the service itself waits.
    sender = courier(allow_private=True, timeout=3)
    web.release.clear()
    assert ask(sender, web.url()) == _broke("no answer within 3 s; its process was ended")
    assert children() == []
    web.release.set()
    assert ask(sender, web.url()).ok


def test_a_process_that_is_killed_between_messages_is_replaced(courier: Callable[..., Courier], web: WebServer) -> None:
    sender = courier(allow_private=True)
    ask(sender, web.url())
    children()[0].send_signal(signal.SIGKILL)
    assert ask(sender, web.url()).ok


def test_a_process_that_crashes_at_once_is_a_failure() -> None:
    crashing = Courier(NotifySettings(), command=[sys.executable, "-c", "import os; os.abort()"])
    reply = ask(crashing, "json://localhost")
    crashing.close()
    assert reply == _broke("the sending process broke down")


def test_a_process_that_talks_nonsense_is_a_failure() -> None:
    talking = Courier(NotifySettings(), command=[sys.executable, "-c", "print('hello', flush=True); input()"])
    reply = ask(talking, "json://localhost")
    talking.close()
    assert reply.error == "the sending process broke down"


def test_a_courier_that_is_forgotten_leaves_no_process(web: WebServer) -> None:
    ask(Courier(NotifySettings(allow_private=True)), web.url())
    assert children() == []


def test_the_url_is_neither_an_argument_nor_in_the_environment(
    courier: Callable[..., Courier], web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = web.url("sekret")
    monkeypatch.setenv("OCTOBOT_NOTIFY_URLS", url)
    sender = courier(allow_private=True)
    assert ask(sender, url).ok
    (child,) = children()
    assert "sekret" not in " ".join(child.cmdline())
    assert "sekret" not in repr(child.environ())


def test_it_ends_when_the_node_does(web: WebServer, tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from octobot_plugins.notify.courier import Courier\n"
        "from octobot_plugins.notify.settings import NotifySettings\n"
        "courier = Courier(NotifySettings(allow_private=True))\n"
        "request = {'do': 'tell', 'url': sys.argv[1], 'title': '', 'body': 'B', 'level': 'info'}\n"
        "assert courier.ask(request).ok\n"
        "print(courier._children[0].pid, flush=True)\n"
        "os._exit(0)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, web.url()], capture_output=True, text=True, check=True)
    pid, until = int(ended.stdout), time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert not Path(f"/proc/{pid}").exists()


def test_only_words_of_our_own_are_said_of_a_library_s_message() -> None:
    message = "HTTPSConnectionPool(host='api.telegram.org'): Max retries exceeded with url: /botTOKEN/x (timed out)"
    assert why(message) == "it did not answer in time"
    assert why("Failed to send: Forbidden, error=403.") == "it answered HTTP 403"
    assert why("TOKEN went up in smoke") == ""
