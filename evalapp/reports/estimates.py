"""An estimate with its interval, level and method, and the intervals that have a closed form."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from evalapp.reports.arrays import Floats
from evalapp.reports.canonical import Json

LEVEL = 0.95
Z = float(ndtri(0.5 + LEVEL / 2))
"""The standard normal quantile that belongs to LEVEL: 1.959964."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval.

    `value` is None when the figure is undefined for this data, `low` and `high` are None when it has no
    interval; `reason` then says why in plain words. Never NaN, never infinite.
    """

    value: float | None
    low: float | None
    high: float | None
    method: str
    level: float = LEVEL
    reason: str | None = None

    def figures(self) -> dict[str, Json]:
        """The keys that stay: value, low, high, level, method; `reason` only where something is missing."""
        figures: dict[str, Json] = {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "level": self.level,
            "method": self.method,
        }
        if self.reason is not None:
            figures["reason"] = self.reason
        return figures

    def mirrored(self) -> Estimate:
        """The same share seen from the other side: 1 - value, with the limits exchanged."""

        def other(share: float | None) -> float | None:
            return None if share is None else 1.0 - share

        return replace(self, value=other(self.value), low=other(self.high), high=other(self.low))


def undefined(reason: str, method: str) -> Estimate:
    """A figure that this data does not define."""
    return Estimate(None, None, None, method, reason=reason)


def with_interval(value: float, resampled: Floats, method: str, undefined_because: str) -> Estimate:
    """The value with the percentile interval of its resampled values.

    Resamples in which the figure is undefined are NaN. They are left out while they are at most one in
    twenty; beyond that the interval would describe only the convenient part of the data, so there is none.
    """
    defined = resampled[np.isfinite(resampled)]
    missing = len(resampled) - len(defined)
    if missing * 20 > len(resampled) or not len(defined):
        share = 100 * missing / max(len(resampled), 1)
        return Estimate(
            value,
            None,
            None,
            method,
            reason=f"no interval: in {share:.0f} % of the resamples {undefined_because}",
        )
    low, high = np.quantile(defined, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return Estimate(value, float(low), float(high), method)


def wilson(successes: int, trials: int) -> Estimate:
    """A share with its Wilson score interval (Wilson 1927; method 3 of Newcombe 1998).

    Raises ValueError unless 0 <= successes <= trials. Without trials the share is undefined.
    """
    method = "share, Wilson score interval"
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials")
    if trials == 0:
        return undefined("nothing was counted", method)
    share = successes / trials
    z_squared = Z * Z
    centre = (successes + z_squared / 2) / (trials + z_squared)
    half = Z / (trials + z_squared) * np.sqrt(successes * (trials - successes) / trials + z_squared / 4)
    # At the ends the formula gives the end itself up to a rounding error.
    low = 0.0 if successes == 0 else float(centre - half)
    high = 1.0 if successes == trials else float(centre + half)
    return Estimate(share, low, high, method)
