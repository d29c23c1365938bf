"""Candle sets for a person."""

from __future__ import annotations

from typing import TextIO

from octobot_plugins.replay.candle_sets.models import CandleSetImported

__all__ = ["print_imported"]


def print_imported(row: CandleSetImported, out: TextIO) -> None:
    """Print what was kept."""
    known = "  (it was there already)" if row.known else ""
    out.write(f"{row.id}  {row.name}{known}\n")
    gaps = f", {row.missing:,} missing, the first at {row.first_missing:%Y-%m-%d %H:%M} UTC" if row.missing else ""
    out.write(
        f"  {row.symbol}: {row.candles:,} candles of {row.timeframe}, {row.start:%Y-%m-%d %H:%M} to"
        f" {row.end:%Y-%m-%d %H:%M} UTC{gaps}\n"
    )
    out.writelines(f"  {note}\n" for note in row.notes)
