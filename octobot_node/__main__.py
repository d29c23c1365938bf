"""Run the command line: ``python -m octobot_node``."""

from __future__ import annotations

import sys

from octobot_node.cli import main

if __name__ == "__main__":
    sys.exit(main())
