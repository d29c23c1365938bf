"""A Tor network, an exchange, and nodes at a desk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from octobot_node.testing import HostileExchange
from tests.deploy.egress.desk import Desk
from tests.deploy.egress.tor_network import TorNetwork

__all__ = ["NodeAtDesk", "until"]

_LIMIT_S = 90.0


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """No Docker engine is needed here, only root, for network namespaces."""
    assert os.geteuid() == 0, "a network of its own takes root"


@pytest.fixture(scope="session")
def tor_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TorNetwork]:
    with TorNetwork.running(tmp_path_factory.mktemp("tor")) as running:
        yield running


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[HostileExchange]:
    with HostileExchange.start(tmp_path / "exchange") as running:
        yield running


class NodeAtDesk:
    """A node that runs at a desk, on a data folder that is looked at from outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def told(self) -> tuple[str, str]:
        """Return the status of its automation, and why."""
        words = "automations", "list", "--json", f"--data-dir={self.folder}"
        command = [sys.executable, "-m", "octobot_node", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        rows = json.loads(done.stdout)["automations"] if done.returncode == 0 else []
        return (rows[0]["status"], rows[0]["reason"]) if rows else ("", done.stderr)

    @classmethod
    @contextmanager
    def running(
        cls, desk: Desk, folder: Path, url: str, egress: str, environment: Mapping[str, str]
    ) -> Iterator[NodeAtDesk]:
        """Run a node with one account on the hostile exchange, as it is reached by ``url``."""
        account = {
            "market_data": {"use": "hostile", "url": url},
            "trading": {"use": "hostile", "url": url},
            "egress": egress,
        }
        config = {"symbol": "BTC/USDT", "amount": 100, "every": "1w"}
        automation = {"name": "dca", "type": "dca", "account": "main", "budget": {"USDT": 1000}, "config": config}
        given = {"OCTOBOT_EXTRA_PLUGINS": "octobot_node.testing.hostile_exchange", **environment}
        with cls.running_file(desk, folder, {"accounts": {"main": account}, "automations": [automation]}, given) as it:
            yield it

    @classmethod
    @contextmanager
    def running_file(
        cls, desk: Desk, folder: Path, content: Mapping[str, Any], given: Mapping[str, str]
    ) -> Iterator[NodeAtDesk]:
        """Run a node with what a run file says."""
        folder.mkdir(exist_ok=True)
        run_file = folder / "run.yaml"
        run_file.touch(mode=0o600)
        run_file.write_text(json.dumps(content))
        command = [sys.executable, "-m", "octobot_node", "run", run_file, "--data-dir", folder / "data"]
        process = desk.start(command, given, folder / "log")
        try:
            yield cls(folder / "data")
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def until(happens: Callable[[], Any], log: Path | None = None) -> Any:
    """Wait until something is so; return it."""
    ends = time.monotonic() + _LIMIT_S
    while not (found := happens()):
        assert time.monotonic() < ends, log.read_text() if log is not None else "it did not happen"
        time.sleep(0.1)
    return found
