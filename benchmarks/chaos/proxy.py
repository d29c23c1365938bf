"""The proxy between one node and its database, in a process of its own: many nodes' traffic must not wait for one.

Cut means stopped: nothing is refused or closed, packets just do not arrive any more, and those under way arrive when
it heals, as in a network that lost a route for a while.
"""

from __future__ import annotations

import signal
import subprocess
import sys

from tests.support.proxy import Proxy

__all__ = ["ProxyProcess"]


class ProxyProcess:
    """A running proxy to a port of this machine; it ends with whoever started it."""

    def __init__(self, target: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.chaos.proxy", str(target)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def cut(self) -> None:
        """Forward nothing from now on."""
        self._process.send_signal(signal.SIGSTOP)

    def heal(self) -> None:
        """Forward again, beginning with what was kept."""
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it, with every connection."""
        self._process.kill()
        self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def main() -> None:
    """Forward to the port that is given until standard input closes."""
    with Proxy(int(sys.argv[1])) as proxy:
        sys.stdout.write(f"{proxy.port}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
