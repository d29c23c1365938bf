"""The candles that every replay is of."""

from __future__ import annotations

from tests.integration.replay.conftest import candles

__all__ = ["candles"]
