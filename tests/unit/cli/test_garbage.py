"""What a command costs that only imports and prints."""

from __future__ import annotations

import gc

import pytest

from octobot_node.cli import main


def test_a_command_does_not_look_for_garbage_after_every_few_hundred_objects(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before, python_s_own = gc.get_threshold(), (700, 10, 10)
    gc.set_threshold(*python_s_own)
    try:
        main(["automations"])
        assert gc.get_threshold()[0] > 10_000
    finally:
        gc.set_threshold(*before)
    capsys.readouterr()
