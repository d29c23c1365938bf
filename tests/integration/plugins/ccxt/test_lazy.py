"""ccxt takes a second and 100 MB: whoever has no account on a real exchange has nothing of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

_LOOK = """
import sys
{do}
print(sorted(name for name in sys.modules if name.partition(".")[0] in ("ccxt", "aiohttp_fast_zlib", "coincurve")))
"""


@pytest.mark.process
@pytest.mark.parametrize(
    "do",
    [
        "import octobot_node.cli",
        "import octobot_plugins.ccxt.settings as s; s.CcxtMarketSettings(exchange='kraken')",
        "import octobot_node.live.node; from octobot_plugins.ccxt.exchanges import VOUCHED",
    ],
)
def test_neither_the_command_nor_a_settings_model_imports_ccxt(do: str) -> None:
    found = subprocess.run([sys.executable, "-c", _LOOK.format(do=do)], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
