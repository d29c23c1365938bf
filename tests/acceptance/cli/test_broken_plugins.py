"""A third party's plugin of every broken kind leaves a running node running, and its error where a user looks."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

from tests.integration.cli.conftest import Folder

HOOK = "from octobot_node import hookimpl\n@hookimpl\n"
TYPE = """
from pydantic import BaseModel
from octobot_node import Automation, Decision, hookimpl

class Broken(Automation):
    name = "broken"
    class Config(BaseModel): ...
    def evaluate(self, tick):
        {deed}

@hookimpl
def register_automations(register): register(Broken)
"""
#: What is broken, and what is said about it.
AT_START = {
    "import_error": ("import nothing_of_this_name", "No module named 'nothing_of_this_name'"),
    "syntax_error": ("def", "SyntaxError"),
    "bad_signature": (f"{HOOK}def register_automations(wrong): ...", "PluginValidationError"),
    "misspelt_hook": (f"{HOOK}def register_automation(register): ...", "unknown hook 'register_automation'"),
    "hook_raises": (f"{HOOK}def register_services(register): raise RuntimeError('not today')", "not today"),
    "hook_hangs": (
        f"import time\n{HOOK}def register_notifiers(register):\n    time.sleep(600)",
        "it did not load within 2 s",
    ),
    "import_hangs": ("import time\ntime.sleep(600)", "it did not load within 2 s"),
    "import_exits": ("raise SystemExit(1)", "it raised SystemExit: 1"),
    "wrong_version": ("requires_octobot_node = '>=99'", "it needs octobot-node >=99"),
}
#: What is used but for one thing, and what is said of that.
IN_PART = {
    "duplicate_name": (
        (
            "from pydantic import BaseModel\nfrom octobot_node.contracts.exchanges import TradingFactory\n"
            f"{HOOK}def register_trading(register): register(TradingFactory('paper', BaseModel, print))"
        ),
        (
            "trading connector 'paper' is registered twice: by octobot_plugins.paper and by duplicate_name, whose is"
            " left out: rename one of them"
        ),
    ),
}
#: What breaks only later, and what a user is told of it.
AT_RUN_TIME = {
    "service_raises": (
        (
            "from octobot_node.contracts.services import Service\n"
            "async def run(context): raise RuntimeError('service down')\n"
            f"{HOOK}def register_services(register): register(Service('down', run))"
        ),
        "service down",
    ),
    "service_blocks": (
        (
            "import time\nfrom octobot_node.contracts.services import Service\n"
            "async def run(context): time.sleep(600)\n"
            f"{HOOK}def register_services(register): register(Service('blocks', run))"
        ),
        "",
    ),
    "notifier_raises": (
        (
            "from octobot_node.contracts.notifiers import NotifierFactory\nclass Deaf:\n    name = 'deaf'\n"
            "    async def notify(self, notice): raise RuntimeError('deaf')\n"
            f"{HOOK}def register_notifiers(register): register(NotifierFactory('deaf', lambda context: [Deaf()]))"
        ),
        "RuntimeError: deaf",
    ),
    "type_raises": (TYPE.format(deed="raise RuntimeError('poison')"), ""),
    "type_exits": (TYPE.format(deed="import os; os._exit(1)"), ""),
}
RUN = """\
accounts:
  paper:
    market_data: {use: simulated, seed: 7}
    trading: {use: paper}
    balances: {USD: 10000}
automations:
  - name: healthy
    type: dca
    account: paper
    budget: {USD: 5000}
    config: {symbol: BTC/USD, amount: 100, every: 1m}
  - {name: raises, type: type_raises.broken, account: paper}
  - {name: exits, type: type_exits.broken, account: paper}
  - name: alert
    type: price_alert
    account: paper
    config: {symbol: BTC/USD, above: 1}
"""


def _plugins(folder: Folder) -> dict[str, Any]:
    return {plugin["name"]: plugin for plugin in json.loads(folder.run("plugins", "--json").stdout)["plugins"]}


def _automations(folder: Folder) -> dict[str, Any]:
    found = json.loads(folder.run("automations", "list", "--json").stdout)
    return {automation["name"]: automation for automation in found["automations"]}


def test_plugins_of_every_broken_kind_leave_a_running_node_running(folder: Folder) -> None:
    place = folder.state / "plugins"
    place.mkdir(parents=True)
    for name, (text, _) in {**AT_START, **AT_RUN_TIME, **IN_PART}.items():
        (place / f"{name}.py").write_text(text)
    folder.environment = {"OCTOBOT_PLUGIN_TIMEOUT": "2", "OCTOBOT_FAILURE_LIMIT": "2"}
    folder.write("run.yaml", RUN)

    with folder.start("run", "run.yaml") as node:
        try:
            told = _wait_for_news(folder)
        finally:
            node.send_signal(signal.SIGINT)
        out, errors = node.communicate(timeout=60)

    assert node.returncode == 0, errors
    for name, (_, error) in AT_START.items():
        assert error in told["plugins"][name]["error"], told["plugins"][name]
        # Said at once as well, to whoever started it.
        assert f"plugin {name} is left out: " in errors
    for name, (_, reason) in IN_PART.items():
        assert (told["plugins"][name]["status"], told["plugins"][name]["left_out"]) == ("loaded", [reason])
        assert f"plugin {name} is not used whole: {reason}" in errors
    assert {name: told["plugins"][name]["status"] for name in AT_RUN_TIME} == dict.fromkeys(AT_RUN_TIME, "loaded")
    for name, (_, error) in AT_RUN_TIME.items():
        assert error in json.dumps(told["plugins"][name]), told["plugins"][name]
    assert told["automations"]["healthy"]["status"] == "active"
    assert told["automations"]["alert"]["status"] == "completed"
    assert "RuntimeError: poison" in told["automations"]["raises"]["reason"]
    assert told["automations"]["exits"]["reason"] == "evaluate() ended its process"
    assert "healthy" in out


def _wait_for_news(folder: Folder) -> dict[str, dict[str, Any]]:
    """Return what the running node says of plugins and automations, once the broken ones have shown what they do."""
    deadline = time.monotonic() + 60
    while True:
        if Path(folder.state / "node.sock").exists():
            told = {"plugins": _plugins(folder), "automations": _automations(folder)}
            statuses = [told["automations"].get(name, {}).get("status") for name in ("raises", "exits")]
            if statuses == ["failed"] * 2 and "RuntimeError: deaf" in json.dumps(told["plugins"]["notifier_raises"]):
                return told
        assert time.monotonic() < deadline, "the node did not tell of what is broken within a minute"
        time.sleep(0.5)
