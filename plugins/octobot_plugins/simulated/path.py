"""The price of one symbol over all time, as a pure function."""

from __future__ import annotations

import math

import numpy as np

from octobot_plugins.simulated.noise import Floats, Ints, key_of, normal, smooth_noise, uniform

__all__ = ["PricePath"]

_SECOND, _HOUR, _DAY = 1_000, 3_600_000, 86_400_000
_YEAR = 365.25 * _DAY
#: 2025-01-01T00:00Z, where the trend is zero.
_ORIGIN = 1_735_689_600_000
#: From one second to seven weeks.
_SCALES = tuple(_SECOND * 4**power for power in range(12))
#: Makes the volatility of hourly returns, jumps and rhythm included, the one asked for; measured over years of them.
_CALIBRATION = 0.6
#: One chance of a jump each day, which fades within three.
_JUMP_CHANCE, _JUMP_LIFE = 0.12, 3 * _DAY
#: Scales up to this are livelier in the afternoon (UTC) than at night.
_RHYTHM_UP_TO, _RHYTHM, _PEAK = 4 * _HOUR, 0.45, 15 * _HOUR


class PricePath:
    """Price (quote per base, float) of a symbol at any time, the same wherever it is computed.

    The logarithm is a trend plus noise on scales from a second to weeks, whose size grows with the root of the scale as
    a random walk's does, livelier by day than by night, plus jumps that fade.
    """

    def __init__(self, seed: int, symbol: str, start: float, volatility: float, trend: float) -> None:
        self._start, self._volatility, self._trend = start, volatility, trend
        self._keys = [key_of(seed, symbol, "noise", scale) for scale in _SCALES]
        self._jump_keys = [key_of(seed, symbol, "jump", what) for what in ("chance", "time", "size")]
        self._volume_key = key_of(seed, symbol, "volume")

    def prices(self, at: Ints) -> Floats:
        """Return the price at each time (ms UTC)."""
        move = (at - _ORIGIN) * (self._trend / _YEAR)
        rhythm = _rhythm(at)
        for key, scale in zip(self._keys, _SCALES, strict=True):
            size = self._volatility * _CALIBRATION * math.sqrt(scale / _YEAR)
            noise = size * smooth_noise(key, scale, at)
            move += noise * rhythm if scale <= _RHYTHM_UP_TO else noise
        return self._start * np.exp(move + self._jumps(at))

    def _jumps(self, at: Ints) -> Floats:
        chance, time, size = self._jump_keys
        total = np.zeros(len(at))
        today = at // _DAY
        for back in range(_JUMP_LIFE // _DAY + 1):
            day = today - back
            days, which = np.unique(day, return_inverse=True)
            jumped = days * _DAY + (uniform(time, days) * _DAY).astype(np.int64)
            height = normal(size, days) * (uniform(chance, days) < _JUMP_CHANCE) * self._volatility * 0.05
            age = (at - jumped[which]) / _JUMP_LIFE
            total += np.where((age >= 0) & (age < 1), height[which] * (1.0 - age) ** 2, 0.0)
        return total

    def volumes(self, opening: Ints, length: int) -> Floats:
        """Return a traded base amount for each candle that opens at ``opening`` and is ``length`` ms long."""
        lively = 0.2 + uniform(self._volume_key, opening // _SECOND)
        return np.round(1e6 / self._start * (length / _DAY) * lively * _rhythm(opening), 8)


def _rhythm(at: Ints) -> Floats:
    swing: Floats = 1.0 + _RHYTHM * np.cos((at % _DAY - _PEAK) * (2 * math.pi / _DAY))
    return swing
