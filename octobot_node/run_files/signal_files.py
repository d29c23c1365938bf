"""Signals of the past: a file of timed messages that a replay puts into an automation's inbox."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from octobot_node.engine.replay import PastSignal
from octobot_node.market import to_ms
from octobot_node.run_files.run_file import RunFile
from octobot_node.text.exact_json import decode
from octobot_node.text.from_outside import read_text
from octobot_node.text.validation_messages import sentence

__all__ = ["read_signals", "refuse_signals"]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    at: AwareDatetime = Field(strict=False)
    payload: Any
    channel: str = Field(default="default", min_length=1, max_length=64)


def read_signals(run_file: RunFile) -> Mapping[str, list[PastSignal]]:
    """Return the signals of each automation that names a file of them, in order of arrival.

    Each line is a JSON object with ``at`` (an ISO 8601 time with its zone), ``payload`` and perhaps ``channel``; its
    numbers that are not whole are read as Decimal. Raises InvalidRunFile naming the file, the line and what is wrong.
    """
    found = {}
    for index, spec in enumerate(run_file.automations):
        if spec.signals is not None:
            try:
                found[spec.name] = _read(Path(spec.signals))
            except (ValueError, OSError) as error:
                reason = error.strerror or "it cannot be read" if isinstance(error, OSError) else str(error)
                text = f"{spec.signals}: {reason}"
                raise run_file.mistake(("automations", index, "signals"), text) from None
    return found


def refuse_signals(run_file: RunFile) -> None:
    """Raise InvalidRunFile for a file of signals in a live run: they would be of the past."""
    for index, spec in enumerate(run_file.automations):
        if spec.signals is not None:
            text = "only a replay reads signals from a file; this run is live: leave it out, and send them to the node"
            raise run_file.mistake(("automations", index, "signals"), text)


def _read(path: Path) -> list[PastSignal]:
    lines = read_text(path).splitlines()
    found = [_signal(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    return sorted(found, key=lambda signal: signal.at)


def _signal(number: int, text: str) -> PastSignal:
    try:
        line = _Line.model_validate(decode(text))
    except ValidationError as error:
        raise ValueError(f"line {number}: {sentence(error)}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"line {number}: is not JSON ({error}): write one object a line") from None
    return PastSignal(to_ms(line.at), line.payload, line.channel, f"line {number}")
