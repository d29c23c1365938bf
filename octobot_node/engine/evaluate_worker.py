"""The process that evaluates: ``python -m octobot_node.engine.evaluate_worker DESCRIPTOR``."""

import sys

from octobot_node.engine.evaluator import worker_main

if __name__ == "__main__":
    worker_main(int(sys.argv[1]))
